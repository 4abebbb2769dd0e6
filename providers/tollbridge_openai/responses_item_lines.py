"""The events that tell of one item after the other, from its beginning to its end."""

from collections.abc import Sequence

from msgspec.structs import replace

from tollbridge.formats import (
    JSON,
    AnyPart,
    Citation,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    with_words,
    words_of,
)
from tollbridge_openai.responses_items import CALLS
from tollbridge_openai.responses_output import ITEM, Items, is_content

Line = dict[str, JSON]
_WORDS = {"function_call": "response.function_call_arguments", "custom_tool_call": "response.custom_tool_call_input"}
_NO_PART = Text(text="")


class ItemLines:
    """Writes the events of items; one is open at a time, and one part of it.

    `done` are the items that are whole. A message stays open until another item begins, or until it is said that its
    last part was there: in this dialect's own answers, where the parts before the last do not know the item's id, they
    wait for it.
    """

    def __init__(self, items: Items, *, native: bool) -> None:
        self.done: list[JSON] = []
        self._items = items
        self._native = native
        self._id = ""
        self._part: AnyPart = _NO_PART
        self._said = False
        self._cited = 0
        self._message: list[AnyPart] | None = None
        self._waiting: list[AnyPart] = []
        self._waits = False

    def begin(self, part: AnyPart) -> list[Line]:
        """Begin a part, and its item where that has not begun."""
        self._part, self._said, self._cited, self._waits = part, False, 0, False
        if is_content(part):
            return self._begin_content(part)
        lines = self.close(whole=True)
        bare = replace(with_words(part, ""), state=None) if isinstance(part, Reasoning) else with_words(part, "")
        item = self._items.item(bare, len(self.done))
        if item is None:
            return lines
        if isinstance(part, ToolCall):
            item |= {"status": "in_progress", CALLS[str(item["type"])]: ""}
        elif isinstance(part, Reasoning):
            given = part.state.data.get("id") if self._native and part.state is not None else None
            item = {"type": "reasoning", "summary": [], **({} if given is None else {"id": given}), **_identified(item)}
        return [*lines, *self._added(item)]

    def _added(self, item: dict[str, JSON]) -> list[Line]:
        id_ = item.get("id")
        self._id = id_ if isinstance(id_, str) else ""
        return [{"type": "response.output_item.added", "output_index": len(self.done), "item": item}]

    def _begin_content(self, part: AnyPart) -> list[Line]:
        held = part.extras.get(ITEM)
        if self._message is None and ITEM in part.extras and held is None:
            self._waits = True
            return []
        lines: list[Line] = []
        if self._message is None:
            lines = self._begin_message(held if isinstance(held, dict) else {})
        return [*lines, self._told("response.content_part.added", part=self._empty(part))]

    def _begin_message(self, held: dict[str, JSON]) -> list[Line]:
        made = {} if self._native and "id" in held else {"id": self._items.made_id("msg", len(self.done))}
        item = {"type": "message", "role": "assistant", **made, **held, "status": "in_progress", "content": []}
        lines = self._added(item)
        self._message = []
        before, self._waiting = self._waiting, []
        now = self._part
        for part in before:
            self._part = part
            lines.append(self._told("response.content_part.added", part=self._empty(part)))
            words = words_of(part)
            lines += self.words(words) if words else []
            lines += self._end_content(part)
        self._part = now
        return lines

    def _empty(self, part: AnyPart) -> JSON:
        if isinstance(part, Text):
            return {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
        return {"type": "refusal", "refusal": ""} if isinstance(part, Refusal) else self._items.content(part)

    def _told(self, kind: str, **members: JSON) -> Line:
        place = {} if self._message is None else {"content_index": len(self._message)}
        return {"type": kind, "item_id": self._id, "output_index": len(self.done), **place, **members}

    def words(self, words: str) -> list[Line]:
        """Write more words of the open part."""
        part = self._part
        if self._waits:
            return []
        if isinstance(part, Text):
            return [self._told("response.output_text.delta", delta=words, logprobs=[])]
        if isinstance(part, Refusal):
            return [self._told("response.refusal.delta", delta=words)]
        if isinstance(part, ToolCall):
            self._said = True
            return [self._told(f"{_WORDS[_kind_of(part)]}.delta", delta=words)]
        return self._thinks(part, words) if isinstance(part, Reasoning) else []

    def _thinks(self, part: Reasoning, words: str) -> list[Line]:
        begun: list[Line] = []
        if not self._said:
            kind = "response.reasoning_summary_part" if part.summary else "response.content_part"
            begun = [self._told(f"{kind}.added", part=_thought(part, ""), **_place(part))]
        self._said = True
        kind = "response.reasoning_summary_text" if part.summary else "response.reasoning_text"
        return [*begun, self._told(f"{kind}.delta", delta=words, **_place(part))]

    def cites(self, citations: Sequence[Citation]) -> list[Line]:
        """Write what the open text cites."""
        part = self._part
        if self._waits or not isinstance(part, Text):
            return []
        written = self._items.annotations(replace(part, citations=tuple(citations)))
        lines = []
        for annotation in written:
            told = {"annotation_index": self._cited, "annotation": annotation}
            lines.append(self._told("response.output_text.annotation.added", **told))
            self._cited += 1
        return lines

    def end(self, part: AnyPart) -> list[Line]:
        """End the open part, which is whole now, and its item where that is."""
        if is_content(part):
            if self._waits:
                self._waiting.append(part)
                return []
            lines = self._end_content(part)
            return [*lines, *self.close(whole=True)] if part.extras.get(ITEM) is not None else lines
        item = self._items.item(part, len(self.done))
        if item is None:
            return []
        lines = []
        if isinstance(part, ToolCall):
            lines = self._end_call(part, item)
        elif isinstance(part, Reasoning):
            lines = self._end_thought(part)
        return [*lines, *self._finished(item)]

    def _end_content(self, part: AnyPart) -> list[Line]:
        written = self._items.content(part)
        lines: list[Line] = []
        if isinstance(part, Text):
            if not self._cited and part.citations:
                lines = self.cites(part.citations)
            told = {"text": part.text, "logprobs": written.get("logprobs") or []}
            lines.append(self._told("response.output_text.done", **told))
        elif isinstance(part, Refusal):
            lines = [self._told("response.refusal.done", refusal=part.text)]
        lines.append(self._told("response.content_part.done", part=written))
        if self._message is not None:
            self._message.append(part)
        return lines

    def _end_call(self, part: ToolCall, item: dict[str, JSON]) -> list[Line]:
        kind = str(item["type"])
        words, named = item[CALLS[kind]], {} if part.custom else {"name": part.name}
        lines = self.words(words) if words and not self._said else []
        return [*lines, self._told(f"{_WORDS[kind]}.done", **{CALLS[kind]: words}, **named)]

    def _end_thought(self, part: Reasoning) -> list[Line]:
        if not self._said:
            return []
        kind = "response.reasoning_summary_text" if part.summary else "response.reasoning_text"
        around = "response.reasoning_summary_part" if part.summary else "response.content_part"
        return [
            self._told(f"{kind}.done", text=part.text, **_place(part)),
            self._told(f"{around}.done", part=_thought(part, part.text), **_place(part)),
        ]

    def _finished(self, item: JSON) -> list[Line]:
        line: Line = {"type": "response.output_item.done", "output_index": len(self.done), "item": item}
        self.done.append(item)
        return [line]

    def close(self, *, whole: bool) -> list[Line]:
        """End an open message; `whole`: the answer was not cut off in it."""
        lines: list[Line] = []
        if self._waiting and self._message is None:
            lines = self._begin_message({})
        if not self._message:
            return lines
        item = self._items.message(self._message, len(self.done), whole=whole)
        self._message = None
        return [*lines, *self._finished(item)]


def _identified(item: dict[str, JSON]) -> dict[str, JSON]:
    return {"id": item["id"]} if "id" in item else {}


def _kind_of(part: ToolCall) -> str:
    return "custom_tool_call" if part.custom else "function_call"


def _place(part: Reasoning) -> dict[str, JSON]:
    return {"summary_index": 0} if part.summary else {"content_index": 0}


def _thought(part: Reasoning, text: str) -> JSON:
    return {"type": "summary_text" if part.summary else "reasoning_text", "text": text}
