"""One call's exchange with an upstream: nodes are tried until one gives the head of an answer."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import structlog

from tollbridge import GatewayError, Unavailable, UpstreamError
from tollbridge_rest.backend import Backend, Member
from tollbridge_rest.bodies import Incoming
from tollbridge_rest.headers import Headers, as_read
from tollbridge_rest.line import Line, LineBroken, write_head
from tollbridge_rest.pool import IDLE_S, SURE_S

REPEATABLE = frozenset(("GET", "HEAD", "OPTIONS", "PUT", "DELETE"))
"""Methods that may be sent twice (RFC 9110 section 9.2.2)."""
ELSEWHERE = frozenset((502, 503, 504))
"""Statuses with which a node says that another may do better."""

log = structlog.get_logger("tollbridge")


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request for an upstream.  `target` is path and query below its nodes' own paths; `host` the caller's."""

    method: str
    target: str
    host: str
    headers: Headers
    key: bytes = b""


class Answer:
    """An answer whose head is here.  `close` lets go of its node, which goes by `origins` and has `path` before all."""

    def __init__(
        self, backend: Backend, member: Member, line: Line, upload: "asyncio.Task[None] | None", *, host: str
    ) -> None:
        self.status = line.status
        self.headers = line.headers
        scheme, names = member.endpoint.scheme, (member.authority, host)
        self.origins = frozenset(f"{scheme}://{name}".lower() for name in names)
        self.path = member.path
        self._backend = backend
        self._member = member
        self._line = line
        self._upload = upload
        self._open = True

    async def chunks(self) -> AsyncIterator[bytes]:
        """Give the body as it comes; raises `LineBroken` where it breaks off, and what a longer one meets."""
        idle_s = self._backend.upstream.idle_timeout_s
        while True:
            try:
                async with asyncio.timeout(idle_s):
                    chunk = await self._line.next_chunk()
            except TimeoutError:
                self._backend.note(self._member, good=False)
                raise LineBroken(f"it fell silent for {idle_s:g} s", late=True) from None
            except LineBroken:
                _raise_refused(self._upload)
                self._backend.note(self._member, good=False)
                raise
            if not chunk:
                return
            yield chunk

    async def close(self) -> None:
        """Let go of the node; a body that is still going up is not sent to its end."""
        if not self._open:
            return
        self._open = False
        await _end(self._upload)
        self._backend.pool.give_back(self._member.endpoint, self._line)
        self._backend.end(self._member)


