"""Reading streams: `message_start`, blocks one by one, `message_delta`, `message_stop`.

https://docs.anthropic.com/en/docs/build-with-claude/streaming (read 2026-11).
"""

from collections.abc import Callable, Mapping
from typing import Literal

import msgspec

from tollbridge import UpstreamError
from tollbridge.formats import (
    JSON,
    AnyEvent,
    Aside,
    Begin,
    Broken,
    ChoiceEnd,
    Delta,
    End,
    EventCutter,
    Fields,
    PartBegin,
    PartEnd,
    Ping,
    Plain,
    Replaced,
    Seal,
    Text,
    Unknown,
    UsageSeen,
    decode_json,
    event_data,
    object_text,
    split_events,
)
from tollbridge_anthropic.answers_in import stop_of, take_constant, take_stops, tier_of
from tollbridge_anthropic.errors import read_error_event
from tollbridge_anthropic.streamed_blocks import Block, begun, finished, with_piece
from tollbridge_anthropic.usage import merged_usage, read_usage
from tollbridge_anthropic.words import NAME

_DONE = b"[DONE]"
"""Some hosts that copied this format end it like OpenAI's."""


class _Words(Plain):
    type: Literal["text_delta"]
    text: str


class _Piece(Plain):
    type: Literal["content_block_delta"]
    index: int
    delta: _Words


_decode_words = msgspec.json.Decoder(_Piece).decode


