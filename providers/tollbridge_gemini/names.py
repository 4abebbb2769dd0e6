"""Google's names: a field is known by its JSON name and by its proto name, `maxOutputTokens` and `max_output_tokens`.

Both are accepted everywhere (https://protobuf.dev/programming-guides/json, read 2026-11), and the google-genai SDK
sends them mixed. Here everything has its JSON name; what is a caller's own JSON (arguments, schemas) is not touched.
"""

import re

from tollbridge import BadRequest, GatewayError
from tollbridge.formats import JSON, Fields

NAME = "gemini-generate-content"

_PROTO_NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+")


def json_name(name: str) -> str:
    """Give the JSON name of a field; any other name as it is."""
    if "_" not in name or not _PROTO_NAME.fullmatch(name):
        return name
    head, *rest = name.split("_")
    return head + "".join(word[:1].upper() + word[1:] for word in rest)


class Members(Fields):
    """The members of an object of Google's, by their JSON names; raises for one that is there by both names."""

    __slots__ = ("_kind",)

    def __init__(self, value: JSON, where: str = "", *, wrong: type[GatewayError] | None = BadRequest) -> None:
        super().__init__(value, where, wrong=wrong)
        self._kind = wrong
        for name in [name for name in self._left if "_" in name]:
            other = json_name(name)
            if other == name:
                continue
            if other in self._left:
                if wrong is not None:
                    raise self.error(other, f"is there twice, as {name!r} too")
                continue
            self._left[other] = self._left.pop(name)

    def inner(self, name: str) -> "Members | None":
        found = self.members(name)
        return None if found is None else Members(found, self.path(name), wrong=self._kind)

    def each(self, name: str) -> "list[Members] | None":  # type: ignore[override]  # a list of what it was a list of
        found = super().each(name)
        if found is None:
            return None
        return [
            Members(item.rest(), f"{self.path(name)}[{place}]", wrong=self._kind) for place, item in enumerate(found)
        ]

    def one_or_each(self, name: str) -> "tuple[list[Members], bool]":
        """Take a list of objects, or one object that stands for a list of it; and whether it did."""
        if isinstance(self.peek(name), dict):
            return [Members(self.members(name), self.path(name), wrong=self._kind)], True
        return self.each(name) or [], False


def marks(spelling: str) -> dict[str, str]:
    """Read a note of this dialect to itself: words, with a value each, separated by semicolons."""
    pairs = (mark.partition(":") for mark in spelling.split(";") if mark)
    return {name: value for name, _, value in pairs}


def spelt(found: dict[str, str]) -> str:
    """Write such a note."""
    return ";".join(f"{name}:{value}" if value else name for name, value in found.items())
