"""Writing a stream of Converse's events, in the order its SDKs expect (recorded streams, 2026-11).

`messageStart`; for each block its deltas, with a start for a tool's use alone, and its stop; `messageStop`; `metadata`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

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
    Extras,
    Media,
    MediaKind,
    Notes,
    OneByOne,
    Opaque,
    PartBegin,
    PartEnd,
    Reasoning,
    Replaced,
    Request,
    Response,
    ServerCall,
    State,
    Text,
    ToolCall,
    Unknown,
    UsageSeen,
    add_extras,
    merged_state,
    present,
    words_of,
)
from tollbridge_bedrock.answers import end_of
from tollbridge_bedrock.blocks_out import WHERE, BlockWriter, write_citation
from tollbridge_bedrock.errors import write_error_event
from tollbridge_bedrock.frames import write_event
from tollbridge_bedrock.whole_blocks import whole_block, write_members
from tollbridge_bedrock.words import NAME, said_of

_HELD = 4_096
"""Characters of a foreign call's arguments that wait for its state, which goes into its id: its head is written first.

More than that would be silence for longer than a client waits (botocore: 60 s).
"""


_SILENT: Mapping[type, dict[str, JSON]] = {
    Reasoning: {"reasoningContent": {"text": ""}},
    ToolCall: {"toolUse": {"input": ""}},
}
"""A delta without words, by the kind of the part; of any other it is one of text."""


@dataclass(slots=True)
class _Live:
    """The part whose block is open.  `begun`: a call's head is written; `words`: anything else was."""

    part: AnyPart
    begun: bool = False
    words: bool = False
    held: list[str] = field(default_factory=list)
    state: State | None = None


