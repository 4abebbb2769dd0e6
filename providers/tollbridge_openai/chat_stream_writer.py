"""Writing a stream of chat chunks from events."""

from collections.abc import Callable, Mapping
from typing import Any

from tollbridge.formats import (
    JSON,
    AnyEvent,
    AnyPart,
    Begin,
    ChoiceEnd,
    Delta,
    Detail,
    Media,
    Notes,
    PartBegin,
    PartEnd,
    PieceWriter,
    Reasoning,
    Refusal,
    Replaced,
    Request,
    State,
    Text,
    ToolCall,
    carry,
    merged_state,
    pack_thinking,
    present,
    words_of,
)
from tollbridge_openai.chat_answers import FORMAT, said_of
from tollbridge_openai.chat_calls import asks_functions
from tollbridge_openai.chat_content import NAME
from tollbridge_openai.chat_details import write_citations, write_logprobs, write_pictures
from tollbridge_openai.chat_thought import place_of


class _Open:
    """A part that has begun, after so many characters of the message: what was written of it so far."""

    def __init__(self, part: AnyPart, before: int) -> None:
        self.part = part
        self.before = before
        self.length = 0
        self.words: list[str] = []
        self.state: State | None = part.state
        self.slot = -1


class _Said:
    """What was written of one answer so far."""

    def __init__(self) -> None:
        self.open: dict[int, _Open] = {}
        self.thought: list[Reasoning] = []
        self.length = 0
        self.calls = 0


