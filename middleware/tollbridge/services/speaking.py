"""A published service that is called as a model, `api/<slug>`, in whatever dialect: by way of the canonical model."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

import msgspec
from starlette.types import Receive, Scope, Send

from tollbridge.call import Call, Headers
from tollbridge.errors import BadRequest, GatewayError, InternalError, Unavailable
from tollbridge.formats.codec import CONVERSATION, Conversation
from tollbridge.formats.conversation import Request
from tollbridge.formats.dialect import Dialect, Envelope, ModelEntry, Operation
from tollbridge.formats.events import AnyEvent, Broken
from tollbridge.formats.notes import Notes, shown
from tollbridge.formats.seal import Seal
from tollbridge.money import show_usd
from tollbridge.services.book import Book
from tollbridge.services.kinds import MODEL, SpokenService
from tollbridge.services.model import Service

COST, DROPPED = b"x-tollbridge-cost-usd", b"x-tollbridge-dropped"


class Spoken(msgspec.Struct, eq=False):
    """A conversation with a service: what is needed to read it and to answer in the caller's dialect.

    `scope` is the one that any such conversation needs, beside that of its model.
    """

    call: Call
    dialect: Dialect
    codec: Conversation
    envelope: Envelope
    seal: Seal
    now: int
    scope: str

    async def answer(self, service: SpokenService, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, until the caller leaves; raises a `GatewayError` only before anything was sent."""
        answering = asyncio.ensure_future(self._answer(service, send))
        leaving = asyncio.ensure_future(_left(receive))
        try:
            await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if answering.done():
                answering.result()
        finally:
            answering.cancel()
            leaving.cancel()
            await asyncio.wait({answering, leaving})
            if not answering.cancelled():
                answering.exception()  # now it was seen, and nobody logs it as lost

    async def _answer(self, service: SpokenService, send: Send) -> None:
        notes = Notes(self.seal, now=self.now, call_id=self.call.id, spelled=self.codec.spelled, answering=True)
        request = self.codec.read_request(self.call.body or b"", self.envelope, notes)
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
        if notes.dropped:
            headers.append((DROPPED, shown(notes.dropped)))
        headers.append((b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _stream(self, service: SpokenService, request: Request, notes: Notes, send: Send) -> None:
        """Stream; the head is sent with the first event, so that what is refused before it has its own status."""
        writer, begun = self.codec.stream_writer(request, notes), False
        try:
            async with aclosing(_closing(service.stream(self.call, request))) as events:
                async for event in events:
                    written = writer.write(event)
                    if not begun:
                        begun = True
                        await send({"type": "http.response.start", "status": 200, "headers": self._headers()})
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

    def _headers(self) -> Headers:
        return [
            (b"content-type", self.dialect.stream_type),
            (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"),
        ]


def spoken(call: Call, operation: Operation, envelope: Envelope, seal: Seal) -> Spoken:
    """Begin a conversation with a service; raises `BadRequest` where something else than one is asked for."""
    codec: Any = operation.codec
    if call.dialect is None or codec is None or codec.kind != CONVERSATION or operation.socket:
        raise BadRequest(f"the model {call.model!r} is a service, and answers conversations alone", param="model")
    return Spoken(call, call.dialect, codec, envelope, seal, int(call.received.timestamp()), operation.scope)


def service_of(served: object) -> SpokenService:
    """Give a served release as a model; raises `Unavailable` where it is none, though the book said so."""
    if not isinstance(served, SpokenService):
        raise Unavailable("this service cannot be called as a model now")
    return served


def models_of(book: Book) -> list[ModelEntry]:
    """List the services that are called as models, as far as they serve."""
    return [_entry(entry.service) for entry in book.entries.values() if entry.serves and entry.spoken]


def _entry(service: Service) -> ModelEntry:
    return ModelEntry(
        f"{MODEL}{service.slug}",
        service.team or "tollbridge",
        deprecated_at=service.deprecated_at,
        ends_at=service.sunset_at,
        successor=f"{MODEL}{service.successor}" if service.successor else "",
    )


async def _left(receive: Receive) -> None:
    """Wait until the caller leaves."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _closing(events: AsyncIterator[AnyEvent]) -> AsyncGenerator[AnyEvent, None]:
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