class Exchange:
    """Tries nodes in the order that the backend gives.  `own` are the gateway's headers, its credential among them.

    `reached` says whether any node may have got the request.
    """

    def __init__(self, backend: Backend, request: Outgoing, own: Headers, body: Incoming, call_id: str) -> None:
        self._backend = backend
        self._ours = own
        self._request = request
        self._body = body
        self._call_id = call_id
        self._tried: set[int] = set()
        self._asked: Member | None = None
        self._upload: asyncio.Task[None] | None = None
        self.reached = False

    async def run(self) -> Answer:
        """Give the first answer worth passing on.

        Raises `UpstreamError`, `Unavailable` where none was reached, `CallerGone`, or what the body is refused with.
        """
        upstream = self._backend.upstream
        left, stale = upstream.retries, False
        while True:
            member = self._backend.pick(self._tried, self._request.key)
            if member is None:
                raise Unavailable(
                    "no server of this service is alive now; try again later",
                    code="upstream_down",
                    detail=f"upstream {self._backend.name}: no node passes its checks",
                    retry_after_s=self._backend.again_s(),
                )
            reached = self.reached
            try:
                answer = await self._try(member, fresh=stale)
            except _Stale:
                self.reached, stale = reached, True
                continue
            except LineBroken as exc:
                self._tell(member, str(exc))
                if left == 0 or not self._may_repeat(exc.sent):
                    raise _failure(exc, self._backend.again_s(), reached=self.reached) from None
            else:
                if left == 0 or answer.status not in ELSEWHERE or not self._may_repeat(sent=True):
                    return answer
                self._tell(member, f"it answered {answer.status}")
                await answer.close()
            left, stale = left - 1, False
            self._tried.add(member.place)

    def ran_out(self) -> None:
        """Note that time is up: a node that hangs rests as one that fails, unless it waits for the caller's body."""
        if self._asked is not None and (self._upload is None or self._upload.done()):
            self._backend.note(self._asked, good=False)

    def _tell(self, member: Member, why: str) -> None:
        where = {"upstream": self._backend.name, "node": member.authority}
        log.warning("upstream_try_failed", call_id=self._call_id, detail=why[:300], **where)

    def _may_repeat(self, sent: bool) -> bool:
        """Whether another node may be tried: what was sent must not be done twice, and must be here to be sent."""
        known = not sent or self._request.method in REPEATABLE or self._backend.upstream.retry_all
        return known and self._body.again

    async def _try(self, member: Member, *, fresh: bool) -> Answer:
        backend, request, body = self._backend, self._request, self._body
        repeatable = body.again and request.method in REPEATABLE
        line = None
        backend.begin(member)
        self._asked, self._upload = member, None
        try:
            line = await backend.pool.take(member.endpoint, idle_s=0 if fresh else IDLE_S if repeatable else SURE_S)
            used, head = line.used, self._head(member)
            self.reached = True
            line.ask(head, chunked=body.length is None, bodiless=request.method == "HEAD")
            self._upload = asyncio.create_task(_send(line, body))
            await self._head_of(line, self._upload)
        except BaseException as exc:
            await _end(self._upload)
            if line is not None:
                line.abort()
                backend.pool.give_back(member.endpoint, line)
            backend.end(member)
            if isinstance(exc, LineBroken):
                _raise_refused(self._upload)
                if line is not None and used and not exc.late and not fresh and self._may_repeat(sent=True):
                    raise _Stale from None
                backend.note(member, good=False)
            raise
        self._asked = None
        backend.note(member, good=line.status not in ELSEWHERE)
        return Answer(backend, member, line, self._upload, host=backend.host_for(member, request.host))

    async def _head_of(self, line: Line, upload: "asyncio.Task[None]") -> None:
        """Wait for the head; how long a node may take counts from when it has all of the request."""
        first_byte_s = self._backend.upstream.first_byte_timeout_s
        head = asyncio.create_task(line.head())
        try:
            await asyncio.wait({head, upload}, return_when=asyncio.FIRST_COMPLETED)
            if not head.done():
                await asyncio.wait({head}, timeout=first_byte_s)
            if not head.done():
                raise LineBroken(f"it did not answer within {first_byte_s:g} s", late=True)
            head.result()
        finally:
            await _end(head)

    def _head(self, member: Member) -> bytes:
        request, body = self._request, self._body
        names = {as_read(name) for name, _ in self._ours}
        headers = [pair for pair in request.headers if as_read(pair[0]) not in names]
        if body.length is None:
            headers.append((b"transfer-encoding", b"chunked"))
        elif body.length or request.method not in ("GET", "HEAD", "OPTIONS", "DELETE"):
            headers.append((b"content-length", b"%d" % body.length))
        host = self._backend.host_for(member, request.host)
        try:
            return write_head(request.method, member.path + request.target, host, [*headers, *self._ours])
        except ValueError as exc:
            kind = UpstreamError if self.reached else Unavailable
            raise kind(
                "the request cannot be passed on", status=502, code=UpstreamError.code, detail=str(exc)
            ) from None


class _Stale(Exception):
    """A connection that was kept was closed at the other end; the node itself has not failed."""


async def _send(line: Line, body: Incoming) -> None:
    """Send a body; aborts the exchange where it cannot be sent on, and leaves an answer that is here alone."""
    try:
        async for piece in body.pieces():
            await line.send(piece)
    except LineBroken:
        return  # there may be an answer all the same; who reads it will meet the same
    except BaseException:
        line.abort()
        raise
    if not line.answered:
        line.finish()


async def _end(task: "asyncio.Task[None] | None") -> None:
    """End a task, whatever has become of it."""
    if task is None:
        return
    if not task.done():
        task.cancel()
        await asyncio.wait({task})
    if not task.cancelled():
        task.exception()  # so that asyncio does not report it


def _raise_refused(upload: "asyncio.Task[None] | None") -> None:
    """Raise what a body was refused with while it was sent."""
    if upload is not None and upload.done() and not upload.cancelled():
        exc = upload.exception()
        if exc is not None:
            raise exc


def _failure(exc: LineBroken, again_s: float, *, reached: bool) -> GatewayError:
    """Say what became of the last try; it is a refusal, free of toll, where no node was reached by any."""
    if exc.late:
        said, status, code = "the service's upstream did not answer in time", 504, "upstream_timeout"
    elif not exc.sent:
        said, status, code = "the service's upstream cannot be reached; try again later", 502, "upstream_unreachable"
    else:
        said, status, code = "the service's upstream ended the connection without an answer", 502, "upstream_error"
    kind = UpstreamError if reached else Unavailable
    return kind(said, code=code, status=status, detail=str(exc), retry_after_s=again_s)