class ChatStreamWriter:
    """Writes one stream.  A call's head waits for the call's first words or its end: its state may still come."""

    def __init__(self, request: Request, notes: Notes) -> None:
        self._notes = notes
        self._lines = PieceWriter(FORMAT, request, notes, counted=bool(request.stream_usage))
        self._older = asks_functions(request)
        self._said: dict[int, _Said] = {}

    def write(self, event: AnyEvent) -> bytes:
        write = _WRITE.get(type(event))
        return self._lines.write(event) if write is None else write(self, event)

    def _begin(self, event: Begin) -> bytes:
        self._lines.begin(event)
        return self._delta(0, {"role": "assistant", "content": "", "refusal": None})

    def _of(self, choice: int) -> _Said:
        said = self._said.get(choice)
        if said is None:
            said = self._said[choice] = _Said()
        return said

    def _delta(self, choice: int, delta: dict[str, JSON], finish: str | None = None, logprobs: JSON = None) -> bytes:
        new = choice not in self._said
        self._of(choice)
        if new and choice:
            delta = {"role": "assistant", "content": "", **delta}
        told = {"index": choice, "delta": delta, "logprobs": logprobs, "finish_reason": finish}
        return self._lines.piece([told])

    def _part_begin(self, event: PartBegin) -> bytes:
        head = b"" if event.choice == 0 or event.choice in self._said else self._delta(event.choice, {})
        said = self._of(event.choice)
        part = event.part
        opened = said.open[event.index] = _Open(part, said.length)
        if isinstance(part, Media):
            return head + self._picture(part, event.choice)
        if not isinstance(part, Text | Refusal | Reasoning | ToolCall):
            self._notes.drop("choices[].message.server_tools")
            return head
        words = part.arguments if isinstance(part, ToolCall) else part.text
        told = self._details(part, event.choice, opened) if isinstance(part, Text) else b""
        return head + (self._words(opened, words, event.choice) if words else b"") + told

    def _picture(self, part: Media, choice: int) -> bytes:
        pictures = write_pictures([part], self._notes)
        return self._delta(choice, {"images": pictures}) if pictures else b""

    def _details(self, part: Text, choice: int, opened: _Open) -> bytes:
        return self._told(
            Detail(index=0, choice=choice, citations=part.citations, logprobs=part.logprobs or ()), opened
        )

    def _more(self, event: Delta) -> bytes:
        opened = self._of(event.choice).open.get(event.index)
        return b"" if opened is None or not event.text else self._words(opened, event.text, event.choice)

    def _words(self, opened: _Open, words: str, choice: int) -> bytes:
        part = opened.part
        if isinstance(part, ToolCall):
            head = self._call(opened, choice)
            if self._older:
                return head + (self._delta(choice, {"function_call": {"arguments": words}}) if not opened.slot else b"")
            inner = {"input": words} if part.custom else {"arguments": words}
            told = {"index": opened.slot, ("custom" if part.custom else "function"): inner}
            return head + self._delta(choice, {"tool_calls": [told]})
        opened.length += len(words)
        if isinstance(part, Text):
            self._of(choice).length += len(words)
            return self._delta(choice, {"content": words})
        if isinstance(part, Refusal):
            return self._delta(choice, {"refusal": words})
        opened.words.append(words)
        return self._delta(choice, {place_of(opened.state): words})

    def _call(self, opened: _Open, choice: int) -> bytes:
        """Write the head of a call, once."""
        part, said = opened.part, self._of(choice)
        if opened.slot >= 0 or not isinstance(part, ToolCall):
            return b""
        own = opened.state if opened.state is not None and opened.state.dialect != NAME else None
        if self._older and said.calls:
            self._notes.drop("choices[].message.tool_calls")
        id_ = carry(part.id, own, said.thought if said.calls == 0 else (), self._notes.seal)
        opened.slot = said.calls
        said.calls += 1
        if self._older:
            begun = {"name": part.name, "arguments": ""}
            return self._delta(choice, {"function_call": begun}) if opened.slot == 0 else b""
        kind, words = ("custom", "input") if part.custom else ("function", "arguments")
        told = {"index": opened.slot, "id": id_, "type": kind, kind: {"name": part.name, words: ""}}
        if opened.state is not None and own is None:
            told.update(present(extra_content=opened.state.data.get("extra_content")))
        return self._delta(choice, {"tool_calls": [told]})

    def _detail(self, event: Detail) -> bytes:
        opened = self._of(event.choice).open.get(event.index)
        if opened is None:
            return b""
        opened.state = merged_state(opened.state, event.state)
        return self._told(event, opened)

    def _replaced(self, event: Replaced) -> bytes:
        """Take a part anew; words of it that went out already cannot be called back."""
        said = self._of(event.choice)
        before = said.open.get(event.index)
        if before is None or before.slot >= 0:
            return b""
        opened = said.open[event.index] = _Open(event.part, before.before)
        words = words_of(event.part)
        if not before.length:
            return self._words(opened, words, event.choice) if words else b""
        opened.length = before.length
        opened.words.append(words)
        return b""

    def _told(self, event: Detail, opened: _Open) -> bytes:
        if not isinstance(opened.part, Text):
            return b""
        written = b""
        if event.citations:
            end = opened.before + opened.length
            annotations = write_citations(event.citations, (opened.before, end), self._notes, native=self._lines.native)
            written += self._delta(event.choice, {"annotations": annotations}) if annotations else b""
        if event.logprobs:
            tokens = {"content": write_logprobs(event.logprobs), "refusal": None}
            written += self._delta(event.choice, {}, logprobs=tokens)
        return written

    def _part_end(self, event: PartEnd) -> bytes:
        said = self._of(event.choice)
        opened = said.open.get(event.index)
        if opened is None:
            return b""
        if isinstance(opened.part, ToolCall):
            return self._empty_call(opened, event.choice)
        if not isinstance(opened.part, Reasoning) or opened.state is None:
            return b""
        part = Reasoning(text="".join(opened.words), summary=opened.part.summary, state=opened.state)
        if opened.state.dialect == NAME:
            details = opened.state.data.get("reasoning_details")
            return self._delta(event.choice, {"reasoning_details": details}) if details else b""
        said.thought.append(part)
        packed = pack_thinking([part], self._notes.seal)
        if packed is None:
            self._notes.drop("choices[].message.reasoning_details")
            return b""
        details = [{"type": "reasoning.encrypted", "data": packed, "format": "tollbridge"}]
        return self._delta(event.choice, {"reasoning_details": details})

    def _empty_call(self, opened: _Open, choice: int) -> bytes:
        """Write a call that ends without a word: its arguments are an empty object."""
        if opened.slot >= 0:
            return b""
        custom = isinstance(opened.part, ToolCall) and opened.part.custom
        return self._call(opened, choice) if custom or self._lines.native else self._words(opened, "{}", choice)

    def _choice_end(self, event: ChoiceEnd) -> bytes:
        finish = said_of(event.stop, event.said, native=self._lines.native)
        if self._older and finish == "tool_calls":
            finish = "function_call"
        return self._delta(event.choice, {}, finish=finish)


_WRITE: Mapping[type, Callable[[ChatStreamWriter, Any], bytes]] = {
    Begin: ChatStreamWriter._begin,
    PartBegin: ChatStreamWriter._part_begin,
    Delta: ChatStreamWriter._more,
    Detail: ChatStreamWriter._detail,
    Replaced: ChatStreamWriter._replaced,
    PartEnd: ChatStreamWriter._part_end,
    ChoiceEnd: ChatStreamWriter._choice_end,
}