class ConverseStreamWriter:
    """Writes one stream."""

    def __init__(self, _: Request, notes: Notes) -> None:
        self._notes = notes
        self._order = OneByOne(notes)
        self._native = False
        self._blocks = BlockWriter(notes, native=False, answer=True)
        self._block = -1
        self._live: _Live | None = None
        self._extras: dict[str, JSON] = {}
        self._tier: str | None = None
        self._usage: UsageSeen | None = None

    def write(self, event: AnyEvent) -> bytes:
        """Write an event, `b""` where nothing is said of it (yet)."""
        return b"".join(self._written(each) for each in self._order.add(event))

    def _written(self, event: AnyEvent) -> bytes:
        write = _WRITE.get(type(event))
        return b"" if write is None else write(self, event)

    def begin(self, event: Begin) -> bytes:
        self._native = event.origin == NAME
        self._blocks = BlockWriter(self._notes, native=self._native, answer=True)
        self._extras.update(event.extras)
        self._tier = event.tier
        return write_members("messageStart", role="assistant")

    def aside(self, event: Aside) -> bytes:
        self._extras.update(event.extras)
        self._tier = event.tier or self._tier
        return b""

    def part_begin(self, event: PartBegin) -> bytes:
        part = event.part
        if isinstance(part, ServerCall | Opaque | Media):
            return self._whole(part)
        self._block += 1
        self._live = live = _Live(part, state=part.state)
        if isinstance(part, ToolCall):
            head = self._head(live) if self._native else b""
            return head + self._arguments(live, part.arguments)
        if not self._native:
            self._notes.drop_extras(part.extras, WHERE)
        words = words_of(part)
        told = self._words(words) if words else b""
        told += self._own(part.extras) if self._native else b""
        return told + self._cited(part.citations if isinstance(part, Text) else ())

    def _delta(self, delta: JSON) -> bytes:
        if self._live is not None:
            self._live.words = True
        return write_members("contentBlockDelta", delta=delta, contentBlockIndex=self._block)

    def _words(self, words: str) -> bytes:
        thinks = self._live is not None and isinstance(self._live.part, Reasoning)
        return self._delta({"reasoningContent": {"text": words}} if thinks else {"text": words})

    def _own(self, extras: Extras) -> bytes:
        """Write what only this dialect knows of a part, beside words that are none."""
        if not extras or self._live is None:
            return b""
        silent = _SILENT.get(type(self._live.part), {"text": ""})
        return self._delta(add_extras(dict(silent), extras))

    def _cited(self, citations: tuple[Citation, ...]) -> bytes:
        written = (each.raw if self._native else write_citation(each) for each in citations)
        return b"".join(self._delta({"citation": each}) for each in written)

    def _head(self, live: _Live) -> bytes:
        part = live.part
        if live.begun or not isinstance(part, ToolCall):
            return b""
        live.begun = True
        named = ToolCall(id=part.id, name=part.name, state=live.state)
        start = self._blocks.own({"toolUse": self._blocks.call_head(named)}, part)
        return write_members("contentBlockStart", start=start, contentBlockIndex=self._block)

    def _arguments(self, live: _Live, words: str) -> bytes:
        """Write words of a call's arguments; those of a foreign call wait until its head is written."""
        if words:
            live.held.append(words)
        if not live.begun and sum(map(len, live.held)) <= _HELD:
            return b""
        head = self._head(live)
        if not live.held:
            return head
        told = self._delta({"toolUse": {"input": "".join(live.held)}})
        live.held.clear()
        return head + told

    def more(self, event: Delta) -> bytes:
        live = self._live
        if live is None or not event.text:
            return b""
        return self._arguments(live, event.text) if isinstance(live.part, ToolCall) else self._words(event.text)

    def detail(self, event: Detail) -> bytes:
        live = self._live
        if live is None:
            return b""
        if event.state is not None:
            live.state = merged_state(live.state, event.state)
            if live.begun and not self._native:
                self._notes.drop(f"{WHERE}.state")
        if event.logprobs:
            self._notes.drop("logprobs")
        if not self._native:
            self._notes.drop_extras(event.extras, WHERE)
            return self._cited(event.citations)
        return self._cited(event.citations) + self._own(event.extras)

    def replaced(self, event: Replaced) -> bytes:
        """Take what is known now of a call that was not begun; what was said cannot be taken back."""
        live = self._live
        if live is None or live.words or live.begun:
            self._notes.drop(f"{WHERE}.replaced")
            return b""
        live.part, live.held = event.part, []
        live.state = event.part.state or live.state
        words = words_of(event.part)
        if isinstance(event.part, ToolCall):
            return self._arguments(live, words)
        return self._words(words) if words else b""

    def part_end(self, event: PartEnd) -> bytes:
        live = self._live
        if live is None:
            return b""
        told = self._ended_call(live) if isinstance(live.part, ToolCall) else self._ended_words(live)
        self._live = None
        return told + write_members("contentBlockStop", contentBlockIndex=self._block)

    def _ended_call(self, live: _Live) -> bytes:
        head = self._head(live)
        words = "".join(live.held)
        return head + (self._delta({"toolUse": {"input": words}}) if words else b"")

    def _ended_words(self, live: _Live) -> bytes:
        told = b""
        if isinstance(live.part, Reasoning) and live.state is not None:
            data = self._blocks.thought(live.state, shown=live.words) or {}
            told = b"".join(self._delta({"reasoningContent": {name: value}}) for name, value in data.items())
        return told if told or live.words else self._words("")

    def _whole(self, part: ServerCall | Opaque | Media) -> bytes:
        if isinstance(part, Media) and part.kind is not MediaKind.IMAGE:
            self._notes.drop(f"{WHERE}.{part.kind}")
            return b""
        written = self._blocks.blocks((part,))
        block = written[0] if written else None
        if not isinstance(block, dict):
            return b""
        self._block += 1
        return whole_block(block, self._block)

    def choice_end(self, event: ChoiceEnd) -> bytes:
        said = said_of(event.stop, event.said, native=self._native)
        members = present(stopReason=said)
        if self._native:
            return write_members("messageStop", **add_extras(members, event.extras))
        self._notes.drop_given(stop_sequence=event.sequence)
        self._notes.drop_extras(event.extras)
        return write_members("messageStop", **members)

    def usage_seen(self, event: UsageSeen) -> bytes:
        self._usage = event
        return b""

    def unknown(self, event: Unknown) -> bytes:
        return write_event(event.name, event.data) if event.dialect == NAME else b""

    def broken(self, event: Broken) -> bytes:
        return write_error_event(event.error)

    def end(self, event: End) -> bytes:
        seen = self._usage
        response = Response(
            origin=NAME if self._native else "",
            usage=None if seen is None else seen.usage,
            wire_usage=None if seen is None else seen.wire,
            tier=self._tier,
            extras=self._extras,
        )
        return write_members("metadata", **end_of(response, self._notes))


_WRITE: Mapping[type, Callable[[ConverseStreamWriter, Any], bytes]] = {
    Begin: ConverseStreamWriter.begin,
    Aside: ConverseStreamWriter.aside,
    PartBegin: ConverseStreamWriter.part_begin,
    Delta: ConverseStreamWriter.more,
    Detail: ConverseStreamWriter.detail,
    Replaced: ConverseStreamWriter.replaced,
    PartEnd: ConverseStreamWriter.part_end,
    ChoiceEnd: ConverseStreamWriter.choice_end,
    UsageSeen: ConverseStreamWriter.usage_seen,
    Unknown: ConverseStreamWriter.unknown,
    Broken: ConverseStreamWriter.broken,
    End: ConverseStreamWriter.end,
}
