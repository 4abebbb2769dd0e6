import re
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.growth import assert_linear

from tollbridge.services.textdiff import CONTEXT, LONGEST, same_lines, text_diff

HEAD = re.compile(r"@@ -(\d+),(\d+) \+(\d+),(\d+) @@")
texts = st.lists(st.sampled_from(["", "a", "b", "c", "d e"]), max_size=30).map("\n".join) | st.text(max_size=60)


def lines_of(text: str) -> list[str]:
    return text.split("\n") if text else []


def patched(before: str, diff: str) -> list[str]:
    """Apply a diff as `patch` does, and check each line of it against the text."""
    old, new, at = lines_of(before), list[str](), 0
    mine = theirs = 0
    for line in diff.split("\n") if diff else ():
        head = HEAD.fullmatch(line) if mine == theirs == 0 else None
        if head:
            start, mine, begin, theirs = map(int, head.groups())
            new += old[at : (start - 1 if mine else start)]
            at = start - 1 if mine else start
            assert len(new) == (begin - 1 if theirs else begin)
            continue
        sign, said = line[0], line[1:]
        if sign in " -":
            assert old[at] == said
            at, mine = at + 1, mine - 1
        if sign in " +":
            new.append(said)
            theirs -= 1
    assert mine == theirs == 0
    return new + old[at:]


@given(texts, texts)
def test_diff_applied_to_the_first_gives_the_second(before: str, after: str) -> None:
    diff = text_diff(before, after)

    assert patched(before, diff) == lines_of(after)
    assert (diff == "") is (before == after)


@given(texts, texts)
def test_lines_that_stay_are_equal_in_order_and_reported_once(before: str, after: str) -> None:
    one, other = lines_of(before), lines_of(after)
    place, at = 0, 0

    for start, begin, length in same_lines(one, other):
        assert length > 0
        assert start >= place
        assert begin >= at
        assert one[start : start + length] == other[begin : begin + length]
        assert (start, begin) != (place, at) or (place, at) == (0, 0)  # what follows on is one run
        place, at = start + length, begin + length


@pytest.mark.parametrize(
    ("before", "after", "diff"),
    [
        ("", "a", "@@ -0,0 +1,1 @@\n+a"),
        ("a", "", "@@ -1,1 +0,0 @@\n-a"),
        ("a\nb\nc", "a\nB\nc", "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c"),
        ("a", "a\n", "@@ -1,1 +1,2 @@\n a\n+"),
        ("1\n2\n3\n4\n5\n6", "1\n2\n3\n4\n5\nx\n6", "@@ -3,4 +3,5 @@\n 3\n 4\n 5\n+x\n 6"),
        ("a\n2\n3\n4\n5\n6\n7\n8\n9", "2\n3\n4\n5\n6\n7\n8\n9", "@@ -1,4 +1,3 @@\n-a\n 2\n 3\n 4"),
        ("a\nx\nx", "b\nx\nx", "@@ -1,3 +1,3 @@\n-a\n+b\n x\n x"),
        ("a\na\nx\nb", "a\nx\nb\nb", "@@ -1,4 +1,4 @@\n a\n-a\n x\n b\n+b"),
        ("one\ntwo", "two\none", "@@ -1,2 +1,2 @@\n-one\n two\n+one"),
    ],
)
def test_diff_is_as_people_know_it(before: str, after: str, diff: str) -> None:
    assert text_diff(before, after) == diff


@pytest.mark.parametrize(("between", "hunks"), [(2 * CONTEXT, 1), (2 * CONTEXT + 1, 2)])
def test_changes_close_together_are_one_piece(between: int, hunks: int) -> None:
    middle = "\n".join(map(str, range(between)))

    diff = text_diff(f"a\n{middle}\nb", f"A\n{middle}\nB")

    assert diff.count("@@ -") == hunks
    assert patched(f"a\n{middle}\nb", diff) == lines_of(f"A\n{middle}\nB")


def test_long_diff_is_cut_and_says_so() -> None:
    many = text_diff("", "\n".join(["word"] * LONGEST))
    one = text_diff("", "x" * 2 * LONGEST)

    for diff in (many, one):
        assert diff.endswith("\n... (there is more)")
        assert LONGEST <= len(diff) <= LONGEST + 30
    exact = text_diff("", "a" * 10, longest=len("@@ -0,0 +1,1 @@\n") + 12)
    assert exact == "@@ -0,0 +1,1 @@\n+aaaaaaaaaa"
    assert text_diff("", "a" * 10, longest=len("@@ -0,0 +1,1 @@\n") + 11).endswith("(there is more)")


def shuffled(size: int) -> Callable[[], object]:
    """Lines that `difflib` takes the square of the time for: few different ones, each often, in another order."""
    before = "\n".join(f"line {number % 101}" for number in range(size))
    after = "\n".join(f"line {number * 7 % 101}" for number in range(size))
    return lambda: text_diff(before, after)


def reversed_once(size: int) -> Callable[[], object]:
    lines: Sequence[str] = [f"line {number}" for number in range(size)]
    return lambda: text_diff("\n".join(lines), "\n".join(lines[::-1]))


@pytest.mark.parametrize("prepare", [shuffled, reversed_once])
def test_time_grows_with_the_length_alone(prepare: Callable[[int], Callable[[], object]]) -> None:
    assert_linear(prepare, 5_000)
