"""Templates: text with `{{name}}` in it, and nothing else.

A template is data. There are no expressions, no filters, no loops, and a value is never read as a template.
`\\{{` is the two signs themselves. Backslashes mean something right before `{{` alone: two are one, an odd one makes
the signs text. Of more than two braces the last two count, so `{{{name}}}` is a value in braces.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tollbridge_prompts.bounds import PROBLEMS, SLOTS, TEMPLATE

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
"""How a variable is called."""
_BRACES = re.compile(r"\{\{+")
_OPENING = re.compile(r"(?<!\\)(\\*+)(\{{2,}+)")
_REST = re.compile(rf"[ \t]*+({NAME.pattern})[ \t]*+\}}\}}")


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for the value of a variable; line and column count from 1."""

    name: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something wrong at a place of a template; line and column count from 1."""

    line: int
    column: int
    message: str


@dataclass(frozen=True, slots=True)
class Template:
    """A template that was read: texts and places for values, in order, and what is wrong with it."""

    parts: tuple[str | Slot, ...]
    flaws: tuple[Flaw, ...] = ()

    @property
    def slots(self) -> tuple[Slot, ...]:
        """Give the places for values."""
        return tuple(part for part in self.parts if isinstance(part, Slot))

    def length(self, texts: Mapping[str, str]) -> int:
        """Say how many characters `render` gives."""
        return sum(len(part if isinstance(part, str) else texts[part.name]) for part in self.parts)

    def render(self, texts: Mapping[str, str]) -> str:
        """Put texts in place, each as it is; one for each name must be there."""
        return "".join(part if isinstance(part, str) else texts[part.name] for part in self.parts)


def parse(text: str) -> Template:
    """Read a template, in linear time; what is no place for a value is text, with a flaw where it looks like one."""
    if len(text) > TEMPLATE:
        return Template((), (Flaw(1, 1, f"it has {len(text)} characters; at most {TEMPLATE} can be used"),))
    found = _Reading(text)
    parts = tuple(found.parts())
    return Template(parts, tuple(found.flaws[:PROBLEMS]))


def escape(text: str) -> str:
    """Write a text so that as a template it gives just that text."""
    return _OPENING.sub(lambda found: found[1] * 2 + "\\{{" * (len(found[2]) // 2) + "{" * (len(found[2]) % 2), text)


class _Reading:
    """One pass over a template."""

    def __init__(self, text: str) -> None:
        self.flaws: list[Flaw] = []
        self._text = text
        self._line, self._begin, self._seen = 1, 0, 0
        self._slots = 0

    def parts(self) -> Iterator[str | Slot]:
        text, at = self._text, 0
        plain: list[str] = []
        while self._slots <= SLOTS and (found := _BRACES.search(text, at)) is not None:
            before = text[at : found.start()]
            bare = before.rstrip("\\")
            slashes = len(before) - len(bare)
            plain += bare, "\\" * (slashes // 2)
            if slashes % 2:
                plain.append("{{")
                at = found.start() + 2
                continue
            plain.append("{" * (found.end() - found.start() - 2))
            slot, at = self._slot(found.end())
            if slot is None:
                plain.append("{{")
                continue
            if before := "".join(plain):
                yield before
            yield slot
            plain = []
        plain.append(text[at:])
        if rest := "".join(plain):
            yield rest

    def _slot(self, after: int) -> tuple[Slot | None, int]:
        """Read what follows an opening; give the place for a value, if it is one, and where to go on."""
        line, column = self._place(after - 2)
        found = _REST.match(self._text, after)
        if found is None:
            self._note(line, column, "'{{' begins no '{{name}}'; write '\\{{' for the signs themselves")
            return None, after
        self._slots += 1
        if self._slots > SLOTS:
            self._note(line, column, f"it has more than {SLOTS} places for values; the rest was not read")
            return None, after
        return Slot(found[1], line, column), found.end()

    def _place(self, at: int) -> tuple[int, int]:
        """Give line and column of a place that is no earlier than the last one asked for."""
        newlines = self._text.count("\n", self._seen, at)
        if newlines:
            self._line += newlines
            self._begin = self._text.rindex("\n", self._seen, at) + 1
        self._seen = at
        return self._line, at - self._begin + 1

    def _note(self, line: int, column: int, message: str) -> None:
        if len(self.flaws) < PROBLEMS:
            self.flaws.append(Flaw(line, column, message))
