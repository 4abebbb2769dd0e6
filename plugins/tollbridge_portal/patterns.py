"""Short texts that a regular expression finds something in, for examples of fields with a `pattern`.

It reads what JSON Schema asks authors to keep to (groups, classes, alternatives, quantifiers, anchors) and gives
nothing for the rest, such as look-around. Whether a text is found is not said here: whoever takes one checks it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

LONGEST = 4_000
"""Characters of a text that is given; one that would be longer is not."""

_DEEPEST = 30
_GROWTHS = (0, 1, 3, 8, 20, 60, 200)
_PICKS = (0, 1, 2)
_LIKED = "aA1 -_.@/:b2é中~"
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v", "0": "\0"}
_KINDS: dict[str, Callable[[str], bool]] = {
    "d": lambda sign: sign in "0123456789",
    "w": lambda sign: sign == "_" or (sign.isascii() and sign.isalnum()),
    "s": str.isspace,
}
_PROPERTIES: dict[str, Callable[[str], bool]] = {
    "L": str.isalpha,
    "Lu": str.isupper,
    "Ll": str.islower,
    "N": str.isdigit,
    "Nd": str.isdigit,
}

Made = Callable[[int, int], str]
"""Writes a text: how much quantifiers grow, and which alternative is taken."""


class _Unread(Exception):
    """The expression has what is not read here."""


def matching(pattern: str) -> Iterator[str]:
    """Give texts for a pattern, short ones first; none where it has what is not read."""
    try:
        made = _Reader(pattern).whole()
    except _Unread:
        return
    seen = set()
    for grow, pick in product(_GROWTHS, _PICKS):
        try:
            text = made(grow, pick)
        except _Unread:
            return
        if text not in seen:
            seen.add(text)
            yield text


@dataclass
class _Reader:
    """Reads one expression from its beginning to its end."""

    pattern: str
    at: int = 0
    depth: int = 0

    def whole(self) -> Made:
        made = self._alternatives()
        if self.at < len(self.pattern):
            raise _Unread
        return made

    def _peek(self) -> str:
        return self.pattern[self.at : self.at + 1]

    def _take(self) -> str:
        sign = self._peek()
        if not sign:
            raise _Unread
        self.at += 1
        return sign

    def _takes(self, text: str) -> bool:
        if not self.pattern.startswith(text, self.at):
            return False
        self.at += len(text)
        return True

    def _alternatives(self) -> Made:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise _Unread
        found = [self._sequence()]
        while self._takes("|"):
            found.append(self._sequence())
        self.depth -= 1
        return lambda grow, pick: found[pick % len(found)](grow, pick)

    def _sequence(self) -> Made:
        parts: list[Made] = []
        while self._peek() not in ("", "|", ")"):
            parts.append(self._repeated(self._atom()))
        return lambda grow, pick: _bounded("".join(part(grow, pick) for part in parts))

    def _atom(self) -> Made:
        sign = self._take()
        if sign in "^$":
            return _always("")
        if sign == "(":
            return self._group()
        if sign == "[":
            return _always(_liked(self._class()))
        if sign == ".":
            return _always("a")
        if sign == "\\":
            return self._escaped()
        if sign in "*+?":
            raise _Unread
        return _always(sign)

    def _group(self) -> Made:
        if self._takes("?<"):
            if self._peek() in ("=", "!"):
                raise _Unread
            self.at = self.pattern.find(">", self.at) + 1 or len(self.pattern)
        elif self._takes("?") and not self._takes(":"):
            raise _Unread
        made = self._alternatives()
        if not self._takes(")"):
            raise _Unread
        return made

    def _escaped(self) -> Made:
        sign = self._take()
        if sign in "bB":
            return _always("")
        if sign.isdigit() and sign != "0":
            raise _Unread
        return _always(_liked(self._kind(sign)))

    def _kind(self, sign: str) -> Callable[[str], bool]:
        """Read what stands behind a backslash as a test of one sign."""
        if sign.lower() in _KINDS:
            kind = _KINDS[sign.lower()]
            return kind if sign.islower() else lambda other: not kind(other)
        if sign in "pP":
            end = self.pattern.find("}", self.at)
            name = self.pattern[self.at + 1 : end] if self._peek() == "{" and end > 0 else ""
            if name not in _PROPERTIES or sign == "P":
                raise _Unread
            self.at = end + 1
            return _PROPERTIES[name]
        return self._literal(sign)

    def _literal(self, sign: str) -> Callable[[str], bool]:
        if sign in "xu":
            digits = self.pattern[self.at : self.at + (2 if sign == "x" else 4)]
            hexadecimal = all(digit in "0123456789abcdefABCDEF" for digit in digits)
            if not hexadecimal or len(digits) != (2 if sign == "x" else 4):
                raise _Unread
            self.at += len(digits)
            return _Just(chr(int(digits, 16)))
        return _Just(_ESCAPES.get(sign, sign))

    def _class(self) -> Callable[[str], bool]:
        negated = self._takes("^")
        tests: list[Callable[[str], bool]] = []
        while not self._takes("]"):
            first = self._member()
            if isinstance(first, _Just) and self._peek() == "-" and self.pattern[self.at + 1 : self.at + 2] != "]":
                self.at += 1
                last = self._member()
                if not isinstance(last, _Just) or last.sign < first.sign:
                    raise _Unread
                tests.append(_Range(first.sign, last.sign))
            else:
                tests.append(first)
        if negated:
            return lambda sign: not any(test(sign) for test in tests)
        return _Any(tuple(tests))

    def _member(self) -> Callable[[str], bool]:
        sign = self._take()
        return self._kind(self._take()) if sign == "\\" else _Just(sign)

    def _repeated(self, made: Made) -> Made:
        """Read what may stand behind an atom: how often it comes."""
        least, most = self._counts()
        if (least, most) == (1, 1):
            return made
        self._takes("?")

        def repeated(grow: int, pick: int) -> str:
            times = min(least + grow, most)
            one = made(grow, pick)
            if len(one) * times > LONGEST or times > LONGEST:
                raise _Unread
            return one * times

        return repeated

    def _counts(self) -> tuple[int, int]:
        for sign, counts in (("*", (0, LONGEST)), ("+", (1, LONGEST)), ("?", (0, 1))):
            if self._takes(sign):
                return counts
        if self._peek() != "{":
            return 1, 1
        end = self.pattern.find("}", self.at)
        least, comma, most = self.pattern[self.at + 1 : end].partition(",")
        if end < 0 or not least.isdecimal() or not (most.isdecimal() or not most):
            raise _Unread
        self.at = end + 1
        if not comma:
            return int(least), int(least)
        return int(least), int(most) if most else LONGEST


@dataclass(frozen=True)
class _Just:
    """One sign."""

    sign: str

    def __call__(self, sign: str) -> bool:
        return sign == self.sign


@dataclass(frozen=True)
class _Range:
    """The signs from one to another."""

    first: str
    last: str

    def __call__(self, sign: str) -> bool:
        return self.first <= sign <= self.last


@dataclass(frozen=True)
class _Any:
    """The signs that one of several tests takes."""

    tests: tuple[Callable[[str], bool], ...]

    def __call__(self, sign: str) -> bool:
        return any(test(sign) for test in self.tests)


def _always(text: str) -> Made:
    return lambda grow, pick: text


def _liked(test: Callable[[str], bool]) -> str:
    """Choose a sign that a test takes: a common one, else the first one it names."""
    for sign in (*_LIKED, *map(chr, range(32, 127)), *_first(test)):
        if test(sign):
            return str(sign)
    raise _Unread


def _first(test: Callable[[str], bool]) -> str:
    if isinstance(test, _Just):
        return test.sign
    if isinstance(test, _Range):
        return test.first
    return "".join(map(_first, test.tests)) if isinstance(test, _Any) else ""


def _bounded(text: str) -> str:
    if len(text) > LONGEST:
        raise _Unread
    return text
