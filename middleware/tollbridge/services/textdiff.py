"""A unified diff of two texts, in time that grows with their length: lines that are there once on both sides hold it.

`difflib` needs the square of it, and more, for texts that somebody made so.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence

CONTEXT = 3
"""Equal lines that are shown around what differs."""
LONGEST = 20_000
"""Characters of a diff; what is longer is cut."""
_CUT = "\n... (there is more)"

Same = tuple[int, int, int]
"""Where lines are equal: their place in either text, and how many."""


def text_diff(before: str, after: str, longest: int = LONGEST) -> str:
    """Give what differs between two texts line by line, empty for nothing; what is over `longest` is cut."""
    one, other = _lines(before), _lines(after)
    parts: list[str] = []
    left = longest
    for line in _hunks(one, other):
        if len(line) + 1 > left:
            return "\n".join([*parts, line[:left]]) + _CUT
        parts.append(line)
        left -= len(line) + 1
    return "\n".join(parts)


def same_lines(one: Sequence[str], other: Sequence[str]) -> Sequence[Same]:
    """Give the lines that stay, in order: around those that are there once on both sides, and at both ends."""
    found: list[Same] = []
    start, begin = 0, 0
    for place, at in (*_anchors(one, other), (len(one), len(other))):
        head = _equal(one[start:place], other[begin:at])
        _add(found, (start, begin, head))
        tail = _equal(one[start + head : place][::-1], other[begin + head : at][::-1])
        _add(found, (place - tail, at - tail, tail))
        if place < len(one):
            _add(found, (place, at, 1))
        start, begin = place + 1, at + 1
    return found


def _lines(text: str) -> Sequence[str]:
    return text.split("\n") if text else []


def _anchors(one: Sequence[str], other: Sequence[str]) -> Sequence[tuple[int, int]]:
    """Give the places of lines that are there once on both sides, as many as come in the same order on both."""
    once, there = Counter(one), Counter(other)
    places = {line: at for at, line in enumerate(other) if there[line] == 1}
    pairs = [(place, places[line]) for place, line in enumerate(one) if once[line] == 1 and line in places]
    ends: list[int] = []
    at_end: list[int] = []
    before: list[int] = []
    for number, (_, at) in enumerate(pairs):  # the longest run that rises, by patience
        length = bisect_left(ends, at)
        before.append(at_end[length - 1] if length else -1)
        ends[length : length + 1] = [at]
        at_end[length : length + 1] = [number]
    found, number = [], at_end[-1] if at_end else -1
    while number >= 0:
        found.append(pairs[number])
        number = before[number]
    return found[::-1]


def _equal(one: Sequence[str], other: Sequence[str]) -> int:
    """Give how many lines are equal from the beginning."""
    count = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            break
        count += 1
    return count


def _add(found: list[Same], same: Same) -> None:
    """Add equal lines, to those right before them where there are some."""
    place, at, count = same
    if not count:
        return
    if found:
        start, begin, length = found[-1]
        if (start + length, begin + length) == (place, at):
            found[-1] = (start, begin, length + count)
            return
    found.append(same)


def _hunks(one: Sequence[str], other: Sequence[str]) -> Iterator[str]:
    """Give the lines of the diff."""
    place, at = 0, 0
    waiting: list[str] = []
    head = (0, 0)
    for start, begin, length in (*same_lines(one, other), (len(one), len(other), 0)):
        if (start, begin) != (place, at):
            if not waiting:
                shown = min(CONTEXT, place)
                head = (place - shown, at - shown)
                waiting = [f" {line}" for line in one[place - shown : place]]
            waiting += [f"-{line}" for line in one[place:start]] + [f"+{line}" for line in other[at:begin]]
        place, at = start + length, begin + length
        last = place == len(one) and at == len(other)
        if waiting and (length > 2 * CONTEXT or last):
            waiting += [f" {line}" for line in one[start : min(place, start + CONTEXT)]]
            yield _head(head, waiting)
            yield from waiting
            waiting = []
        elif waiting:
            waiting += [f" {line}" for line in one[start:place]]


def _head(at: tuple[int, int], lines: Sequence[str]) -> str:
    """Give the line before some that says where they are, as POSIX `diff -u` does."""
    lengths = (sum(line[0] != "+" for line in lines), sum(line[0] != "-" for line in lines))
    mine, theirs = (f"{start + 1 if length else start},{length}" for start, length in zip(at, lengths, strict=True))
    return f"@@ -{mine} +{theirs} @@"
