"""Items of an answer: reading them into parts, and writing parts as items.

A message's content is several parts of the answer: the last of them holds the item's own members in its extras under
`ITEM`, the others null.
"""

from collections.abc import Sequence
from hashlib import sha256

from msgspec.structs import replace

from tollbridge.formats import (
    JSON,
    AnyPart,
    Fields,
    Media,
    MediaKind,
    Notes,
    Opaque,
    Reasoning,
    Refusal,
    ServerCall,
    Text,
    ToolCall,
    add_extras,
    carry,
    new_call_id,
    pack_thinking,
)
from tollbridge_openai.responses_content import NAME, OUTPUT, read_part
from tollbridge_openai.responses_items import CALLS, read_call, read_reasoning, read_served
from tollbridge_openai.responses_marks import write_citations, write_logprobs
from tollbridge_openai.responses_messages import write_call, write_reasoning

ITEM = "(item)"
"""Where the members of a message item are; no member of a part is called so."""
WHERE = "output[]"


def read_item(raw: dict[str, JSON], notes: Notes) -> tuple[AnyPart, ...]:
    """Read one item of an answer.  Whatever it is, it is something."""
    found = Fields(raw, wrong=None)
    kind = found.text("type") or ""
    if kind == "message":
        return _read_message(found, raw)
    if kind in CALLS:
        return (read_call(found, kind, notes),)
    if kind == "reasoning":
        return read_reasoning(found, notes)
    return (read_served(raw, kind),)


def _read_message(found: Fields, raw: dict[str, JSON]) -> tuple[AnyPart, ...]:
    content = found.each("content")
    if not content:
        return (Opaque(kind="message", raw=raw),)
    parts = [read_part(item, OUTPUT) for item in content]
    held: list[JSON] = [None] * (len(parts) - 1) + [found.rest()]
    return tuple(replace(part, extras={**part.extras, ITEM: item}) for part, item in zip(parts, held, strict=True))


def is_content(part: AnyPart) -> bool:
    """Whether a part stands in a message, not in an item of its own."""
    return isinstance(part, Text | Refusal) or ITEM in part.extras


class Items:
    """Writes the items of one answer; `native`: the answer came in this dialect."""

    def __init__(self, notes: Notes, *, native: bool) -> None:
        self._notes = notes
        self._native = native
        self._made = sha256(notes.call_id.encode("utf-8", "replace")).hexdigest()[:32]

    def made_id(self, prefix: str, index: int) -> str:
        """Make the id of the item at this place of the answer."""
        return f"{prefix}_{self._made}{index:08d}"

    def written(self, parts: Sequence[AnyPart], *, whole: bool) -> list[JSON]:
        """Write all items; `whole`: the answer was not cut off."""
        items: list[JSON] = []
        content: list[AnyPart] = []
        for part in parts:
            if not is_content(part):
                if content:
                    items.append(self.message(content, len(items)))
                    content = []
                item = self.item(part, len(items))
                if item is not None:
                    items.append(item)
                continue
            content.append(part)
            if part.extras.get(ITEM) is not None:
                items.append(self.message(content, len(items)))
                content = []
        if content:
            items.append(self.message(content, len(items), whole=whole))
        return items

    def message(self, content: Sequence[AnyPart], index: int, *, whole: bool = True) -> dict[str, JSON]:
        """Write a message item."""
        held = content[-1].extras.get(ITEM)
        written = [self.content(part) for part in content]
        if self._native and isinstance(held, dict):
            return {"type": "message", "content": written, **held}
        return {
            "id": self.made_id("msg", index),
            "type": "message",
            "status": "completed" if whole else "incomplete",
            "role": "assistant",
            "content": written,
        }

    def content(self, part: AnyPart) -> dict[str, JSON]:
        """Write one part of a message."""
        if isinstance(part, Text):
            members = self._text(part)
        elif isinstance(part, Refusal):
            members = {"type": "refusal", "refusal": part.text}
        else:
            members = dict(part.raw) if isinstance(part, Opaque) else {}
        if self._native:
            return add_extras(members, {name: value for name, value in part.extras.items() if name != ITEM})
        if part.state is not None:
            self._notes.drop(f"{WHERE}.content[].state")
        return members

    def _text(self, part: Text) -> dict[str, JSON]:
        members: dict[str, JSON] = {"type": OUTPUT, "text": part.text}
        if part.citations or not self._native:
            members["annotations"] = self.annotations(part)
        if part.logprobs is not None or not self._native:
            members["logprobs"] = write_logprobs(part.logprobs or ())
        return members

    def annotations(self, part: Text) -> list[JSON]:
        """Write what a text cites."""
        return write_citations(part, self._notes, native=self._native, where=f"{WHERE}.content[]")

    def item(self, part: AnyPart, index: int) -> dict[str, JSON] | None:
        """Write a part that is an item of its own, None for what cannot be said."""
        if isinstance(part, ToolCall):
            return self.call(part, index)
        if isinstance(part, Reasoning):
            return self.reasoning(part, index)
        if self._native and isinstance(part, ServerCall | Opaque):
            return dict(part.raw)
        if isinstance(part, Media) and part.kind is MediaKind.IMAGE and part.data is not None:
            id_ = self.made_id("ig", index)
            return {"id": id_, "type": "image_generation_call", "status": "completed", "result": part.data}
        kind = part.kind if isinstance(part, Media) else "server_tool"
        self._notes.drop(f"{WHERE}.{kind}")
        return None

    def call(self, part: ToolCall, index: int) -> dict[str, JSON]:
        """Write a call; what must come back with it is behind its id."""
        if self._native:
            return add_extras(write_call(part, part.id, native=True), part.extras)
        own = part.state if part.state is not None and part.state.dialect != NAME else None
        id_ = carry(part.id or new_call_id(self._notes.call_id, index), own, (), self._notes.seal)
        made = self.made_id("ctc" if part.custom else "fc", index)
        return {"id": made, **write_call(part, id_, native=False), "status": "completed"}

    def reasoning(self, part: Reasoning, index: int) -> dict[str, JSON]:
        """Write reasoning; the state of another provider is sealed, its words with it."""
        if self._native and (part.state is None or part.state.dialect == NAME):
            return write_reasoning(part, native=True)
        members = {"id": self.made_id("rs", index), **write_reasoning(replace(part, state=None), native=False)}
        sealed = pack_thinking([part], self._notes.seal)
        if sealed is not None:
            members["encrypted_content"] = sealed
        elif part.state is not None:
            self._notes.drop(f"{WHERE}.encrypted_content")
        return members
