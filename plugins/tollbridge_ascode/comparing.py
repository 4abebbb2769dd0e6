"""What is there compared with what a document says, and how a difference is told."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from tollbridge_ascode.hiding import veiled

Fields = Mapping[str, Any]
_ORDERED = ("definition", "policies")
_NESTED = ("limits", "budget", "quota", "design")
_LONGEST, _BEFORE = 60, 20
"""Characters of a value that are told, and of those before the first that differs."""


@dataclass(frozen=True, slots=True)
class Differing:
    """One member that is not as the document says."""

    path: str
    before: Any
    after: Any


def compared(before: Fields, after: Fields, at: str = "") -> list[Differing]:
    """Say in which members two differ; `after` may lack some, which then do not differ."""
    found = []
    for name, wanted in after.items():
        place, there = f"{at}{name}", before.get(name)
        if isinstance(wanted, Mapping) and isinstance(there, Mapping) and name in _NESTED:
            found += compared(there, wanted, f"{place}.")
        elif not alike(there, wanted) or (name in _ORDERED and not _in_order(there, wanted)):
            found.append(Differing(place, there, wanted))
    return found


def alike(one: Any, other: Any) -> bool:
    """Whether two values are the same as JSON: `true` is no 1 there."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(alike(value, other[name]) for name, value in one.items())
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(alike, one, other))
    return bool(one == other) and isinstance(one, bool) is isinstance(other, bool)


def lines_of(changes: Iterable[Differing]) -> list[str]:
    """Say in a line each what differs; of what is long, the first place that does."""
    return [f"{one.path}: {' -> '.join(_shown(one.before, one.after))}" for one in changes]


def _shown(before: Any, after: Any) -> tuple[str, str]:
    texts = [_text(each) for each in (before, after)]
    one, other = (" ".join(text.split()) for text in texts)
    if one == other:  # they differ in blanks alone
        one, other = map(repr, texts)
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
    start = 0 if max(len(one), len(other)) <= _LONGEST else max(0, same - _BEFORE)
    return _cut(one, start), _cut(other, start)


def _text(value: Any) -> str:
    if value in (None, "", [], {}):
        return "nothing"
    return str(veiled(value) if isinstance(value, Mapping) else value)


def _cut(line: str, start: int) -> str:
    end = start + _LONGEST
    return f"{'…' if start else ''}{line[start:end]}{'…' if len(line) > end else ''}"


def _in_order(one: Any, other: Any) -> bool:
    """Whether the members of two equal values stand in the same order: a model reads them in it, policies run in it."""
    if isinstance(one, Mapping):
        return list(one) == list(other) and all(_in_order(value, other[name]) for name, value in one.items())
    return not isinstance(one, list | tuple) or all(map(_in_order, one, other))
