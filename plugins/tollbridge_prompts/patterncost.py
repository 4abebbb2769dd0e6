"""How many places of a regular expression can be alive at one character of a text: what a match takes at most.

The engine is Rust's `regex`. It runs a pattern as an automaton that it builds on the way, 2 ns a character; where that
grows too large, it walks all living places at each character, about 20 ns a place (jsonschema-rs 0.60.3). Here every
place counts as fitting every character, so that nothing of a text has to be known.
"""

import re
from collections.abc import Iterable
from math import inf
from typing import NamedTuple

UNREAD = 4_000
"""Places that a pattern counts as which is not read here, or is larger than this."""
_DEEPEST = 100
_TIMES = re.compile(r"(?:([*+?])|\{(\d{1,9})(?:(,)(\d{0,9}))?\})\??")
_GROUP = re.compile(r"\((?:\?(?::|P?<\w+>|[isu-]*:))?(?!\?)")
_FLAGS = re.compile(r"\(\?[isu-]+\)")
_CLASS = re.compile(r"\[\^?(?:\\.|[^\]\\])*\]", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:[pPxu]\{[^}]*\}|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|[pP]\w|[^\d{])", re.DOTALL)
_WIDTHLESS = re.compile(r"[\^$]|\\[bBAz](?!\{)")


class _Unread(ValueError):
    """A pattern that is not read here."""


class _Part(NamedTuple):
    """What a part of a pattern is: one place where it has no parts, else its parts in turn or one of them.

    It is there from `least` to `most` times.
    """

    parts: tuple["_Part", ...] | None = None
    turns: bool = True
    least: int = 1
    most: float = 1

    @property
    def places(self) -> float:
        """Count the places, each copy anew."""
        inside = 1 if self.parts is None else sum(part.places for part in self.parts)
        return inside * max(self.least, 1 if self.most == inf else self.most)


def living(pattern: str) -> int:
    """Say how many places of a pattern can be alive at once, at most."""
    try:
        whole = _Reading(pattern).whole()
        if whole.places > UNREAD:
            return UNREAD
        walk = _Walk()
        walk.take(whole, 0, 0 if whole.turns and pattern.startswith(("^", r"\A")) else inf)
        return walk.most()
    except _Unread:
        return UNREAD


class _Reading:
    """One pass over a pattern."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0

    def whole(self) -> _Part:
        part = self._choice(0)
        if self._at < len(self._pattern):
            raise _Unread
        return part

    def _choice(self, depth: int) -> _Part:
        if depth > _DEEPEST:
            raise _Unread
        found = [self._turns(depth)]
        while self._sign() == "|":
            self._at += 1
            found.append(self._turns(depth))
        return found[0] if len(found) == 1 else _Part(tuple(found), turns=False)

    def _turns(self, depth: int) -> _Part:
        found: list[_Part] = []
        while self._sign() not in ("", "|", ")"):
            if self._skips(_WIDTHLESS) or self._skips(_FLAGS):
                part = _Part(())
            elif self._sign() == "(":
                part = self._group(depth)
            elif self._skips(_CLASS) or self._skips(_ESCAPE):
                part = _Part()
            elif self._sign() in ("\\", "[", "{", "*", "+", "?"):
                raise _Unread
            else:
                self._at += 1
                part = _Part()
            found.append(self._repeated(part))
        return _Part(tuple(found))

    def _group(self, depth: int) -> _Part:
        if not self._skips(_GROUP):
            raise _Unread
        part = self._choice(depth + 1)
        if self._sign() != ")":
            raise _Unread
        self._at += 1
        return part

    def _repeated(self, part: _Part) -> _Part:
        while (said := _TIMES.match(self._pattern, self._at)) is not None:
            self._at = said.end()
            sign, least, comma, most = said.groups()
            if sign:
                part = _Part((part,), least=int(sign == "+"), most=1 if sign == "?" else inf)
            else:
                up_to = inf if comma and not most else int(most or least)
                part = _Part((part,), least=int(least), most=up_to)
        return part

    def _sign(self) -> str:
        return self._pattern[self._at : self._at + 1]

    def _skips(self, token: re.Pattern[str]) -> bool:
        found = token.match(self._pattern, self._at)
        if found is None:
            return False
        self._at = found.end()
        return True


class _Walk:
    """Finds at how many characters from the beginning each place can be alive."""

    def __init__(self) -> None:
        self._always = 0.0
        self._spans: list[tuple[float, float]] = []

    def take(self, part: _Part, first: float, last: float) -> tuple[float, float]:
        """Take a part that begins within these characters; give those within which what follows begins."""
        if last == inf or part.most == inf:
            self._always += part.places
            return first, inf if part.places else last
        after = [(first, last)]
        for _ in range(int(part.most)):
            after.append(self._once(part, *after[-1]))
        return after[part.least if part.least <= part.most else -1][0], after[-1][1]

    def most(self) -> int:
        """Say how many are alive at once, at most."""
        return int(self._always) + _overlap(self._spans)

    def _once(self, part: _Part, first: float, last: float) -> tuple[float, float]:
        if part.parts is None:
            self._spans.append((first, last))
            return first + 1, last + 1
        if part.turns:
            for one in part.parts:
                first, last = self.take(one, first, last)
            return first, last
        ends = [self.take(one, first, last) for one in part.parts]
        return min(end[0] for end in ends), max(end[1] for end in ends)


def _overlap(spans: Iterable[tuple[float, float]]) -> int:
    changes = sorted(change for first, last in spans for change in ((first, 1), (last + 1, -1)))
    alive = most = 0
    for _, change in changes:
        alive += change
        most = max(most, alive)
    return most
