"""Writing a stream: each event is a whole `GenerateContentResponse` that holds what is new.

https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent (read 2026-11). A call comes at once, as
Gemini's own do. Why an answer stopped, and the usage, come with the last piece, at the very end: callers take that
piece for the end.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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
    Citation,
    Delta,
    Detail,
    End,
    Logprob,
    Notes,
    OneByOne,
    PartBegin,
    PartEnd,
    Ping,
    Reasoning,
    Replaced,
    Request,
    Response,
    State,
    Text,
    ToolCall,
    Unknown,
    UsageSeen,
    add_extras,
    encode_json,
    merged_state,
    present,
    with_words,
    words_of,
    write_event,
)
from tollbridge_gemini.answers import block_reason, head_of, said_of, write_logprobs, write_wire_usage
from tollbridge_gemini.errors import write_error
from tollbridge_gemini.grounding import write_grounding
from tollbridge_gemini.joining import as_text, goes_on, says_nothing, together
from tollbridge_gemini.names import NAME
from tollbridge_gemini.parts_out import PartWriter


@dataclass(slots=True)
class _Open:
    """The open part: its words so far, how many of them were written, and what was said of it."""

    part: AnyPart
    words: list[str]
    written: bool = False
    state: State | None = None
    citations: list[Citation] = field(default_factory=list)
    logprobs: list[Logprob] = field(default_factory=list)
    extras: dict[str, JSON] = field(default_factory=dict)

    def whole(self) -> AnyPart:
        part = with_words(self.part, "".join(self.words))
        extras = {**part.extras, **self.extras} if self.extras else part.extras
        return replace(part, state=merged_state(part.state, self.state), extras=extras)


class _Answer:
    """One of the answers while it is written."""

    def __init__(self, writer: PartWriter) -> None:
        self.writer = writer
        self.order = OneByOne(writer.notes)
        self.open: _Open | None = None
        self.run: list[AnyPart] = []
        self.thought: list[Reasoning] = []
        self.calls = 0
        self.length = 0
        self.written = False
        self.end: ChoiceEnd | None = None


class GenerateStreamWriter:
    """Writes one stream."""

    def __init__(self, request: Request, notes: Notes) -> None:
        self._notes = notes
        self._native = False
        self._head: dict[str, JSON] = {}
        self._answers: dict[int, _Answer] = {}
        self._usage = Response(origin="")

    def write(self, event: AnyEvent) -> bytes:
        """Write an event; those of one answer one part after the other."""
        if isinstance(event, PartBegin | Delta | Detail | Replaced | PartEnd | ChoiceEnd):
            answer = self._of(event.choice)
            turns = answer.order.add(replace(event, choice=0))
            return b"".join(self._turn(answer, event.choice, turn) for turn in turns)
        write = _WRITE.get(type(event))
        return b"" if write is None else write(self, event)

    def _of(self, choice: int) -> _Answer:
        answer = self._answers.get(choice)
        if answer is None:
            writer = PartWriter(self._notes, native=self._native, answer=True)
            answer = self._answers[choice] = _Answer(writer)
        return answer

    def _turn(self, answer: _Answer, choice: int, event: AnyEvent) -> bytes:
        pieces = _TURN[type(event)](self, answer, event)
        return b"".join(self._piece(choice, piece) for piece in pieces)

    def _piece(self, choice: int, candidate: dict[str, JSON]) -> bytes:
        return self._event({"candidates": [{**candidate, "index": choice}]})

    def _event(self, members: dict[str, JSON]) -> bytes:
        return write_event(encode_json({**members, **self._head}))

    def _begin(self, event: Begin) -> bytes:
        self._native = event.origin == NAME
        self._head = head_of(event.id, event.model, None if self._native else event.created)
        if self._native:
            add_extras(self._head, event.extras)
        self._usage = replace(self._usage, origin=event.origin, tier=event.tier)
        return b""

    def _aside(self, event: Aside) -> bytes:
        if self._native:
            add_extras(self._head, event.extras)
        self._usage = replace(self._usage, tier=event.tier or self._usage.tier)
        return b""

    def _part_begin(self, answer: _Answer, event: PartBegin) -> list[dict[str, JSON]]:
        part = as_text(event.part)
        answer.open = _Open(with_words(part, ""), [])
        if isinstance(part, Text):
            answer.open.citations += part.citations
            answer.open.logprobs += part.logprobs or ()
        words = words_of(part)
        return self._words(answer, words) if words else []

    def _replaced(self, answer: _Answer, event: Replaced) -> list[dict[str, JSON]]:
        """Take a part anew; words that were written stay, as Gemini takes nothing back."""
        if answer.open is not None and not answer.open.written:
            return self._part_begin(answer, PartBegin(part=event.part, index=event.index))
        if answer.open is not None:
            answer.open.part = with_words(as_text(event.part), "")
        return []

    def _delta(self, answer: _Answer, event: Delta) -> list[dict[str, JSON]]:
        return self._words(answer, event.text) if event.text else []

    def _words(self, answer: _Answer, words: str) -> list[dict[str, JSON]]:
        opened = answer.open
        if opened is None:
            return []
        opened.words.append(words)
        if not isinstance(opened.part, Text | Reasoning):
            return []
        opened.written = answer.written = True
        thought = {"thought": True} if isinstance(opened.part, Reasoning) else {}
        return [_content({"text": words, **thought})]

    def _detail(self, answer: _Answer, event: Detail) -> list[dict[str, JSON]]:
        if answer.open is not None:
            answer.open.state = merged_state(answer.open.state, event.state)
            answer.open.citations += event.citations
            answer.open.logprobs += event.logprobs
            answer.open.extras.update(event.extras)
        return []

    def _part_end(self, answer: _Answer, event: PartEnd) -> list[dict[str, JSON]]:
        opened, answer.open = answer.open, None
        if opened is None:
            return []
        part = opened.whole()
        merged = self._run(answer, part)
        if isinstance(part, ToolCall):
            written = [answer.writer.call(part, answer.thought, first=not answer.calls)]
            answer.calls += 1
        elif opened.written or merged:
            written = self._last_words(answer, part)
        elif not self._native and says_nothing(part):
            return []
        else:
            written = list(answer.writer.one(part))
        answer.written = answer.written or bool(written)
        return [*map(_content, written), *self._marks(answer, part, opened)]

    def _run(self, answer: _Answer, part: AnyPart) -> bool:
        """Note what was said last, and what thinking there was; say whether the part goes on with the one before."""
        before = answer.run if answer.run and goes_on(answer.run[-1]) else []
        whole = together([*before, part], native=self._native)
        answer.run = whole[-1:]
        merged = bool(before) and len(whole) == 1 and type(whole[0]) is type(part)
        if isinstance(part, Reasoning) and whole and isinstance(whole[-1], Reasoning):
            if merged:
                answer.thought.pop()
            answer.thought.append(whole[-1])
        return merged

    def _last_words(self, answer: _Answer, part: AnyPart) -> list[dict[str, JSON]]:
        """Give what is known of a text only when it has ended: its signature, and what else its dialect says of it."""
        whole = answer.run[-1] if answer.run else part
        signed = [
            {**{name: value for name, value in written.items() if name != "text"}, "text": ""}
            for written in answer.writer.one(whole)
        ]
        return [piece for piece in signed if piece.keys() - {"text", "thought"}]

    def _marks(self, answer: _Answer, part: AnyPart, opened: _Open) -> list[dict[str, JSON]]:
        """Give where a text comes from, and how likely it was."""
        if not isinstance(part, Text):
            return []
        before, answer.length = answer.length, answer.length + len(part.text.encode("utf-8", "surrogatepass"))
        if self._native:
            return []
        cited = write_grounding(replace(part, citations=tuple(opened.citations)), before, self._notes)
        told = present(
            groundingMetadata=cited or None,
            logprobsResult=write_logprobs(opened.logprobs) if opened.logprobs else None,
        )
        return [{**_content({"text": ""}), **told}] if told else []  # callers look for a content in every piece

    def _choice_end(self, answer: _Answer, event: ChoiceEnd) -> list[dict[str, JSON]]:
        answer.end = event
        if not self._native:
            self._notes.drop_given(stop_sequence=event.sequence)
            self._notes.drop_extras(event.extras, "choices[]")
        return []

    def _usage_seen(self, event: UsageSeen) -> bytes:
        self._usage = replace(self._usage, usage=event.usage, wire_usage=event.wire)
        return b""

    def _unknown(self, event: Unknown) -> bytes:
        return write_event(event.data) if event.dialect == NAME and self._native else b""

    def _ping(self, event: Ping) -> bytes:
        return b"\n"  # google-genai reads a comment as JSON; an empty line is nothing to any of them

    def _broken(self, event: Broken) -> bytes:
        return write_event(write_error(event.error))

    def _end(self, event: End) -> bytes:
        """Write the last piece: it says why each answer stopped."""
        candidates = [
            self._ended(index, answer, answer.end)
            for index, answer in sorted(self._answers.items())
            if answer.end is not None and not self._is_blocked(answer, answer.end)
        ]
        usage = write_wire_usage(self._usage, native=self._native)
        return self._event({**present(candidates=candidates or None), **present(usageMetadata=usage)})

    def _is_blocked(self, answer: _Answer, end: ChoiceEnd) -> bool:
        """Whether there was no answer: Gemini refused the prompt."""
        reason = block_reason(self._head.get("promptFeedback"))
        return self._native and reason is not None and reason == end.said and not answer.written

    def _ended(self, index: int, answer: _Answer, end: ChoiceEnd) -> dict[str, JSON]:
        content: JSON = {"parts": [{"text": ""}], "role": "model"} if answer.written else None
        said = said_of(end.stop, end.said, native=self._native)
        members = present(content=content, finishReason=said, index=index)
        return add_extras(members, end.extras) if self._native else members


def _content(part: dict[str, JSON]) -> dict[str, JSON]:
    return {"content": {"parts": [part], "role": "model"}}


_WRITE: Mapping[type, Callable[[GenerateStreamWriter, Any], bytes]] = {
    Begin: GenerateStreamWriter._begin,
    Aside: GenerateStreamWriter._aside,
    UsageSeen: GenerateStreamWriter._usage_seen,
    Unknown: GenerateStreamWriter._unknown,
    Ping: GenerateStreamWriter._ping,
    Broken: GenerateStreamWriter._broken,
    End: GenerateStreamWriter._end,
}
_TURN: Mapping[type, Callable[[GenerateStreamWriter, _Answer, Any], list[dict[str, JSON]]]] = {
    PartBegin: GenerateStreamWriter._part_begin,
    Replaced: GenerateStreamWriter._replaced,
    Delta: GenerateStreamWriter._delta,
    Detail: GenerateStreamWriter._detail,
    PartEnd: GenerateStreamWriter._part_end,
    ChoiceEnd: GenerateStreamWriter._choice_end,
}
