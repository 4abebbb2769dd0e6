"""What of an item says which it is: of a request's input, of an answer's output.

An item's kind and id decide whose words a provider that keeps answers will look up, so they are read whatever else
stands in the item. It does so for more than references: for reasoning that is not there encrypted (its error names the
id: https://github.com/can1357/oh-my-pi/issues/41, read 2026-11), and what the tools it runs itself gave stands for the
most part in no item at all (the official SDK's types, openai 3.57).
"""

from collections.abc import Sequence

import msgspec

from tollbridge import BadRequest, GatewayError
from tollbridge.formats import UNREADABLE, splice

Raw = msgspec.Raw
_NULL = Raw(b"null")
_REFERENCE = "item_reference"
_TOLD_WHOLE = frozenset(
    ("message", "function_call", "function_call_output", "custom_tool_call", "custom_tool_call_output")
)
"""Kinds that hold all they say."""
MOST_ITEMS = 4_096
"""Items of one request that may point to others, or that get ids: each takes its time."""


class Item(msgspec.Struct):
    """The members that say which an item is."""

    type: str | None = None
    id: str | None = None
    role: str | None = None
    encrypted_content: str | None = None

    @property
    def refers(self) -> bool:
        """Whether it stands for an item of an earlier answer."""
        return self.type == _REFERENCE or (self.type is None and self.role is None and self.id is not None)

    @property
    def echoes(self) -> bool:
        """Whether it is an item of an earlier answer of which the provider looks up what it does not hold."""
        whole = self.type is None or self.type in _TOLD_WHOLE or bool(self.encrypted_content)
        return not (whole or self.refers)

    @property
    def says(self) -> bool:
        """Whether it says something where nobody kept it: reasoning by its id alone does not."""
        return self.type != "reasoning" or bool(self.encrypted_content)


class _Loose(msgspec.Struct):
    type: Raw = _NULL
    id: Raw = _NULL
    role: Raw = _NULL
    encrypted_content: Raw = _NULL


_read = msgspec.json.Decoder(Item).decode
_read_loosely = msgspec.json.Decoder(_Loose).decode
_read_text = msgspec.json.Decoder(str).decode
read_items = msgspec.json.Decoder(list[Raw]).decode


def item_of(raw: Raw | bytes) -> Item:
    """Read which an item is: a member that is no text says nothing, and what is no object is of an unknown kind."""
    try:
        return _read(raw)
    except UNREADABLE:
        pass
    try:
        found = _read_loosely(raw)
    except UNREADABLE:
        return Item("unknown")
    return Item(_text(found.type), _text(found.id), _text(found.role), _text(found.encrypted_content))


def _text(raw: Raw) -> str | None:
    try:
        return _read_text(raw)
    except UNREADABLE:
        return None


def pointing(items: Sequence[Raw]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give the ids that items refer to, and those of the items that they echo.

    Raises `BadRequest` for one of these that two readers could take differently, and for too many.
    """
    refers: list[str] = []
    echoes: list[str] = []
    for raw in items:
        item = item_of(raw)
        ids = refers if item.refers else echoes if item.echoes else None
        if ids is None or not item.id:
            continue
        ids.append(item.id)
        if len(ids) > MOST_ITEMS:
            raise BadRequest(f"'input' points to more than {MOST_ITEMS} items of earlier answers", param="input")
        _check_read_alike(raw)
    return tuple(refers), tuple(echoes)


def _check_read_alike(raw: Raw) -> None:
    """Look for members that are there twice, where there may be any."""
    text = bytes(raw)
    if text.count(b'"id"') != 1 or text.count(b'"type"') > 1 or b"\\u" in text:
        try:
            splice(text, {})
        except GatewayError as exc:
            raise BadRequest(f"an item of 'input' cannot be read: {exc}", param="input") from exc
