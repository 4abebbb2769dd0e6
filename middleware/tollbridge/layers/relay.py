"""A session over a WebSocket: messages pass untouched both ways, and what it used is read on the way.

The codes of a close are carried over. When one side ends, so does the other; but a caller who leaves while an answer is
being made is not gone scot-free: the provider is listened to until it has told the usage.
"""

import asyncio
import math
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

import structlog
from starlette.types import Message, Receive, Send

from tollbridge.call import Call, Headers
from tollbridge.errors import (
    GatewayError,
    InternalError,
    TokenEnded,
    UpstreamTimeout,
    UpstreamTruncated,
    UpstreamUnreachable,
)
from tollbridge.formats.dialect import AnswerReader
from tollbridge.formats.ways import spoken_at, upstream_url
from tollbridge.layers.headers import upstream_headers
from tollbridge.layers.otherkey import open_either
from tollbridge.layers.watch import Watch
from tollbridge.layers.websocket import content_of, size_of
from tollbridge.metering.usage import UsageSource
from tollbridge.providers import Target
from tollbridge.tokens.model import Principal
from tollbridge.transport.base import UpstreamRequest
from tollbridge.transport.sockets import BROKEN_OFF, LONGEST_MESSAGE, SocketEnded, Sockets, UpstreamSocket

log = structlog.get_logger("tollbridge")

LISTEN_S = 30.0
"""How long a provider is listened to for the usage of an answer whose caller has left.

Shorter than what a reservation is held beyond the longest session.
"""
_GOING_AWAY, _REFUSED, _TOO_BIG, _FAILED = 1001, 1008, 1009, 1011
_SPOKEN = frozenset((*range(1000, 1004), *range(1007, 1015), *range(3000, 5000)))
"""Codes that may stand in a close; the others say that there was none (RFC 6455 section 7.4)."""


class _Over(NamedTuple):
    """How a session ended: the close, `error` where that is not as it should be, and whether the caller has left."""

    code: int
    reason: str = ""
    error: GatewayError | None = None
    left: bool = False


