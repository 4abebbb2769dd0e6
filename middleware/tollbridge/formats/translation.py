"""One call from its own dialect into that of the target, and the answer back."""

from collections.abc import Callable, Iterable
from typing import Any

from msgspec.structs import replace

from tollbridge.errors import GatewayError, UpstreamError
from tollbridge.formats.codec import CONVERSATION, AnyCodec, Conversation, takes_free_text
from tollbridge.formats.conversation import Request
from tollbridge.formats.dialect import CostLine, Dialect, Envelope
from tollbridge.formats.events import AnyEvent, Broken, Delta, End, UsageSeen
from tollbridge.formats.fold import Fold, unfold
from tollbridge.formats.freetext import FreeText, free_text_tools, freed, functions_only
from tollbridge.formats.notes import Notes
from tollbridge.formats.seal import Seal
from tollbridge.formats.ways import Way, Ways
from tollbridge.metering.usage import Usage
from tollbridge.providers import Target

Tell = Callable[[Iterable[str]], bytes]
"""Takes the fields that were dropped from an answer, before its end is given; gives what a stream says of them there.

That is nothing where the head says it.
"""
Mark = Callable[[bytes], list[bytes]]
"""Takes events of a stream as they were written, gives them as they go on."""


def _unmarked(written: bytes) -> list[bytes]:
    return [written]


class Translator:
    """What is translated of one call: its request, read once, however many targets are asked.

    `codec` is the caller's. `now` in seconds since the epoch.
    """

    def __init__(
        self,
        dialect: Dialect,
        codec: AnyCodec,
        envelope: Envelope,
        seal: Seal,
        *,
        ways: Ways,
        strict: bool,
        now: int,
        call_id: str,
    ) -> None:
        self.dialect = dialect
        self.codec = codec
        self.envelope = envelope
        self.seal = seal
        self._ways = ways
        self.strict = strict
        self.now = now
        self.call_id = call_id
        self._body = b""
        self._request: Any = None

    def read(self, body: bytes) -> Any:
        """Read what the caller asks for, and again where a layer changed that since; raises `BadRequest`."""
        if self._request is None or (body and body is not self._body):
            self._body = body
            self._request = self.codec.read_request(body, self.envelope, self.notes())
        return self._request

    def notes(self, target: Target | None = None) -> Notes:
        """Make the notes for a target, or for reading and for the way back."""
        spelled = self.codec.spelled
        if target is None:
            return Notes(self.seal, now=self.now, call_id=self.call_id, spelled=spelled, answering=True)
        quirks = target.provider.quirks
        return Notes(self.seal, self.strict, quirks, now=self.now, call_id=self.call_id, spelled=spelled)

    def to(self, target: Target, body: bytes, max_output: int | None) -> "Translation":
        """Begin the translation for one target.

        Raises `UpstreamError` where there is no way to ask it, `Untranslatable` for a grammar under `strict`.
        """
        way = self._ways.of(self.codec.kind, target)
        if way is None:
            raise UpstreamError("there is no way to ask this target")
        request, notes, quirks = self.read(body), self.notes(target), target.provider.quirks
        said = {} if max_output is None else {"max_output": max_output}
        if isinstance(request, Request):
            stream = True if self.envelope.stream else None
            asks = True if stream and quirks.stream_usage == "option" else None
            request = replace(request, model=target.model, stream=stream, stream_usage=asks, **said)
            if takes_free_text(self.codec) and not (quirks.free_text and takes_free_text(way.codec)):
                request = functions_only(request, notes)
        else:
            request = replace(request, model=target.model)
        return Translation(self, way, request, notes)

    def rewritten(
        self, *, streamed: bool, tell: Tell, cost: CostLine | None = None
    ) -> "TranslatedWhole | TranslatedStream":
        """Make the reader of an answer in the caller's own dialect that is written anew, a conversation as a stream."""
        reader = TranslatedStream if streamed and self.codec.kind == CONVERSATION else TranslatedWhole
        mark = self.mark(cost)
        return reader(self.codec, self.codec, self.read(b""), self.notes(), streams=True, tell=tell, mark=mark)

    def mark(self, cost: CostLine | None) -> Mark:
        """Give what writes the cost into a stream that goes to the caller, nothing where none is to be said."""
        if cost is None or self.codec.kind != CONVERSATION:
            return _unmarked
        return self.dialect.answer_reader(self.envelope, streamed=True, cost=cost).feed


class Translation:
    """One call into the dialect of one target, and its answer back."""

    def __init__(self, translator: Translator, way: Way, request: Any, notes: Notes) -> None:
        self.translator = translator
        self.way = way
        self.notes = notes
        self._request = request

    def written(self, target: Target) -> bytes:
        """Write the request; raises `Untranslatable` naming a field that cannot be said."""
        body = self.way.codec.write_request(self._request, self.notes)
        quirks = target.provider.quirks
        if self.notes.addressed or not quirks.alters_bodies:
            return body
        asked = self.translator.envelope
        envelope = Envelope(target.model, stream=asked.stream, asks_usage=True, outputs_tokens=asked.outputs_tokens)
        return self.way.dialect.readdress(body, envelope, model=target.model, max_output=None, quirks=quirks)

    def reader(
        self, *, streamed: bool, tell: Tell, cost: CostLine | None = None
    ) -> "TranslatedWhole | TranslatedStream":
        """Make the reader of the answer; `streamed`: the provider streams it."""
        codec, own = self.way.codec, self.translator.codec
        asked = self.translator.read(b"")
        streams = self.translator.envelope.stream
        if codec.kind == CONVERSATION and streamed:
            reader: type[TranslatedStream] | type[TranslatedWhole] = TranslatedStream
        else:
            reader = TranslatedWhole
        mark = self.translator.mark(cost if streams else None)
        return reader(codec, own, asked, self.translator.notes(), streams=streams, tell=tell, mark=mark)

    def read_error(self, status: int, body: bytes) -> GatewayError:
        """Read the provider's refusal."""
        return self.way.codec.read_error(status, body)


