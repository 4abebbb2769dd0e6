"""The canonical model as a dialect of its own, which is spoken only inside this process.

A question is written once, in the dialect of the target that is asked, whichever of several that is, and an answer is
read once. In between stands JSON, so that policies see, and may change, what is asked as they do in any dialect.
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any, ClassVar, TypeVar

import msgspec

from tollbridge.errors import BadRequest, GatewayError, InternalError, UpstreamError
from tollbridge.formats.codec import CONVERSATION
from tollbridge.formats.conversation import Request
from tollbridge.formats.dialect import Dialect, Envelope, Operation
from tollbridge.formats.events import AnyEvent, Ping
from tollbridge.formats.failures import failure
from tollbridge.formats.notes import Notes
from tollbridge.formats.parts import AnyPart, Media, ToolResult
from tollbridge.formats.response import Response
from tollbridge.formats.sse import EventCutter, event_data, split_events, write_event
from tollbridge.formats.values import UNREADABLE
from tollbridge.metering.estimate import bound

NAME = "tollbridge"

T = TypeVar("T")


class _Refusal(msgspec.Struct, omit_defaults=True):
    """A `GatewayError` in JSON."""

    status: int
    code: str
    message: str
    param: str | None = None
    retry_after_s: float | None = None


class _Refused(msgspec.Struct):
    error: _Refusal


def _told(error: object) -> _Refusal:
    if not isinstance(error, GatewayError):
        raise TypeError(f"{type(error).__name__} is no part of the canonical model")
    return _Refusal(error.status, error.code, error.message, error.param, error.retry_after_s)


def _raised(told: _Refusal) -> GatewayError:
    error = failure(told.status, told.message, code=told.code, param=told.param)
    error.retry_after_s = told.retry_after_s
    return error


def _hooked(kind: type, said: Any) -> Any:
    return _raised(msgspec.convert(said, _Refusal))


_encode = msgspec.json.Encoder(decimal_format="number", enc_hook=_told).encode
_request = msgspec.json.Decoder(Request, float_hook=Decimal).decode
_response = msgspec.json.Decoder(Response, float_hook=Decimal).decode
_event = msgspec.json.Decoder(AnyEvent, float_hook=Decimal, dec_hook=_hooked).decode
_refused = msgspec.json.Decoder(_Refused).decode


def _read(decode: Callable[[bytes], T], body: bytes, wrong: type[GatewayError], what: str) -> T:
    try:
        return decode(body)
    except UNREADABLE as exc:
        raise wrong(f"{what} is not what the canonical model has", detail=str(exc)) from exc


def _write_answer(said: object) -> bytes:
    try:
        return _encode(said)
    except RecursionError as exc:
        raise UpstreamError("the provider's answer is nested too deep") from exc


class CanonicalCodec:
    """Reads and writes the canonical model as JSON, a stream as server-sent events of one canonical event each."""

    name: ClassVar[str] = NAME
    kind: ClassVar[str] = CONVERSATION
    spelled: ClassVar[Mapping[str, str]] = {}
    free_text: ClassVar[bool] = True

    def read_request(self, body: bytes, envelope: Envelope, notes: Notes, /) -> Request:
        return _read(_request, body, BadRequest, "the question")

    def write_request(self, request: Request, notes: Notes, /) -> bytes:
        return write_question(request)

    def read_response(self, body: bytes, notes: Notes, /) -> Response:
        return read_answer(body)

    def write_response(self, response: Response, request: Request, notes: Notes, /) -> bytes:
        return _write_answer(response)

    def read_error(self, status: int, body: bytes, /) -> GatewayError:
        """Read a refusal; one that something changed beyond recognition has only its status."""
        try:
            return _raised(_refused(body).error)
        except UNREADABLE:
            return failure(status, "")

    def stream_reader(self, notes: Notes, /) -> "EventReader":
        return EventReader()

    def stream_writer(self, request: Request, notes: Notes, /) -> "EventWriter":
        return EventWriter()


class EventReader:
    """Reads a stream of canonical events."""

    def __init__(self) -> None:
        self._cutter = EventCutter()

    def feed(self, chunk: bytes) -> list[AnyEvent]:
        """Take the next bytes, give the events that are whole; comments are passed over."""
        whole = self._cutter.feed(chunk)
        said: Iterable[bytes | None] = map(event_data, split_events(whole)) if whole else ()
        return [_read(_event, data, UpstreamError, "an event of the answer") for data in said if data is not None]


class EventWriter:
    """Writes a stream of canonical events."""

    def write(self, event: AnyEvent) -> bytes:
        return write_event(_write_answer(event))


CODEC = CanonicalCodec()
ASK = Operation("ai:chat", "ask", path="/ask", codec=CODEC)
"""The one operation there is: in the ledger it is a chat, in metrics it has a name of its own."""


def write_question(request: Request) -> bytes:
    """Write a request; raises `BadRequest` for one that no JSON can hold."""
    try:
        return _encode(request)
    except RecursionError:
        raise BadRequest("the question is nested too deep") from None
    except UnicodeEncodeError:
        raise BadRequest("the question has half of a character: a surrogate that stands alone") from None


def read_answer(body: bytes) -> Response:
    """Read a whole answer; raises `UpstreamError` for what is none."""
    return _read(_response, body, UpstreamError, "the answer")


def envelope_of(request: Request, body: bytes) -> Envelope:
    """Give what the gateway must know of a request; raises `BadRequest` for a number below 1."""
    answers = 1 if request.answers is None else request.answers
    limit = request.max_output
    for name, number in (("answers", answers), ("max_output", limit)):
        if number is not None and number < 1:
            raise BadRequest(f"the field {name!r} must be at least 1", param=name)
    media = sum(_media(message.parts) for message in request.messages)
    return Envelope(
        request.model,
        stream=bool(request.stream),
        max_output=None if limit is None else limit * answers,
        input_bound=bound(body, attached=media, tools=bool(request.tools)),
        asks_usage=True,
        answers=answers,
    )


def _media(parts: Iterable[AnyPart]) -> int:
    """Count the attachments, those of tools' results too."""
    count = 0
    for part in parts:
        if isinstance(part, Media):
            count += part.text is None
        elif isinstance(part, ToolResult):
            count += _media(part.content)
    return count


def _nobody(what: str, *_: object, **__: object) -> Any:
    raise InternalError(f"nobody {what} in the dialect {NAME!r}: it never leaves the process")


class CanonicalDialect:
    """What layers need of a dialect; no target speaks it and no client does, so the rest of one is never asked for."""

    name = NAME
    base = NAME
    stream_type = b"text/event-stream"
    keep_alive = EventWriter().write(Ping())
    operations = (ASK,)

    def read_envelope(self, operation: Operation, path: str, body: bytes) -> Envelope:
        return envelope_of(_read(_request, body, BadRequest, "the question"), body)

    def write_error(self, error: GatewayError, call_id: str) -> bytes:
        return _encode({"error": _told(error)})

    def write_error_event(self, error: GatewayError, call_id: str) -> bytes:
        return write_event(_encode({"type": "broken", "error": _told(error)}))

    readdress = staticmethod(partial(_nobody, "is asked"))
    answer_reader = staticmethod(partial(_nobody, "answers"))
    write_models = staticmethod(partial(_nobody, "lists models"))
    write_model = staticmethod(partial(_nobody, "shows a model"))
    claims = staticmethod(partial(_nobody, "calls"))


DIALECT: Dialect = CanonicalDialect()
