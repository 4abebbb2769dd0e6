"""The way to outside servers for httpx2's clients: the gateway's own, which resolves, checks and pins each address.

Nothing is raised to the SDK, in whose tasks it would end as a group of errors: a request that fails is answered with
502, and `trouble` says why.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import msgspec

from tollbridge import GatewayError, UpstreamError, UpstreamRequest
from tollbridge_mcp.carrying import Transport, Upstream

LARGEST = 8 * 1024 * 1024
"""Bytes of all answers of one client together."""
MOST_REQUESTS = 50
LEAVING_S = 1.0
"""Seconds for what still runs when the client leaves."""
_DROPPED = frozenset(
    (b"accept-encoding", b"connection", b"host", b"content-length", b"transfer-encoding", b"user-agent")
)
_KEPT = frozenset((b"content-type", b"mcp-session-id", b"www-authenticate", b"retry-after"))

_SESSION = "mcp-session-id"
_REVISION = "mcp-protocol-version"


class _Asked(msgspec.Struct):
    method: str = ""


class GuardedTransport(httpx2.AsyncBaseTransport):
    """Carries the requests of one client, which must be of one exchange: what they bring is counted together.

    `allow_private`: loopback and private addresses may be dialled, also without TLS.
    """

    def __init__(self, transport: Transport, *, allow_private: bool, most: int = LARGEST) -> None:
        self._transport = transport
        self._allow_private = allow_private
        self._left = most
        self._requests = 0
        self._until: float | None = None
        self._running: set[asyncio.Timeout] = set()
        self.trouble: GatewayError | None = None
        self.status = 0
        """Of the last answer; 0 before any."""
        self.session: dict[str, str] = {}
        """The headers that name the session, where the server began one."""
        self.revision = ""
        """Of MCP, as the last request said it; empty before any did."""
        self.ran = False
        """Whether a tool may have been called: the server was asked to, and did not refuse the credential."""

    def leave(self) -> None:
        """Let what runs go on for `LEAVING_S` and no longer: a client that is called off waits for some of it."""
        self._until = asyncio.get_running_loop().time() + LEAVING_S
        for timeout in self._running:
            timeout.reschedule(self._until)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send; a redirect is a failure, for where it leads nobody has allowed."""
        self._requests += 1
        url, body = str(request.url), await request.aread()
        headers = [(name.lower(), value) for name, value in request.headers.raw if name.lower() not in _DROPPED]
        headers.append((b"accept-encoding", b"identity"))
        try:
            if self._requests > MOST_REQUESTS:
                raise UpstreamError("the MCP server wants too many requests for one call")
            if request.url.scheme != "https" and not self._allow_private:
                raise UpstreamError("an MCP server is called by https:// alone")
            sent = UpstreamRequest(request.method, url, headers, body, self._allow_private, tls_outside=True)
            async with self.in_time():
                answer = await self._transport.send(sent)
        except GatewayError as exc:
            self.ran = self.ran or _calls_a_tool(body)
            return self._failed(request, exc)
        self.status = answer.status
        self.ran = self.ran or (answer.status != 401 and _calls_a_tool(body))
        self._note_session(request, answer)
        if 300 <= answer.status < 400:
            await answer.close()
            return self._failed(request, UpstreamError("the MCP server redirects; give the URL it redirects to"))
        kept = [(name, value) for name, value in answer.headers if name.lower() in _KEPT]
        return httpx2.Response(answer.status, headers=kept, stream=_Chunks(self, answer), request=request)

    @asynccontextmanager
    async def in_time(self) -> AsyncGenerator[None, None]:
        """Bound the time once the client leaves; raises `UpstreamError`."""
        try:
            async with asyncio.timeout_at(self._until) as timeout:
                self._running.add(timeout)
                try:
                    yield
                finally:
                    self._running.discard(timeout)
        except TimeoutError:
            raise UpstreamError("the MCP server did not answer in time", code="upstream_timeout", status=504) from None

    def _note_session(self, request: httpx2.Request, answer: Upstream) -> None:
        named = next((value for name, value in answer.headers if name.lower() == _SESSION.encode("ascii")), b"")
        if named and not self.session:
            self.session = {_SESSION: named.decode("latin-1")}
        self.revision = request.headers.get(_REVISION, self.revision)
        if self.session and self.revision:
            self.session[_REVISION] = self.revision

    def count(self, size: int) -> None:
        """Count bytes that came; raises `UpstreamError` for too many."""
        self._left -= size
        if self._left < 0:
            raise UpstreamError("what the MCP server answers is too large")

    def note(self, trouble: GatewayError) -> None:
        """Remember the first trouble."""
        self.trouble = self.trouble or trouble

    def _failed(self, request: httpx2.Request, trouble: GatewayError) -> httpx2.Response:
        self.note(trouble)
        return httpx2.Response(502, content=b"", request=request)


class _Chunks(httpx2.AsyncByteStream):
    """The body of an answer; one that breaks off, or is too large, ends, and is noted."""

    def __init__(self, transport: GuardedTransport, answer: Upstream) -> None:
        self._transport = transport
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            while chunk := await self._next_chunk():
                self._transport.count(len(chunk))
                yield chunk
        except GatewayError as exc:
            self._transport.note(exc)

    async def _next_chunk(self) -> bytes:
        async with self._transport.in_time():
            return await self._answer.next_chunk()

    async def aclose(self) -> None:
        await self._answer.close()


def _calls_a_tool(body: bytes) -> bool:
    try:
        return msgspec.json.decode(body, type=_Asked).method == "tools/call"
    except msgspec.MsgspecError:
        return False
