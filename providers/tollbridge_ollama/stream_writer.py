"""Writing a stream of lines from events.

Words go out as they come. Calls and pictures, which lines hold whole, go out behind them: what a call must bring back
may follow it, and an answer that is not streamed holds them in this order.
"""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from tollbridge.formats import (
    JSON,
    AnyEvent,
    AnyPart,
    Aside,
    Begin,
    Broken,
    ChoiceEnd,
    Delta,
    Detail,
    End,
    Logprob,
    Notes,
    PartBegin,
    PartEnd,
    Ping,
    Reasoning,
    Refusal,
    Replaced,
    Request,
    State,
    Text,
    ToolCall,
    Unknown,
    UsageSeen,
    present,
    with_words,
    words_of,
)
from tollbridge_ollama.answers import add_native, head_of, note_answer, pictures_of, reason_of, write_logprobs
from tollbridge_ollama.calls import write_answered
from tollbridge_ollama.errors import error_object
from tollbridge_ollama.lines import write_line
from tollbridge_ollama.shapes import Shape
from tollbridge_ollama.thought import SIGNATURE, write_signature
from tollbridge_ollama.usage import write_counts


class _Open:
    """A part that has begun."""

    def __init__(self, part: AnyPart) -> None:
        self.part = part
        self.words = [words_of(part)]
        self.state: State | None = part.state
        self.extras: dict[str, JSON] = dict(part.extras)

    def whole(self) -> AnyPart:
        """Give the part with all that came of it."""
        return replace(with_words(self.part, "".join(self.words)), state=self.state, extras=self.extras)


class LineStreamWriter:
    """Writes one stream, of the first answer alone."""

    def __init__(self, shape: Shape, request: Request, notes: Notes) -> None:
        self._shape = shape
        self._notes = notes
        self._head = head_of(request.model, None, notes)
        self._extras: dict[str, JSON] = {}
        self._native = False
        self._parts: dict[int, _Open] = {}
        self._end = ChoiceEnd(stop=None)
        self._counts: dict[str, JSON] = {}

    def write(self, event: AnyEvent) -> bytes:
        if getattr(event, "choice", 0):
            self._notes.drop("choices")
            return b""
        write = _WRITE.get(type(event))
        return b"" if write is None else write(self, event)

    def _line(self, text: str = "", said: dict[str, JSON] | None = None, logprobs: JSON = None) -> bytes:
        members = {**self._head, **self._shape.wrapped(text, said or {}), "done": False, **present(logprobs=logprobs)}
        return write_line({**members, **self._extras})

    def _begin(self, event: Begin) -> bytes:
        self._native = event.origin == self._shape.name
        self._head = head_of(event.model or str(self._head["model"]), event.created, self._notes)
        self._extra(event.extras)
        return b""

    def _extra(self, extras: Mapping[str, JSON]) -> None:
        if self._native:
            self._extras.update(extras)
        else:
            self._notes.drop_extras(extras)

    def _aside(self, event: Aside) -> bytes:
        self._extra(event.extras)
        return b""

    def _part_begin(self, event: PartBegin) -> bytes:
        part = event.part
        opened = self._parts[event.index] = _Open(part)
        note_answer([part], self._notes, native=self._native)
        words = self._words(opened, words_of(part))
        return words + self._probabilities((part.logprobs or ()) if isinstance(part, Text) else ())

    def _replaced(self, event: Replaced) -> bytes:
        """Take a part anew; words of it that went out already cannot be called back."""
        self._parts[event.index] = _Open(event.part)
        return b""

    def _delta(self, event: Delta) -> bytes:
        opened = self._parts[event.index]
        opened.words.append(event.text)
        return self._words(opened, event.text)

    def _words(self, opened: _Open, words: str) -> bytes:
        if not words or not isinstance(opened.part, Text | Refusal | Reasoning):
            return b""
        return self._line(said={"thinking": words}) if isinstance(opened.part, Reasoning) else self._line(words)

    def _detail(self, event: Detail) -> bytes:
        opened = self._parts[event.index]
        state = event.state
        if state is not None:
            held = opened.state.data if opened.state is not None and opened.state.dialect == state.dialect else {}
            opened.state = State(state.dialect, {**held, **state.data})
        opened.extras.update(event.extras)
        if event.citations:
            self._notes.drop("message.citations")
        return self._probabilities(event.logprobs)

    def _probabilities(self, tokens: tuple[Logprob, ...]) -> bytes:
        return self._line(logprobs=write_logprobs(tokens)) if tokens else b""

    def _part_end(self, event: PartEnd) -> bytes:
        part = self._parts[event.index].whole()
        if not isinstance(part, Reasoning) or part.state is None:
            return b""
        signature = write_signature([part], self._notes)
        return self._line(said={SIGNATURE: signature}) if signature is not None else b""

    def _choice_end(self, event: ChoiceEnd) -> bytes:
        self._end = event
        if not self._native:
            self._notes.drop_given(stop_sequence=event.sequence)
            self._notes.drop_extras(event.extras)
        return b""

    def _usage_seen(self, event: UsageSeen) -> bytes:
        self._counts = dict(event.wire or {}) if self._native else write_counts(event.usage)
        return b""

    def _unknown(self, event: Unknown) -> bytes:
        return event.data + b"\n" if event.dialect == self._shape.name else b""

    def _ping(self, event: Ping) -> bytes:
        """Write a line without words: clients take an empty line, or a comment, for broken JSON."""
        return self._line()

    def _broken(self, event: Broken) -> bytes:
        return write_line(error_object(event.error))

    def _ended(self, event: End) -> bytes:
        parts = [self._parts[index].whole() for index in sorted(self._parts)]
        calls = [part for part in parts if isinstance(part, ToolCall)]
        thought = [part for part in parts if isinstance(part, Reasoning)]
        said = present(
            images=pictures_of(parts) or None,
            tool_calls=write_answered(calls, thought, self._notes, native=self._native) or None,
        )
        before = self._line(said=said) if said else b""
        members: dict[str, JSON] = {
            **self._head,
            **self._shape.wrapped("", {}),
            "done": True,
            **present(done_reason=reason_of(self._end.stop, self._end.said, native=self._native)),
            **self._counts,
            **self._extras,
        }
        if self._native:
            add_native(members, self._end.extras)
        return before + write_line(members)


_WRITE: Mapping[type, Callable[[LineStreamWriter, Any], bytes]] = {
    Begin: LineStreamWriter._begin,
    Aside: LineStreamWriter._aside,
    PartBegin: LineStreamWriter._part_begin,
    Replaced: LineStreamWriter._replaced,
    Delta: LineStreamWriter._delta,
    Detail: LineStreamWriter._detail,
    PartEnd: LineStreamWriter._part_end,
    ChoiceEnd: LineStreamWriter._choice_end,
    UsageSeen: LineStreamWriter._usage_seen,
    Unknown: LineStreamWriter._unknown,
    Ping: LineStreamWriter._ping,
    Broken: LineStreamWriter._broken,
    End: LineStreamWriter._ended,
}
