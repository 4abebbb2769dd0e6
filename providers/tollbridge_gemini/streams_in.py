"""Reading a stream: each event is a whole `GenerateContentResponse` that holds what is new.

https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent (read 2026-11).
"""

from collections.abc import Iterable, Iterator

from tollbridge import GatewayError, UpstreamError
from tollbridge.formats import (
    JSON,
    AnyEvent,
    Aside,
    Begin,
    Broken,
    ChoiceEnd,
    End,
    EventCutter,
    Notes,
    Ping,
    Stop,
    Unknown,
    UsageSeen,
    decode_json,
    event_data,
    event_name,
    split_events,
)
from tollbridge_gemini.answers import block_reason, created_at, tier_of
from tollbridge_gemini.call_ids import CallIds
from tollbridge_gemini.candidates import CandidateReader
from tollbridge_gemini.errors import read_error, read_error_object
from tollbridge_gemini.names import NAME, Members
from tollbridge_gemini.parts_in import PartReader
from tollbridge_gemini.plain_chunks import PlainChunk, read_plain_chunk
from tollbridge_gemini.searches import Searches
from tollbridge_gemini.usage import read_usage

_KNOWN = ("candidates", "usageMetadata", "promptFeedback", "responseId", "modelVersion")


class GenerateStreamReader:
    """Reads one stream.  Its end is the end of the bytes, where every answer said why it stopped."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._ids = CallIds(notes.call_id)
        self._cutter = EventCutter()
        self._candidates: dict[int, CandidateReader] = {}
        self._searches = Searches()
        self._wire: JSON = None
        self._head: dict[str, JSON] | None = None
        self._model: JSON = None
        self._tier: str | None = None
        self._blocked: str | None = None
        self._over = False

    def feed(self, chunk: bytes) -> list[AnyEvent]:
        block = self._cutter.feed(chunk) if chunk else self._cutter.end()
        events: list[AnyEvent] = []
        for event in split_events(block):
            if not self._over:
                events += self._event(event, whole=bool(chunk))
        if not chunk and not self._over:
            events += self._end()
        return events

    def _event(self, event: bytes, *, whole: bool) -> Iterable[AnyEvent]:
        data = event_data(event)
        plain = read_plain_chunk(data) if data is not None else None
        if plain is not None and self._says_no_more(plain):
            return self._plain(plain)
        return self._any_event(event, data, whole=whole)

    def _says_no_more(self, found: PlainChunk) -> bool:
        """Whether a piece says of the answer as a whole what was said before, if anything."""
        head, tier = self._head, tier_of(found.usage_metadata)
        return (
            head is not None
            and (found.create_time is None or found.create_time == head.get("createTime"))
            and (found.model_version is None or found.model_version == self._model)
            and (tier is None or tier == self._tier)
        )

    def _plain(self, found: PlainChunk) -> Iterable[AnyEvent]:
        [piece] = found.candidates
        candidate = self._candidate(piece.index)
        events: list[AnyEvent] = []
        if piece.content is not None:
            [part] = piece.content.parts
            events += candidate.words(part.text, thought=part.thought is True)
        if piece.finish_reason is not None:
            candidate.stop, candidate.stopped = piece.finish_reason, True
        usage = read_usage(found.usage_metadata, self._searches.count)
        if usage is not None:
            self._wire = found.usage_metadata
            events.append(UsageSeen(usage=usage, wire=self._wire))
        return events

    def _any_event(self, event: bytes, data: bytes | None, *, whole: bool) -> Iterator[AnyEvent]:
        if data is None:
            if event.strip():
                if self._head is None and event.lstrip()[:1] in b"[{":
                    raise _no_stream(event)
                yield Ping()
            return
        try:
            value = decode_json(data, wrong=UpstreamError, what="a piece of the provider's answer")
        except UpstreamError:
            if not whole:
                return
            raise
        if isinstance(value, dict) and isinstance(value.get("error"), dict):
            self._over = True
            yield Broken(error=read_error_object(value["error"]))
        elif isinstance(value, dict) and any(name in value for name in _KNOWN):
            yield from self._piece(Members(value, wrong=None))
        else:
            yield Unknown(dialect=NAME, name=event_name(event).decode("utf-8", "replace"), data=data)

    def _piece(self, found: Members) -> Iterator[AnyEvent]:
        candidates, wire = found.each("candidates") or [], found.members("usageMetadata")
        searched = self._searches.count
        self._searches.add(found.peek("modelVersion"), (item.peek("groundingMetadata") for item in candidates))
        self._blocked = block_reason(found.peek("promptFeedback")) or self._blocked
        yield from self._about(found, tier_of(wire))
        for place, item in enumerate(candidates):
            index = item.whole("index")
            yield from self._candidate(place if index is None else index).take(item)
        usage = read_usage(wire, self._searches.count)
        if usage is None and self._searches.count != searched:
            wire, usage = self._wire, read_usage(self._wire, self._searches.count)
        if usage is not None:
            self._wire = wire
            yield UsageSeen(usage=usage, wire=wire)

    def _about(self, found: Members, tier: str | None) -> Iterator[AnyEvent]:
        """Take what is said of the answer as a whole: in the first piece all, in a later one what is new."""
        id_, model = found.text("responseId"), found.text("modelVersion")
        self._model = self._model if model is None else model
        extras = {name: value for name, value in found.rest().items() if value is not None}
        if self._head is None:
            self._head, self._tier = dict(extras), tier
            created = created_at(extras.get("createTime"))
            yield Begin(origin=NAME, id=id_ or "", model=model or "", created=created, tier=tier, extras=extras)
            return
        new = {name: value for name, value in extras.items() if self._head.get(name) != value}
        if new or (tier is not None and tier != self._tier):
            self._head.update(new)
            self._tier = tier or self._tier
            yield Aside(extras=new, tier=tier)

    def _candidate(self, index: int) -> CandidateReader:
        found = self._candidates.get(index)
        if found is None:
            found = self._candidates[index] = CandidateReader(index, PartReader(self._notes, self._ids))
        return found

    def _end(self) -> Iterator[AnyEvent]:
        candidates = self._candidates.values()
        if candidates and all(candidate.stopped for candidate in candidates):
            for candidate in candidates:
                yield from candidate.end()
        elif not candidates and self._blocked is not None:
            yield ChoiceEnd(stop=Stop.FILTER, said=self._blocked)
        else:
            return
        self._over = True
        yield End()


def _no_stream(body: bytes) -> GatewayError:
    """Make the error for what came instead of a stream."""
    try:
        decode_json(body)
    except GatewayError:
        return UpstreamError("the provider's answer is no stream of events")
    return read_error(502, body)
