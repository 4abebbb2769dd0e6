"""Calling what is published from inside: as one more call of the same caller, through the gateway's whole chain."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol
from urllib.parse import unquote

import msgspec
from starlette.types import Message, Receive, Scope, Send

from tollbridge import Call, UpstreamError
from tollbridge_mcp.quiet import quiet

LARGEST_ANSWER = 4 * 1024 * 1024
"""Bytes of an answer that a tool gives back."""

Headers = tuple[tuple[bytes, bytes], ...]
Entry = Callable[[Call, Scope, Receive, Send], Awaitable[None]]
"""Takes a request of whoever made the call, below `/v1/apis`, through the chain: scopes, limits, tolls and policies.

The scope holds no credential; the caller is the one that the call says.
"""


class Request(msgspec.Struct, frozen=True):
    """A request, its path and query as they stand in a URL."""

    method: str
    path: str
    query: str = ""
    headers: Headers = ()
    body: bytes = b""


class Answer(msgspec.Struct, frozen=True):
    """A whole answer."""

    status: int
    headers: Headers = ()
    body: bytes = b""

    @property
    def call_id(self) -> str:
        """The id of the call that gave it, in log and ledger."""
        return self.header(b"x-request-id")

    def header(self, name: bytes) -> str:
        """Give the value of a header, empty for none; `name` in lower case."""
        return next((value.decode("latin-1") for key, value in self.headers if key.lower() == name), "")


class Invoke(Protocol):
    """Calls a published service on behalf of whoever made `call`."""

    async def __call__(self, call: Call, request: Request) -> Answer:
        """Give the answer, also one that refuses; raises `UpstreamError` for one that is too large or broke off."""
        ...


class InProcess:
    """Calls by way of ASGI, without a connection.  `most` bounds the bytes of an answer."""

    def __init__(self, entry: Entry, *, most: int = LARGEST_ANSWER) -> None:
        self._entry = entry
        self._most = most

    async def __call__(self, call: Call, request: Request) -> Answer:
        """Give the answer; raises `UpstreamError`."""
        exchange = _Exchange(request.body, self._most)
        with quiet(False):  # what is called may be an app that uses the SDK itself
            await self._entry(call, scope_of(call, request), exchange.receive, exchange.send)
        return exchange.answer()


def scope_of(call: Call, request: Request) -> dict[str, Any]:
    """Make the ASGI scope of a request: where it came from, and by which server, is as with the call it is made for."""
    native: Mapping[str, Any] = call.native or {}
    root = str(native.get("root_path", "")).rstrip("/")
    kept = {name: native[name] for name in ("client", "server", "scheme", "state") if name in native}
    length = (b"content-length", b"%d" % len(request.body))
    host = [(name, value) for name, value in call.headers if name == b"host"][:1]
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        **kept,
        "method": request.method,
        "root_path": root,
        "path": root + unquote(request.path),
        "raw_path": (root + request.path).encode("ascii"),
        "query_string": request.query.encode("ascii"),
        "headers": [*host, *request.headers, *([length] if request.body else [])],
    }


class _Exchange:
    """One request and its answer, as an app sees them."""

    def __init__(self, body: bytes, most: int) -> None:
        self._body: bytes | None = body
        self._most = most
        self._status = 0
        self._headers: Headers = ()
        self._parts: list[bytes] = []
        self._size = 0
        self._whole = False
        self._over: UpstreamError | None = None

    async def receive(self) -> Message:
        if self._body is None:
            await asyncio.Event().wait()  # whoever waits for the caller to leave is cancelled with the call
        body, self._body = self._body or b"", None
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._headers = tuple((bytes(name), bytes(value)) for name, value in message.get("headers", ()))
            return
        part = message.get("body", b"")
        self._size += len(part)
        if self._size > self._most:
            self._over = UpstreamError(f"the service's answer is over {self._most} bytes, more than a tool gives back")
            raise self._over
        self._parts.append(part)
        self._whole = not message.get("more_body", False)

    def answer(self) -> Answer:
        if self._over is not None:  # which whoever sent it has made its own sense of
            raise self._over
        if not self._whole:
            raise UpstreamError("the service's answer ended before it was complete")
        return Answer(self._status, self._headers, b"".join(self._parts))
