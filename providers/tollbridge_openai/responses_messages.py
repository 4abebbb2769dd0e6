"""Writing the messages of a request as items."""

import re
from collections.abc import Sequence

from tollbridge.formats import (
    JSON,
    AnyPart,
    Message,
    Notes,
    Opaque,
    Reasoning,
    Request,
    Role,
    ServerCall,
    Text,
    ToolCall,
    ToolResult,
    add_extras,
    fit_id,
    present,
)
from tollbridge_openai.responses_content import INPUT, NAME, OUTPUT
from tollbridge_openai.responses_content_writer import WHERE, ContentWriter
from tollbridge_openai.responses_items import CALLS, pieces_of
from tollbridge_openai.responses_reading import WHOLE
from tollbridge_openai.responses_spelling import empty_lists, spelled

_CALL_ID = re.compile(r".{1,64}", re.DOTALL)
"""What OpenAI takes as `call_id`: its errors name the length (read 2026-11)."""


def write_reasoning(part: Reasoning, *, native: bool) -> dict[str, JSON]:
    """Write reasoning as an item; its id and what is encrypted are in its state."""
    data = part.state.data if part.state is not None and part.state.dialect == NAME else {}
    members = {"type": "reasoning", **present(id=data.get("id"), encrypted_content=data.get("encrypted_content"))}
    place, kind = ("summary", "summary_text") if part.summary else ("content", "reasoning_text")
    pieces = pieces_of(part.text, data.get("cuts"))
    if pieces:
        members[place] = [{"type": kind, "text": piece} for piece in pieces]
    if native:
        return add_extras(members, part.extras)
    members.setdefault("summary", [])
    return members


def write_call(call: ToolCall, id_: str, *, native: bool) -> dict[str, JSON]:
    """Write a call as an item, under this id."""
    kind = "custom_tool_call" if call.custom else "function_call"
    arguments = call.arguments if native or call.custom else call.arguments or "{}"
    return {"type": kind, "call_id": id_, "name": call.name, CALLS[kind]: arguments}


class InputWriter:
    """Writes the messages of one request."""

    def __init__(self, request: Request, notes: Notes) -> None:
        self._native = request.origin == NAME
        self._notes = notes
        self._messages = request.messages
        self._content = ContentWriter(notes, native=self._native)
        parts = [part for message in request.messages for part in message.parts]
        self._customs = frozenset(part.id for part in parts if isinstance(part, ToolCall) and part.custom)

    def instructions(self) -> str | None:
        """Give what was said apart, where it is one text."""
        apart = [message for message in self._messages if message.apart]
        if len(apart) != 1 or len(apart[0].parts) != 1:
            return None
        part = apart[0].parts[0]
        return part.text if isinstance(part, Text) and part.cache is None else None

    def items(self) -> list[JSON]:
        """Give the items."""
        told = self.instructions() is not None
        return [item for message in self._messages if not (told and message.apart) for item in self._items(message)]

    def _items(self, message: Message) -> list[JSON]:
        if message.name is not None:
            self._notes.drop("messages[].name")
        if not message.parts:
            return [self._message(message, ())] if self._native or message.role is not Role.ASSISTANT else []
        items: list[JSON] = []
        said: list[AnyPart] = []
        for part in message.parts:
            if not isinstance(part, Reasoning | ToolCall | ToolResult | ServerCall) and message.spelling != WHOLE:
                said.append(part)
                continue
            items += self._said(message, said)
            said = []
            item = self._item(part, message)
            if item is not None:
                items.append(item)
        return items + self._said(message, said)

    def _said(self, message: Message, said: Sequence[AnyPart]) -> list[JSON]:
        if not said:
            return []
        written = self._message(message, said)
        return [written] if self._native or written["content"] != [] else []

    def _message(self, message: Message, said: Sequence[AnyPart]) -> dict[str, JSON]:
        members: dict[str, JSON] = {**spelled(message, native=self._native), "role": message.role.value}
        usual = OUTPUT if message.role is Role.ASSISTANT else INPUT
        if said or message.listed:
            listed = message.listed and (self._native or len(said) > 1)
            empty = empty_lists(message, native=self._native)
            members["content"] = self._content.content(said, listed=listed, usual=usual, empty=empty)
        elif not self._native:
            members["content"] = ""
        if self._native:
            return add_extras(members, message.extras)
        self._notes.drop_extras(message.extras, "messages[]")
        return members

    def _item(self, part: AnyPart, message: Message) -> JSON:
        if isinstance(part, ToolCall):
            return self._call(part, message)
        if isinstance(part, ToolResult):
            return self._result(part, message)
        if isinstance(part, Reasoning):
            return self._reasoning(part, message)
        if self._native and isinstance(part, ServerCall | Opaque):
            return part.raw
        self._notes.drop(f"{WHERE}.server_tool_use")
        return None

    def _call(self, part: ToolCall, message: Message) -> JSON:
        if part.state is not None and part.state.dialect != NAME:
            self._notes.drop(f"{WHERE}.state")
        if self._native:
            members = {**spelled(message, native=True), **write_call(part, part.id, native=True)}
            return add_extras(members, part.extras)
        self._notes.drop_given(WHERE, cache=part.cache)
        self._notes.drop_extras(part.extras, WHERE)
        return write_call(part, fit_id(part.id, _CALL_ID), native=False)

    def _result(self, part: ToolResult, message: Message) -> JSON:
        custom = part.custom or (not self._native and part.call_id in self._customs)
        members: dict[str, JSON] = {
            "type": "custom_tool_call_output" if custom else "function_call_output",
            "call_id": part.call_id if self._native else fit_id(part.call_id, _CALL_ID),
        }
        listed = part.listed and (self._native or len(part.content) != 1)
        if part.content or part.listed:
            members["output"] = self._content.content(part.content, listed=listed, usual=INPUT)
        if self._native:
            members |= {**spelled(message, native=True), **present(name=part.name)}
            return add_extras(members, part.extras)
        members.setdefault("output", "")
        self._notes.drop_given(WHERE, is_error=part.error or None, cache=part.cache)
        self._notes.drop_extras(part.extras, WHERE)
        return members

    def _reasoning(self, part: Reasoning, message: Message) -> JSON:
        """Write reasoning that this dialect's provider gave.

        From a conversation in another dialect it must hold all of it: nothing was stored that an id could name.
        """
        own = part.state is None if self._native else False
        if part.state is not None and part.state.dialect == NAME:
            own = self._native or "encrypted_content" in part.state.data
        if not own:
            self._notes.drop(f"{WHERE}.reasoning")
            return None
        return {**spelled(message, native=self._native), **write_reasoning(part, native=self._native)}
