"""Reading a stream of chat chunks (https://platform.openai.com/docs/api-reference/chat/streaming, read 2026-11)."""

from collections.abc import Iterable, Iterator
from contextlib import suppress

import msgspec

from tollbridge import UpstreamError
from tollbridge.formats import (
    JSON,
    UNREADABLE,
    AnyEvent,
    Aside,
    Begin,
    Broken,
    End,
    EventCutter,
    Fields,
    Notes,
    Ping,
    Unknown,
    UsageSeen,
    decode_json,
    event_data,
    event_name,
    split_events,
)
from tollbridge_openai.chat_answers import read_usage
from tollbridge_openai.chat_content import NAME
from tollbridge_openai.chat_errors import read_error_object
from tollbridge_openai.chat_stream_choice import StreamedChoice


class _PlainDelta(msgspec.Struct, forbid_unknown_fields=True):
    content: str
    role: str | None = None
    refusal: None = None


class _PlainChoice(msgspec.Struct, forbid_unknown_fields=True):
    delta: _PlainDelta
    index: int = 0
    logprobs: None = None
    finish_reason: None = None


class _PlainPiece(msgspec.Struct, forbid_unknown_fields=True):
    """A piece that holds more words and nothing else, as most do."""

    choices: tuple[_PlainChoice]
    id: str = ""
    object: str = ""
    created: int = 0
    model: str = ""
    system_fingerprint: str | None = None
    service_tier: str | None = None
    obfuscation: str | None = None
    usage: None = None


_decode_plain = msgspec.json.Decoder(_PlainPiece).decode


class ChatStreamReader:
    """Reads one stream.  The end is `[DONE]`, or the end of the bytes where every answer said why it stopped."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._cutter = EventCutter()
        self._choices: dict[int, StreamedChoice] = {}
        self._begun = False
        self._over = False

    def feed(self, chunk: bytes) -> list[AnyEvent]:
        events: list[AnyEvent] = []
        if chunk:
            for event in split_events(self._cutter.feed(chunk)):
                if not self._over:
                    events += self._event(event)
        elif not self._over:
            with suppress(UpstreamError):  # half an event says nothing: the stream broke off in it
                events += self._event(self._cutter.end())
        if not chunk and not self._over and self._choices and all(c.ended for c in self._choices.values()):
            events += self._end()
        return events

    def _event(self, event: bytes) -> Iterable[AnyEvent]:
        data = event_data(event)
        if data is not None and self._begun:
            try:
                (plain,) = _decode_plain(data).choices
            except UNREADABLE:
                pass
            else:
                return self._choice(plain.index).words(plain.delta.content)
        return self._any_event(event, data)

    def _any_event(self, event: bytes, data: bytes | None) -> Iterator[AnyEvent]:
        if data is None:
            if event.strip():
                yield Ping()
            return
        if data.strip() == b"[DONE]":
            yield from self._end()
            return
        value = decode_json(data, wrong=UpstreamError, what="a piece of the provider's answer")
        if not isinstance(value, dict):
            raise UpstreamError("a piece of the provider's answer is no object")
        if value.get("error") is not None:
            self._over = True
            yield Broken(error=read_error_object(value["error"]))
        elif not isinstance(value.get("choices"), list) and "usage" not in value:
            yield Unknown(dialect=NAME, name=event_name(event).decode("utf-8", "replace"), data=data)
        else:
            yield from self._piece(Fields(value, wrong=None))

    def _piece(self, found: Fields) -> Iterator[AnyEvent]:
        choices, wire = found.each("choices") or [], found.members("usage")
        yield from self._head(found)
        for place, choice in enumerate(choices):
            index = choice.whole("index")
            yield from self._choice(place if index is None else index).take(choice)
        if wire is not None:
            yield UsageSeen(usage=read_usage(wire), wire=wire)

    def _head(self, found: Fields) -> Iterator[AnyEvent]:
        """Take what is said of the answer as a whole: in the first piece all, in a later one what is new."""
        id_, model, created, tier = (
            found.text("id"),
            found.text("model"),
            found.whole("created"),
            found.text("service_tier"),
        )
        found.text("object")
        extras: dict[str, JSON] = {name: value for name, value in found.rest().items() if value is not None}
        extras.pop("obfuscation", None)
        if not self._begun and (id_ or model or self._choices):
            self._begun = True
            yield Begin(origin=NAME, id=id_ or "", model=model or "", created=created, tier=tier, extras=extras)
        elif extras or tier:
            yield Aside(extras=extras, tier=tier)

    def _choice(self, index: int) -> StreamedChoice:
        choice = self._choices.get(index)
        if choice is None:
            choice = self._choices[index] = StreamedChoice(index, self._notes)
        return choice

    def _end(self) -> Iterator[AnyEvent]:
        self._over = True
        for choice in self._choices.values():
            if not choice.ended:
                yield from choice.end(None, None)
        if not self._begun:
            yield Begin(origin=NAME)
        yield End()
