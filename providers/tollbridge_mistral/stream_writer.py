"""Writing a stream of Mistral's from events: pieces without names, usage with the last one, `[DONE]`.

A call of a tool is written at its end, whole. So Mistral itself sends it in every recorded stream, and its clients rely
on it: the SDK (mistralai 3.7) hands pieces on unjoined and wants a name in each, and others that read Mistral's streams
take each piece for a call of its own (comet-ml/opik pull request 7385, microsoft/semantic-kernel issue 6316; read
2026-11).
"""

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
    End,
    Extras,
    Notes,
    Opaque,
    PartBegin,
    PartEnd,
    PieceWriter,
    Ping,
    Reasoning,
    Refusal,
    Replaced,
    Request,
    State,
    Text,
    ToolCall,
    merged_state,
    present,
)
from tollbridge_mistral.answers import FORMAT, said_of, sealed_state, write_item, write_logprobs
from tollbridge_mistral.calls import shown_id, write_call
from tollbridge_mistral.content import own_members, write_thinking


class _Open:
    """A part that has begun: what came of it so far."""

    def __init__(self, part: AnyPart) -> None:
        self.part = part
        self.words: list[str] = []
        self.state: State | None = part.state
        self.extras: dict[str, JSON] = {}


class _Said:
    """What was written of one answer so far."""

    def __init__(self) -> None:
        self.open: dict[int, _Open] = {}
        self.thoughts: list[Reasoning] = []
        self.calls = 0


class MistralStreamWriter:
    """Writes one stream.  A call is written at its end, whole; the reason waits for usage."""

    def __init__(self, request: Request, notes: Notes) -> None:
        self._notes = notes
        self._lines = PieceWriter(FORMAT, request, notes, counted=False)
        self._said: dict[int, _Said] = {}
        self._ends: list[ChoiceEnd] = []

    def write(self, event: AnyEvent) -> bytes:
        write = _WRITE.get(type(event))
        return self._lines.write(event) if write is None else write(self, event)

    def _begin(self, event: Begin) -> bytes:
        self._lines.begin(event)
        return self._delta(0, {"role": "assistant", "content": ""})

    def _of(self, choice: int) -> _Said:
        return self._said.setdefault(choice, _Said())

    def _delta(self, choice: int, delta: dict[str, JSON], logprobs: JSON = None) -> bytes:
        if choice and choice not in self._said:
            delta = {"role": "assistant", **delta}
        self._of(choice)
        told = {"index": choice, "delta": delta, "finish_reason": None, **present(logprobs=logprobs)}
        return self._lines.piece([told])

    def _part_begin(self, event: PartBegin) -> bytes:
        part = event.part
        if isinstance(part, Text | Refusal | Reasoning | ToolCall):
            words = part.arguments if isinstance(part, ToolCall) else part.text
            opened = self._of(event.choice).open[event.index] = _Open(part)
            return self._words(opened, words, event.choice)
        item = write_item(part, self._notes, native=self._lines.native and isinstance(part, Opaque))
        return b"" if item is None else self._delta(event.choice, {"content": [item]})

    def _more(self, event: Delta) -> bytes:
        opened = self._of(event.choice).open.get(event.index)
        return b"" if opened is None else self._words(opened, event.text, event.choice)

    def _words(self, opened: _Open, words: str, choice: int) -> bytes:
        if not words:
            return b""
        opened.words.append(words)
        if isinstance(opened.part, ToolCall):
            return b""
        if not isinstance(opened.part, Reasoning):
            return self._delta(choice, {"content": words})
        return self._delta(choice, {"content": [write_thinking(Reasoning(text=words), None)]})

    def _detail(self, event: Detail) -> bytes:
        opened = self._of(event.choice).open.get(event.index)
        if opened is None:
            return b""
        opened.state = merged_state(opened.state, event.state)
        opened.extras.update(event.extras)
        if event.citations:
            self._notes.drop("message.citations")
        if not event.logprobs:
            return b""
        return self._delta(event.choice, {"content": ""}, write_logprobs(event.logprobs))

    def _replaced(self, event: Replaced) -> bytes:
        """Begin a call anew, which was not told yet; what was told stays told."""
        if isinstance(event.part, ToolCall):
            opened = self._of(event.choice).open[event.index] = _Open(event.part)
            opened.words.append(event.part.arguments)
        return b""

    def _part_end(self, event: PartEnd) -> bytes:
        said = self._of(event.choice)
        opened = said.open.pop(event.index, None)
        if opened is None:
            return b""
        if isinstance(opened.part, ToolCall):
            return self._call(opened.part, opened, event.choice)
        if not isinstance(opened.part, Reasoning):
            return b""
        thought = Reasoning(text="".join(opened.words), state=opened.state)
        said.thoughts.append(thought)
        closing = write_thinking(Reasoning(state=opened.state), sealed_state(thought, self._notes))
        extras: Extras = {**opened.part.extras, **opened.extras} if self._lines.native else {"closed": None}
        if not extras and "signature" not in closing:
            return b""
        return self._delta(event.choice, {"content": [own_members(closing, extras)]})

    def _call(self, part: ToolCall, opened: _Open, choice: int) -> bytes:
        said = self._of(choice)
        call = ToolCall(
            id=part.id, name=part.name, arguments="".join(opened.words), state=opened.state, extras=part.extras
        )
        id_ = shown_id(call, () if said.calls else said.thoughts, self._notes)
        told = write_call(call, id_, said.calls, native=self._lines.native)
        told.setdefault("index", said.calls)
        said.calls += 1
        return self._delta(choice, {"tool_calls": [told]})

    def _choice_end(self, event: ChoiceEnd) -> bytes:
        if not self._lines.native:
            self._notes.drop_given(stop_sequence=event.sequence)
            self._notes.drop_extras(event.extras)
        self._ends.append(event)
        return b""

    def _ping(self, event: Ping) -> bytes:
        return b": keep-alive\n\n"

    def _end(self, event: End) -> bytes:
        told: list[JSON] = [
            {
                "index": end.choice,
                "delta": {"content": ""},
                "finish_reason": said_of(end.stop, end.said, native=self._lines.native),
            }
            for end in self._ends
        ]
        return self._lines.piece(told, self._lines.usage) + self._lines.write(event)


_WRITE: Mapping[type, Callable[[MistralStreamWriter, Any], bytes]] = {
    Begin: MistralStreamWriter._begin,
    PartBegin: MistralStreamWriter._part_begin,
    Delta: MistralStreamWriter._more,
    Detail: MistralStreamWriter._detail,
    Replaced: MistralStreamWriter._replaced,
    PartEnd: MistralStreamWriter._part_end,
    ChoiceEnd: MistralStreamWriter._choice_end,
    Ping: MistralStreamWriter._ping,
    End: MistralStreamWriter._end,
}
