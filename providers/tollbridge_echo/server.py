"""A small HTTP/1.1 server on a loopback port, in this process.  What it answers is planned by `planning`."""

import asyncio
import secrets
import socket
from contextlib import suppress
from hmac import compare_digest

import h11

from tollbridge_echo.planning import plan_answer
from tollbridge_echo.plans import Plan, refusal_plan
from tollbridge_echo.refusals import Refusal

_HOST = "127.0.0.1"
_CHUNK_BYTES = 65_536
_MOST_BYTES = 64 * 1024 * 1024
"""Bytes of a request: more than a gateway lets through."""


class EchoServer:
    """Listens from `start` to `stop`, on a free port, for those who know `key`."""

    def __init__(self) -> None:
        self.key = secrets.token_urlsafe(32)
        self._socket: socket.socket | None = None
        self._server: asyncio.Server | None = None
        self._serving: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    async def start(self) -> str:
        """Begin to listen; gives the URL, without a path."""
        self._socket = socket.create_server((_HOST, 0), backlog=1_024)
        self._server = await asyncio.start_server(self._accept, sock=self._socket)
        return f"http://{_HOST}:{self._socket.getsockname()[1]}"

    async def stop(self) -> None:
        """Close every connection, and wait until that is done.  A second call does nothing."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        serving = dict(self._serving)
        for task, writer in serving.items():
            task.cancel()
            writer.transport.abort()
        await asyncio.gather(*serving, return_exceptions=True)
        for writer in serving.values():
            with suppress(OSError):
                await writer.wait_closed()

    def abandon(self) -> None:
        """Stop listening, from outside its event loop, which is gone."""
        if self._socket is not None:
            self._socket.close()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._serving[task] = writer
        task.add_done_callback(self._serving.pop)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = _Connection(reader, writer, self.key)
        try:
            while await connection.exchange():
                pass
        except (OSError, h11.ProtocolError):
            pass  # the gateway left, or was none
        finally:
            writer.close()


class _Connection:
    """One connection: request after request."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, key: str) -> None:
        self._reader = reader
        self._writer = writer
        self._credential = f"Bearer {key}".encode()
        self._state = h11.Connection(h11.SERVER)

    async def exchange(self) -> bool:
        """Answer one request; says whether another may follow."""
        request, body = await self._read()
        if request is None:
            return False
        shown = dict(request.headers).get(b"authorization", b"")
        if body is None:
            plan = refusal_plan(Refusal("the body is too large", status=413))
        elif not compare_digest(shown, self._credential):
            plan = refusal_plan(Refusal("this is no key of mine", status=401))
        else:
            plan = plan_answer(request.method.decode(), request.target.decode().partition("?")[0], body)
        await self._send(plan)
        if plan.cut or self._state.our_state is not h11.DONE or self._state.their_state is not h11.DONE:
            return False
        self._state.start_next_cycle()
        return True

    async def _read(self) -> tuple[h11.Request | None, bytes | None]:
        """Read a request; None at the end of the connection, and no body where it is too large."""
        request: h11.Request | None = None
        body = bytearray()
        while True:
            event = self._state.next_event()
            if event is h11.NEED_DATA:
                if self._state.they_are_waiting_for_100_continue:
                    self._write(h11.InformationalResponse(status_code=100, headers=[]))
                self._state.receive_data(await self._reader.read(_CHUNK_BYTES))
            elif isinstance(event, h11.Request):
                request = event
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > _MOST_BYTES:
                    return request, None
            elif isinstance(event, h11.EndOfMessage):
                return request, bytes(body)
            else:
                return None, None

    async def _send(self, plan: Plan) -> None:
        headers = [("content-type", plan.kind), *plan.headers]
        if plan.length is not None:
            headers.append(("content-length", str(plan.length)))
        head: h11.Event | None = h11.Response(status_code=plan.status, headers=headers)
        for step in plan.steps:
            if not isinstance(step, bytes):
                await asyncio.sleep(step)
                continue
            if head is not None:
                self._write(head)
                head = None
            self._write(h11.Data(data=step))
            await self._writer.drain()
        if not plan.cut:
            self._write(h11.EndOfMessage())
        await self._writer.drain()

    def _write(self, event: h11.Event) -> None:
        self._writer.write(self._state.send(event) or b"")
