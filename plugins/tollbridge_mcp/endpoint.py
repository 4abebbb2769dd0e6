"""Streamable HTTP for MCP (2025-03-26 to 2026-07-28): what a request must be like, before the SDK answers it."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from typing import Protocol

import msgspec
from starlette.types import Message, Receive, Scope, Send

from tollbridge import BadRequest, Call, Denied, Unauthenticated, Unavailable
from tollbridge.administering import BodyTooLarge, MethodNotAllowed, RequestTimeout
from tollbridge_mcp.messages import LARGEST, Envelope, read_message, write_refusal
from tollbridge_mcp.model import ToolSource
from tollbridge_mcp.pages import may_call
from tollbridge_mcp.streaming import PING_S, Reply

ROOT = "/v1/mcp"
"""Where the global server is; that of a service is below it, by its slug."""
PATIENCE_S = 30.0
"""Seconds for a request to be here."""
_VERSION = b"mcp-protocol-version"
_LONGEST_VERSION = 40
_STREAMS = frozenset(("text/event-stream", "text/*", "*/*"))


class Answers(Protocol):
    """What answers a request for one source."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer in JSON."""
        ...


class Door(msgspec.Struct, frozen=True):
    """A server that can be asked: its tools, and what it says of itself."""

    source: ToolSource
    name: str
    title: str = ""
    version: str = ""
    instructions: str = ""


Find = Callable[[Call, str], Awaitable[Door]]
"""Finds the server of a slug, empty for the global one; raises `NotFound`, or why it cannot be asked now."""
Make = Callable[[Door, Call], Awaitable[Answers]]
"""Makes what answers a call at a door."""
Hold = Callable[["asyncio.Future[None]"], None]
"""Keeps the gateway open until something is done."""


class Endpoint:
    """The ASGI app behind the chain, which found out who calls: `scope["tollbridge"]` says it.

    `make` makes what answers. A browser's page may call it from `origins` alone, such as `https://gw.example`; without
    any, from this machine. `hold` is told of each call that is cut while it runs.
    """

    def __init__(
        self,
        find: Find,
        make: Make,
        *,
        origins: Collection[str] = (),
        root: str = ROOT,
        hold: Hold = lambda ended: None,
        ping_s: float = PING_S,
    ) -> None:
        self._find = find
        self._make = make
        self._origins = frozenset(origins)
        self._root = root
        self._hold = hold
        self._ping_s = ping_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; raises `GatewayError` for what is no message of MCP."""
        call: Call = scope["tollbridge"]
        if call.principal is None:
            raise Unauthenticated()
        self._check_head(call)
        door = await self._find(call, slug_of(call.path, self._root))
        body = await _read(receive)
        message = read_message(body)
        answers = await self._make(door, call)
        reply = Reply(send, streams=_takes_streams(call), ping_s=self._ping_s)
        await self._until_gone(answers, scope, (body, receive), reply, message)

    def _check_head(self, call: Call) -> None:
        origin = call.header(b"origin")
        if origin is not None and not may_call(origin.decode("latin-1"), self._origins):
            raise Denied("a page of this origin may not call the MCP servers here", code="origin_not_allowed")
        if call.method != "POST":  # nothing is ever sent on a stream of its own, and there are no sessions to end
            raise MethodNotAllowed("MCP servers take POST", headers={"allow": "POST"})
        if len([name for name, _ in call.headers if name == _VERSION]) > 1:
            raise BadRequest("mcp-protocol-version must be there once")
        if len(call.header(_VERSION) or b"") > _LONGEST_VERSION:
            raise BadRequest(f"mcp-protocol-version is over {_LONGEST_VERSION} characters")

    async def _until_gone(
        self, answers: Answers, scope: Scope, came: tuple[bytes, Receive], reply: Reply, message: Envelope
    ) -> None:
        """Answer until the caller leaves, which calls off what it asked for (2026-07-28, basic/patterns/cancellation).

        Whom the server cuts off is told so, if it is there.
        """
        body, receive = came
        gone = asyncio.Event()
        given: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replayed() -> Message:
            if given:
                return given.pop()
            await gone.wait()
            return {"type": "http.disconnect"}

        answering = asyncio.ensure_future(answers(scope, replayed, reply.hear))
        watching = asyncio.ensure_future(_watch(receive, gone))
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        try:
            await reply.first_of((answering, watching))
        except asyncio.CancelledError:
            self._hold(ended)  # before anything is waited for: the gateway is about to close
            await _call_off(answering, watching)
            if not gone.is_set():
                with suppress(Exception):  # whatever is wrong with the connection, it is being cut
                    cut = Unavailable("the gateway is shutting down; try again")
                    await reply.refuse(cut.status, write_refusal(message.id, cut))
            raise
        finally:
            if not answering.done():
                self._hold(ended)
            try:
                await _call_off(answering, watching)
            finally:
                ended.set_result(None)
        if not answering.cancelled():
            answering.result()
            await reply.give()


def slug_of(path: str, root: str = ROOT) -> str:
    """Give the slug in a path, empty for the global server; what is deeper is part of it, and none that there is."""
    return path.removeprefix(root).strip("/")


def _takes_streams(call: Call) -> bool:
    accept = (call.header(b"accept") or b"").decode("latin-1").lower()
    return any(each.partition(";")[0].strip() in _STREAMS for each in accept.split(","))


async def _read(receive: Receive) -> bytes:
    parts, size = list[bytes](), 0
    try:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    raise BadRequest("the request broke off")
                part = message.get("body", b"")
                size += len(part)
                if size > LARGEST:
                    raise BodyTooLarge(f"the message is over {LARGEST} bytes")
                parts.append(part)
                if not message.get("more_body", False):
                    return b"".join(parts)
    except TimeoutError:
        raise RequestTimeout(f"the message was not here within {PATIENCE_S:g} s") from None


async def _call_off(*tasks: "asyncio.Future[None]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


async def _watch(receive: Receive, gone: asyncio.Event) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    gone.set()
