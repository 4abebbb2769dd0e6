"""A published service that is called as a model, `api/<slug>`, in whatever dialect: by way of the canonical model."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import aclosing, contextmanager
from typing import Any

import msgspec
from starlette.types import Receive, Scope, Send

from tollbridge.call import Call, Headers
from tollbridge.errors import BadRequest, GatewayError, InternalError, Unavailable
from tollbridge.formats.codec import CONVERSATION, Conversation
from tollbridge.formats.conversation import Request
from tollbridge.formats.dialect import Dialect, Envelope, ModelEntry, Operation
from tollbridge.formats.events import AnyEvent, Broken, End
from tollbridge.formats.notes import DROPPED, Notes, remark, shown
from tollbridge.formats.seal import Seal
from tollbridge.money import show_usd
from tollbridge.services.book import Book
from tollbridge.services.kinds import MODEL, Left, SelectiveService, SpokenService
from tollbridge.services.leaving import until_left
from tollbridge.services.model import Design, Service

COST = b"x-tollbridge-cost-usd"


class Spoken(msgspec.Struct, eq=False):
    """A conversation with a service: what is needed to read it and to answer in the caller's dialect.

    `scope` is the one that any such conversation needs, beside that of its model. `strict`: what would be left out of
    the request is refused.
    """

    call: Call
    dialect: Dialect
    codec: Conversation
    envelope: Envelope
    seal: Seal
    now: int
    scope: str
    strict: bool = False

    async def answer(self, service: SpokenService, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, until the caller leaves; raises a `GatewayError` only before anything was sent."""
        await until_left(self._answer(service, send), receive)

    async def _answer(self, service: SpokenService, send: Send) -> None:
        notes = self._notes(answering=True)
        request = self.codec.read_request(self.call.body or b"", self.envelope, notes)
        if isinstance(service, SelectiveService):
            asked = self._notes(strict=self.strict)
            service.leave_out(request, asked)
            notes.repeat(asked.dropped)
        with _own_words(notes):
            if self.envelope.stream:
                await self._stream(service, request, notes, send)
                return
            said = await service.respond(self.call, request)
        headers: Headers = [(b"content-type", b"application/json")]
        if said.cost is not None:
            headers.append((COST, show_usd(said.cost).encode("ascii")))
        for field in said.dropped:
            notes.drop(field)
        body = self.codec.write_response(said.response, request, notes)
        headers += (*_told(notes.dropped), (b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _stream(self, service: SpokenService, request: Request, notes: Notes, send: Send) -> None:
        """Stream; the head is sent with the first event, so that what is refused before it has its own status."""
        writer, begun = self.codec.stream_writer(request, notes), False
        try:
            async with aclosing(_closing(service.stream(self.call, request))) as events:
                async for event in events:
                    if isinstance(event, Left):
                        for field in event.fields:
                            notes.drop(field)
                        continue
                    written = writer.write(event)
                    if not begun:
                        begun, told = True, notes.dropped
                        headers = [*self._headers(), *_told(told)]
                        await send({"type": "http.response.start", "status": 200, "headers": headers})
                    if isinstance(event, End) and notes.dropped != told:
                        written = remark(self.dialect, notes.dropped) + written
                    if written:
                        await send({"type": "http.response.body", "body": written, "more_body": True})
        except GatewayError as error:
            if not begun:
                raise
            self.call.error = error
            body = self.dialect.write_error_event(error, self.call.id)
            await send({"type": "http.response.body", "body": body, "more_body": True})
        if not begun:
            raise InternalError("the service gave an answer of no events")
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _notes(self, *, strict: bool = False, answering: bool = False) -> Notes:
        about: dict[str, Any] = {"now": self.now, "call_id": self.call.id, "spelled": self.codec.spelled}
        return Notes(self.seal, strict, answering=answering, **about)

    def _headers(self) -> Headers:
        return [
            (b"content-type", self.dialect.stream_type),
            (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"),
        ]


def spoken(call: Call, operation: Operation, envelope: Envelope, seal: Seal, *, strict: bool = False) -> Spoken:
    """Begin a conversation with a service; raises `BadRequest` where something else than one is asked for."""
    codec: Any = operation.codec
    if call.dialect is None or codec is None or codec.kind != CONVERSATION or operation.socket:
        raise BadRequest(f"the model {call.model!r} is a service, and answers conversations alone", param="model")
    return Spoken(call, call.dialect, codec, envelope, seal, int(call.received.timestamp()), operation.scope, strict)


def service_of(served: object) -> SpokenService:
    """Give a served release as a model; raises `Unavailable` where it is none, though the book said so."""
    if not isinstance(served, SpokenService):
        raise Unavailable("this service cannot be called as a model now")
    return served


def models_of(book: Book) -> list[tuple[ModelEntry, Service, Design]]:
    """List the services that are called as models, as far as they serve."""
    spoken = [entry for entry in book.entries.values() if entry.serves and entry.spoken]
    return [(_entry(one.service), one.service, one.live.design) for one in spoken if one.live is not None]


def _entry(service: Service) -> ModelEntry:
    return ModelEntry(
        f"{MODEL}{service.slug}",
        service.team or "tollbridge",
        deprecated_at=service.deprecated_at,
        ends_at=service.sunset_at,
        successor=f"{MODEL}{service.successor}" if service.successor else "",
        counts=False,
    )


def _told(dropped: Sequence[str]) -> Headers:
    """Give the header that names what was left out, where there is anything."""
    return [(DROPPED, shown(dropped))] if dropped else []


@contextmanager
def _own_words(notes: Notes) -> Iterator[None]:
    """Have a refusal name the field by the caller's own word for it."""
    try:
        yield
    except BadRequest as exc:
        exc.param = exc.param and notes.spelt(exc.param)
        raise


async def _closing(events: AsyncIterator[AnyEvent | Left]) -> AsyncGenerator[AnyEvent | Left, None]:
    """Give the events, none that says that the stream broke: that is raised; let go of where they come from."""
    try:
        async for event in events:
            if isinstance(event, Broken):
                raise event.error
            yield event
    finally:
        close = getattr(events, "aclose", None)
        if close is not None:
            await close()