class Relay:
    """One session.  `longest_s` is how long it may last: what is reserved for it is held no longer."""

    def __init__(
        self, call: Call, receive: Receive, send: Send, *, sockets: Sockets, watch: Watch, longest_s: float
    ) -> None:
        self._call = call
        self._receive = receive
        self._send = send
        self._sockets = sockets
        self._watch = watch
        self._longest_s = longest_s
        self._until = math.inf
        self._told: asyncio.Future[_Over] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        """Open, accept, and pass on until one side ends; raises `GatewayError` before it has accepted."""
        call, dialect, envelope = self._call, self._call.dialect, self._call.envelope
        if dialect is None or envelope is None:
            raise InternalError("a session without a dialect")
        message = await self._receive()
        if message["type"] != "websocket.connect":
            return
        socket, target = await self._reach(call.targets)
        reader = dialect.answer_reader(envelope, streamed=True)
        try:
            subprotocol = socket.subprotocol or next(iter(_asked(call)), None)
            await self._send({"type": "websocket.accept", "subprotocol": subprotocol, "headers": _told(call, target)})
            self._until = asyncio.get_running_loop().time() + self._longest_s
            self._watch.add(self)
            over = await self._pass_on(socket, reader)
            call.error = over.error
            if not over.left:
                await self._send({"type": "websocket.close", "code": over.code, "reason": over.reason})
            await _hear_out(socket, reader)
            await socket.close(over.code, over.reason)
        finally:
            self._watch.remove(self)
            call.reached = reader.pieces > 0
            if reader.usage is not None:
                call.usage, call.usage_source = reader.usage, UsageSource.PROVIDER
            await socket.close(_GOING_AWAY)

    def look(self, now: float) -> None:
        """End the session when its time is up."""
        if now >= self._until:
            self._end(_Over(_GOING_AWAY, "the session has lasted as long as it may"))

    @property
    def principal(self) -> Principal | None:
        return self._call.principal

    def cut(self) -> None:
        """End the session because its token has ended."""
        ended = TokenEnded()
        self._end(_Over(_REFUSED, ended.code, ended))

    def _end(self, over: _Over) -> None:
        if not self._told.done():
            self._told.set_result(over)

    async def _reach(self, targets: Sequence[Target]) -> tuple[UpstreamSocket, Target]:
        """Open a session with the first target that can be reached; gives it too."""
        for target in targets[:-1]:
            try:
                return await self._open(target), target
            except (UpstreamUnreachable, UpstreamTimeout) as exc:
                log.warning("target_failed", call_id=self._call.id, provider=target.provider.name, detail=exc.detail)
        return await self._open(targets[-1]), targets[-1]

    async def _open(self, target: Target) -> UpstreamSocket:
        call = self._call
        call.target = target
        dialect, operation, envelope = call.dialect, call.operation, call.envelope
        if dialect is None or operation is None or envelope is None:
            raise InternalError("a session without a dialect")
        query = dialect.readdress(
            call.query, envelope, model=target.model, max_output=None, quirks=target.provider.quirks
        )
        url = upstream_url(spoken_at(dialect, target.base_urls), operation, target.model, stream=False)
        url += ("&" if "?" in url else "?") + query.decode("ascii")
        request = UpstreamRequest("GET", url, upstream_headers(call.headers, target), b"", target.allow_private)
        return await open_either(request, target, self._sockets, _asked(call))

    async def _pass_on(self, socket: UpstreamSocket, reader: AnswerReader) -> _Over:
        """Pass messages on both ways; gives how the session ended."""
        ways = [asyncio.ensure_future(self._up(socket)), asyncio.ensure_future(self._down(socket, reader))]
        try:
            done, _ = await asyncio.wait([*ways, self._told], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
        return self._told.result() if self._told in done else next(way.result() for way in ways if way in done)

    async def _up(self, socket: UpstreamSocket) -> _Over:
        """Give the provider what the caller sends."""
        while True:
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                code = message.get("code", BROKEN_OFF)
                return _Over(code if code in _SPOKEN else _GOING_AWAY, message.get("reason") or "", left=True)
            said = content_of(message)
            if size_of(said) > LONGEST_MESSAGE:
                return _Over(_TOO_BIG, f"a message is over {LONGEST_MESSAGE} bytes")
            try:
                await socket.send(said)
            except SocketEnded as exc:
                return _ended(exc)

    async def _down(self, socket: UpstreamSocket, reader: AnswerReader) -> _Over:
        """Give the caller what the provider sends, once its usage is read."""
        while True:
            try:
                said = await socket.receive()
            except SocketEnded as exc:
                return _ended(exc)
            _read(reader, said)
            try:
                await self._send(_message(said))
            except OSError:  # how a server says that there is nobody (ASGI 2.4)
                return _Over(_GOING_AWAY, left=True)


def _asked(call: Call) -> list[str]:
    """Give the subprotocols that a caller asks for and that the operation knows.

    A browser breaks off where none of those that it asks for is taken up (WHATWG WebSockets standard, section 2, read
    2026-11), so the first one is where a provider says nothing.
    """
    known = call.operation.subprotocols if call.operation is not None else ()
    return [name for name in (call.native or {}).get("subprotocols", ()) if name in known]


def _ended(exc: SocketEnded) -> _Over:
    """Say how the provider ended a session: by a close, or by breaking off."""
    if exc.code == BROKEN_OFF:
        broken = UpstreamTruncated("the provider's session broke off")
        return _Over(_FAILED, broken.code, broken)
    return _Over(exc.code if exc.code in _SPOKEN else 1000, exc.reason)


async def _hear_out(socket: UpstreamSocket, reader: AnswerReader) -> None:
    """Listen until the provider has told what the answers under way have used."""
    with suppress(TimeoutError, SocketEnded):
        async with asyncio.timeout(LISTEN_S):
            while not reader.finished:
                _read(reader, await socket.receive())


def _read(reader: AnswerReader, said: str | bytes) -> None:
    reader.feed(said.encode("utf-8", "surrogatepass") if isinstance(said, str) else said)


def _message(said: str | bytes) -> Message:
    return {"type": "websocket.send", "text" if isinstance(said, str) else "bytes": said}


def _told(call: Call, target: Target) -> Headers:
    """Give the headers of an upgrade that is accepted."""
    return [
        (b"x-request-id", call.id.encode("ascii")),
        (b"x-tollbridge-model", target.model.encode("latin-1", "replace")),
        (b"x-tollbridge-provider", target.provider.name.encode("ascii")),
    ]