class StreamedMessage:
    """Reads one stream."""

    def __init__(self, seal: Seal) -> None:
        self._seal = seal
        self._cutter = EventCutter()
        self._begun = False
        self._ended = False
        self._blocks: dict[int, Block] = {}
        self._parts = 0
        self._wire: dict[str, JSON] = {}
        self._end = ChoiceEnd(stop=None)

    def feed(self, chunk: bytes) -> list[AnyEvent]:
        """Take the next bytes, give the events that are whole."""
        if chunk:
            block = self._cutter.feed(chunk)
            return [event for text in split_events(block) for event in self._event(text)] if block else []
        rest = self._cutter.end()
        data = event_data(rest) if rest else None
        if data is not None and object_text(data.decode("utf-8", "replace").rstrip()):
            return self._event(rest)
        if rest.lstrip().startswith((b"{", b"<")) and not self._begun:
            raise UpstreamError("the provider's answer is no stream of events")
        return []

    def _event(self, text: bytes) -> list[AnyEvent]:
        data = event_data(text)
        if data is None or self._ended:
            return []
        words = self._words(data) if b'"text_delta"' in data else None
        if words is not None:
            return words
        if data.strip() in (b"", _DONE):
            return []
        value = decode_json(data, wrong=UpstreamError, what="an event of the provider's stream")
        kind = value.get("type") if isinstance(value, dict) else None
        handle = _EVENTS.get(kind) if isinstance(kind, str) else None
        if handle is None:
            return [Unknown(dialect=NAME, name=kind if isinstance(kind, str) else "", data=data)]
        if not self._begun and kind not in _BEFORE:
            raise UpstreamError("the provider's stream does not begin with its message")
        return handle(self, value, data)

    def _words(self, data: bytes) -> list[AnyEvent] | None:
        """Read a piece that holds more words of a text and nothing else, as most do; None for any other."""
        try:
            piece = _decode_words(data)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
        block = self._blocks.get(piece.index)
        if block is None or not isinstance(block.part, Text):
            return None
        return [Delta(text=piece.delta.text, index=block.index)]

    def _start(self, value: JSON, data: bytes) -> list[AnyEvent]:
        """Begin, once.  A second beginning with blocks before it makes those void that were not whole yet."""
        message = Fields(value, wrong=None).inner("message") or Fields({}, wrong=None)
        wire = message.members("usage")
        if self._begun:
            return [*self._abandoned(), *self._usage(wire)]
        self._begun = True
        id_, model = message.text("id") or "", message.text("model") or ""
        take_constant(message, "type", "message")
        take_constant(message, "role", "assistant")
        take_stops(message)
        message.take("content")
        begin = Begin(origin=NAME, id=id_, model=model, tier=tier_of(wire), extras=message.rest())
        return [begin, *self._usage(wire)]

    def _abandoned(self) -> list[AnyEvent]:
        events: list[AnyEvent] = []
        for block in self._blocks.values():
            events += [Replaced(part=Text(text=""), index=block.index), PartEnd(index=block.index)]
        self._blocks.clear()
        return events

    def _usage(self, wire: JSON) -> list[AnyEvent]:
        if not isinstance(wire, dict):
            return []
        self._wire = merged_usage(self._wire, wire)
        return [UsageSeen(usage=read_usage(self._wire), wire=self._wire)]

    def _block_start(self, value: JSON, data: bytes) -> list[AnyEvent]:
        place, raw = value.get("index"), value.get("content_block")
        if not _is_place(place) or not isinstance(raw, dict):
            return [_unknown(value, data)]
        before = self._block_stop(value, data) if place in self._blocks else []
        block = begun(raw, self._parts, self._seal)
        self._blocks[place] = block
        self._parts += 1
        return [*before, PartBegin(part=block.part, index=block.index)]

    def _block_delta(self, value: JSON, data: bytes) -> list[AnyEvent]:
        place, delta = value.get("index"), value.get("delta")
        block = self._blocks.get(place) if _is_place(place) else None
        events = with_piece(block, Fields(delta, wrong=None)) if block is not None else None
        return [_unknown(value, data)] if events is None else events

    def _block_stop(self, value: JSON, data: bytes) -> list[AnyEvent]:
        place = value.get("index")
        block = self._blocks.pop(place, None) if _is_place(place) else None
        return [] if block is None else [*finished(block, self._seal), PartEnd(index=block.index)]

    def _message_delta(self, value: JSON, data: bytes) -> list[AnyEvent]:
        fields = Fields(value, wrong=None)
        fields.take("type")
        events = self._usage(fields.members("usage"))
        delta = fields.inner("delta") or Fields({}, wrong=None)
        said, sequence = delta.text("stop_reason"), delta.text("stop_sequence")
        self._end = ChoiceEnd(
            stop=stop_of(said),
            said=said,
            sequence=sequence,
            extras=take_stops(delta),
        )
        extras = {**fields.rest(), **delta.rest()}
        return [*events, Aside(extras=extras)] if extras else events

    def _message_stop(self, value: JSON, data: bytes) -> list[AnyEvent]:
        self._ended = True
        ends = [event for place in list(self._blocks) for event in self._block_stop({"index": place}, data)]
        return [*ends, self._end, End()]

    def _error(self, value: JSON, data: bytes) -> list[AnyEvent]:
        self._ended = True
        return [Broken(error=read_error_event(value))]

    def _ping(self, value: JSON, data: bytes) -> list[AnyEvent]:
        return [Ping()]


def _is_place(place: JSON) -> bool:
    return isinstance(place, int) and not isinstance(place, bool)


def _unknown(value: JSON, data: bytes) -> Unknown:
    return Unknown(dialect=NAME, name=value["type"], data=data)


_Handler = Callable[[StreamedMessage, JSON, bytes], list[AnyEvent]]
_EVENTS: Mapping[str, _Handler] = {
    "message_start": StreamedMessage._start,
    "content_block_start": StreamedMessage._block_start,
    "content_block_delta": StreamedMessage._block_delta,
    "content_block_stop": StreamedMessage._block_stop,
    "message_delta": StreamedMessage._message_delta,
    "message_stop": StreamedMessage._message_stop,
    "error": StreamedMessage._error,
    "ping": StreamedMessage._ping,
}
_BEFORE = frozenset(("message_start", "error", "ping"))
