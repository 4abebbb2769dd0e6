"""One call from its own dialect into that of the target, and the answer back."""

from collections.abc import Callable, Iterable
from typing import Any

from msgspec.structs import replace

from tollbridge.errors import GatewayError, UpstreamError
from tollbridge.formats.codec import CONVERSATION, AnyCodec, Conversation
from tollbridge.formats.conversation import Request
from tollbridge.formats.dialect import Dialect, Envelope
from tollbridge.formats.events import AnyEvent, Broken, Delta, End, UsageSeen
from tollbridge.formats.fold import Fold, unfold
from tollbridge.formats.freetext import FreeText, free_text_tools, freed
from tollbridge.formats.notes import Notes
from tollbridge.formats.seal import Seal
from tollbridge.formats.ways import Way, Ways
from tollbridge.metering.usage import Usage
from tollbridge.providers import Target


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
        self._request: Any = None

    def read(self, body: bytes) -> Any:
        """Read what the caller asks for; raises `BadRequest`."""
        if self._request is None:
            self._request = self.codec.read_request(body, self.envelope, self.notes())
        return self._request

    def notes(self, target: Target | None = None) -> Notes:
        """Make the notes for a target, or for reading and for the way back."""
        return Notes(
            self.seal,
            answering=target is None,
            strict=self.strict and target is not None,
            quirks=target.provider.quirks if target is not None else None,
            now=self.now,
            call_id=self.call_id,
            spelled=self.codec.spelled,
        )

    def to(self, target: Target, body: bytes, max_output: int | None) -> "Translation":
        """Begin the translation for one target; raises `UpstreamError` where there is no way to ask it."""
        way = self._ways.of(self.codec.kind, target)
        if way is None:
            raise UpstreamError("there is no way to ask this target")
        request = replace(self.read(body), model=target.model)
        if isinstance(request, Request):
            stream = self.envelope.stream
            asks = stream and target.provider.quirks.stream_usage == "option"
            request = replace(
                request,
                stream=True if stream else None,
                stream_usage=True if asks else None,
                max_output=request.max_output if max_output is None else max_output,
            )
        return Translation(self, way, request, self.notes(target))


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
        asked = self.translator.envelope
        envelope = Envelope(target.model, stream=asked.stream, asks_usage=True, outputs_tokens=asked.outputs_tokens)
        return self.way.dialect.readdress(
            body, envelope, model=target.model, max_output=None, quirks=target.provider.quirks
        )

    def reader(self, *, streamed: bool, tell: Callable[[Iterable[str]], None]) -> "TranslatedWhole | TranslatedStream":
        """Make the reader of the answer; `streamed`: the provider streams it.

        `tell` is called with the fields that were dropped from a whole answer, before it is given.
        """
        codec, own = self.way.codec, self.translator.codec
        asked = self.translator.read(b"")
        if codec.kind == CONVERSATION and streamed:
            return TranslatedStream(codec, own, asked, self.translator.notes(), streams=self.translator.envelope.stream)
        streams = self.translator.envelope.stream
        return TranslatedWhole(codec, own, asked, self.translator.notes(), streams=streams, tell=tell)

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
        tell: Callable[[Iterable[str]], None],
    ) -> None:
        self.usage: Usage | None = None
        self.finished = False
        self.failed = False
        self.pieces = 0
        self.notes = notes
        self._source = source
        self._own = own
        self._asked = asked
        self._streams = streams
        self._tell = tell

    def feed(self, chunk: bytes) -> list[bytes]:
        """Take the body; raises `UpstreamError` for what is no answer."""
        if not chunk:
            return []
        response = self._source.read_response(chunk, self.notes)
        if self._own.kind == CONVERSATION:
            response = freed(response, free_text_tools(self._asked))
        self.usage = getattr(response, "usage", None)
        self.finished = True
        written = self._written(response)
        if self.notes.dropped:
            self._tell(self.notes.dropped)
        return [written]

    def _written(self, response: Any) -> bytes:
        if self._streams and self._own.kind == CONVERSATION:
            writer = self._own.stream_writer(self._asked, self.notes)  # type: ignore[attr-defined]  # by its kind
            return b"".join(writer.write(event) for event in unfold(response))
        return self._own.write_response(response, self._asked, self.notes)


class TranslatedStream:
    """Reads an answer as it streams, an `AnswerReader`.  Where the caller asked for no stream, it gets the whole."""

    def __init__(self, source: Any, own: Any, asked: Any, notes: Notes, *, streams: bool) -> None:
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
            return [self._own.write_response(self._folding.response(), self._asked, self.notes)]
        together = b"".join(written)
        return [together] if together else []

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