class TranslatedWhole:
    """Reads an answer that is all here, an `AnswerReader`; `streams`: the caller gets it as a stream all the same."""

    def __init__(
        self,
        source: AnyCodec,
        own: AnyCodec,
        asked: Any,
        notes: Notes,
        *,
        streams: bool,
        tell: Tell,
        mark: Mark = _unmarked,
    ) -> None:
        self.usage: Usage | None = None
        self.finished = False
        self.failed = False
        self.pieces = 0
        self.answer = b""
        self.notes = notes
        self._source = source
        self._own = own
        self._asked = asked
        self._streams = streams
        self._tell = tell
        self._mark = mark

    def feed(self, chunk: bytes) -> list[bytes]:
        """Take the body; raises `UpstreamError` for what is no answer."""
        if not chunk:
            return []
        response = self._source.read_response(chunk, self.notes)
        if self._own.kind == CONVERSATION and self._asked.tools:
            response = freed(response, free_text_tools(self._asked))
        self.usage = getattr(response, "usage", None)
        self.finished = True
        streams = self._streams and self._own.kind == CONVERSATION
        written = self._events(response) if streams else [self._own.write_response(response, self._asked, self.notes)]
        if not streams:
            self.answer = written[0]
        remark = self._tell(self.notes.dropped) if self.notes.dropped else b""
        return self._mark(b"".join((*written[:-1], remark, written[-1]))) if streams else written

    def _events(self, response: Any) -> list[bytes]:
        writer = self._own.stream_writer(self._asked, self.notes)  # type: ignore[attr-defined]  # by its kind
        written = [writer.write(event) for event in unfold(response)]
        self.answer = getattr(writer, "answer", b"")
        return written


class TranslatedStream:
    """Reads an answer as it streams, an `AnswerReader`.  Where the caller asked for no stream, it gets the whole."""

    def __init__(
        self,
        source: Any,
        own: Any,
        asked: Any,
        notes: Notes,
        *,
        streams: bool,
        tell: Tell,
        mark: Mark = _unmarked,
    ) -> None:
        self.usage: Usage | None = None
        self.finished = False
        self.failed = False
        self.pieces = 0
        self.notes = notes
        self._reader = source.stream_reader(notes)
        self._writer = own.stream_writer(asked, notes)
        self._own: Conversation = own
        self._asked = asked
        self._folding = None if streams else Fold()
        names = free_text_tools(asked)
        self._freeing = FreeText(names) if names else None
        self._tell = tell
        self._mark = mark
        self._whole = b""

    @property
    def answer(self) -> bytes:
        """The answer as a whole, where the caller's dialect has that in its streams; empty before the end."""
        return self._whole or getattr(self._writer, "answer", b"")

    def feed(self, chunk: bytes) -> list[bytes]:
        """Take the next bytes; raises `UpstreamError` for what is no stream."""
        events: Iterable[AnyEvent] = self._reader.feed(chunk)
        if self._freeing is not None:
            events = [freed_event for event in events for freed_event in self._freeing.add(event)]
        written = []
        for event in events:
            self._look(event)
            if self._folding is not None:
                self._folding.add(event)
            else:
                written.append(self._writer.write(event))
        if self._folding is not None and not chunk and (self.finished or self.failed):
            self._whole = self._own.write_response(self._folding.response(), self._asked, self.notes)
            return [self._whole]
        if written and self.notes.dropped and (self.finished or self.failed):
            written.insert(-1, self._tell(self.notes.dropped))  # before the event that ends the stream
        together = b"".join(written)
        return self._mark(together) if together else []

    def _look(self, event: AnyEvent) -> None:
        kind = type(event)
        if kind is Delta:
            self.pieces += 1
        elif isinstance(event, UsageSeen):
            self.usage = event.usage or self.usage
        elif kind is End:
            self.finished = True
        elif kind is Broken:
            self.failed = True


class TranslatedError:
    """Reads a provider's refusal, an `AnswerReader`, and gives it in the caller's words."""

    def __init__(self, translation: Translation, status: int) -> None:
        self.usage: Usage | None = None
        self.finished = True
        self.failed = False
        self.pieces = 0
        self._translation = translation
        self._status = status

    def feed(self, chunk: bytes) -> list[bytes]:
        """Take the body."""
        if not chunk:
            return []
        error = self._translation.read_error(self._status, chunk)
        translator = self._translation.translator
        return [translator.dialect.write_error(error, translator.call_id)]
