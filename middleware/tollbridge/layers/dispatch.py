"""The end of the chain: across to a model, or on to the wrapped app."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from tollbridge.call import Call, Headers
from tollbridge.errors import (
    InternalError,
    ModelNotFound,
    NotFound,
    TokenEnded,
    Untranslatable,
    UpstreamError,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from tollbridge.formats.counting import estimated_tokens
from tollbridge.formats.dialect import ModelEntry, named_model
from tollbridge.formats.ranking import CountResponse
from tollbridge.formats.translation import Translator
from tollbridge.layers.along import write_along
from tollbridge.layers.crossing import Crossing
from tollbridge.layers.driver import ClientGone
from tollbridge.layers.headers import answer_headers, upstream_headers
from tollbridge.layers.relay import Relay
from tollbridge.layers.translate import write_upstream
from tollbridge.layers.watch import Watch
from tollbridge.providers import Target
from tollbridge.transport import Sockets, Timeouts, Transport, UpstreamRequest, UpstreamResponse, make_sockets

log = structlog.get_logger("tollbridge")

_TRY_NEXT = frozenset((429, 500, 502, 503, 504, 529))


class Dispatch:
    """Sends a call to its targets in order until one answers, or to the wrapped `app`.

    `models` lists what a caller may use, `model` finds one by its name. Another target is tried only before the first
    byte of an answer. `keep_alive_s` is how often a stream shows its caller that it lives while its provider is silent;
    0 for never. `sockets` makes what opens sessions over WebSockets, for the first of them.
    """

    def __init__(
        self,
        app: ASGIApp | None,
        *,
        transport: Transport,
        models: Callable[[Call], Sequence[ModelEntry]],
        model: Callable[[Call, str], ModelEntry | None],
        timeouts: Timeouts | None = None,
        max_answer: int = 64 * 1024 * 1024,
        watch: Watch | None = None,
        keep_alive_s: float = 0.0,
        sockets: Callable[[Timeouts], Sockets] = make_sockets,
    ) -> None:
        self.app = app
        self.transport = transport
        self.timeouts = timeouts or Timeouts()
        self.max_answer = max_answer
        self.watch = watch or Watch()
        self.keep_alive_s = keep_alive_s
        self._make_sockets = sockets
        self._sockets: Sockets | None = None
        self._models = models
        self._model = model

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Give what is to be awaited; raises `NotFound`."""
        call: Call = scope["tollbridge"]
        operation = call.operation
        if operation is None or not operation.ai:
            if self.app is None:
                raise NotFound(f"there is nothing at {call.path[:200]}")
            return self.app(scope, receive, send)
        if operation.lists_models:
            return self._list(call, send)
        if not call.targets and call.translator is not None:
            return self._count(call, call.translator, send)
        if operation.socket:
            return self._relay(call, receive, send).run()
        return Exchange(self, call, receive, send).run()

    def _relay(self, call: Call, receive: Receive, send: Send) -> Relay:
        sockets = self._sockets = self._sockets or self._make_sockets(self.timeouts)
        return Relay(call, receive, send, sockets=sockets, watch=self.watch, longest_s=self.timeouts.total_s)

    async def _list(self, call: Call, send: Send) -> None:
        dialect, operation = call.dialect, call.operation
        if dialect is None or operation is None:
            raise InternalError("a list of models without a dialect")
        name = named_model(operation, call.path)
        if call.method == "POST":  # Ollama's way to ask for one model
            name = dialect.read_envelope(operation, call.path, call.body or b"").model
        if name:
            entry = self._model(call, name)
            if entry is None:
                raise ModelNotFound(f"the model {name[:200]!r} is not offered; see GET /v1/models", param="model")
            body = dialect.write_model(entry)
        else:
            body = dialect.write_models(self._models(call), dict(call.headers))
        await _answer(send, body)

    async def _count(self, call: Call, translator: Translator, send: Send) -> None:
        """Count a request's tokens here, for a provider that does not count: an estimate, and said so."""
        request = translator.read(call.body or b"")
        counted = CountResponse(origin="", tokens=estimated_tokens(request), estimated=True)
        body = translator.codec.write_response(counted, request, translator.notes())
        await _answer(send, body, (b"x-tollbridge-estimated", b"input_tokens"))


async def _answer(send: Send, body: bytes, *extra: tuple[bytes, bytes]) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body)), *extra]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


class Exchange:
    """One call's exchange with its targets.  Ends with the caller's leaving, a timeout, a cut, or the answer's end."""

    __slots__ = (
        "_call",
        "_cut",
        "_deadline",
        "_dispatch",
        "_end",
        "_gone",
        "_heard",
        "_late",
        "_leaving",
        "_receive",
        "_remark",
        "_send",
        "_task",
    )

    def __init__(self, dispatch: Dispatch, call: Call, receive: Receive, send: Send) -> None:
        self._dispatch = dispatch
        self._call = call
        self._receive = receive
        self._send = send
        self._gone = False
        self._late = False
        self._cut = False
        self._heard = math.inf
        self._remark: asyncio.Task[None] | None = None
        self._leaving: asyncio.Task[None] | None = None
        loop = asyncio.get_running_loop()
        self._task = asyncio.current_task(loop)
        timeouts = dispatch.timeouts
        now = loop.time()
        self._end = now + timeouts.total_s
        self._deadline = min(self._end, now + timeouts.first_byte_s)

    async def run(self) -> None:
        """Send, and pass the answer on; raises `ClientGone` or a `GatewayError`."""
        watch, targets = self._dispatch.watch, self._call.targets
        watch.add(self)
        try:
            response = await (self._ask(targets[0]) if len(targets) == 1 else self._reach(targets))
            try:
                await self._pass_on(response)
            finally:
                await response.close()
        except asyncio.CancelledError:
            if not (self._gone or self._late or self._cut) or self._task is None or self._task.uncancel() > 0:
                raise
            if self._gone:
                raise ClientGone from None
            if self._cut:
                raise TokenEnded from None
            waiting = "fell silent" if self._call.first_byte_s is not None else "did not answer in time"
            raise UpstreamTimeout(f"the provider {waiting}") from None
        finally:
            watch.remove(self)
            for task in (self._leaving, self._remark):
                if task is not None:
                    task.cancel()

    def look(self, now: float) -> None:
        """End the exchange at its deadline; begin to watch for the caller's leaving at the first look."""
        if now >= self._deadline and not self._late:
            self._late = True
            self._interrupt()
        if self._leaving is None:
            self._leaving = asyncio.ensure_future(self._watch_for_leaving())
        every = self._dispatch.keep_alive_s
        if every and now >= self._heard + every and (self._remark is None or self._remark.done()):
            self._heard = now
            self._remark = asyncio.ensure_future(self._keep_alive())

    @property
    def token_id(self) -> str:
        principal = self._call.principal
        return "" if principal is None else principal.id

    def cut(self) -> None:
        """End the exchange because its token has ended; one whose answer is all here is not disturbed."""
        if self._deadline != math.inf:
            self._cut = True
            self._interrupt()

    async def _watch_for_leaving(self) -> None:
        message = await self._receive()
        while message["type"] != "http.disconnect":
            message = await self._receive()
        self._gone = True
        self._interrupt()

    async def _keep_alive(self) -> None:
        """Show the caller of a stream that it lives; only whole events were sent before, so this stands between."""
        around, dialect = getattr(self._send, "__self__", None), self._call.dialect
        if isinstance(around, Crossing) and dialect is not None and dialect.keep_alive and self._call.stream:
            await around.remark(dialect.keep_alive)

    def _interrupt(self) -> None:
        """Cancel the exchange, once: a second cancellation would look like the server's own."""
        if self._task is not None and self._deadline != math.inf:
            self._deadline = math.inf
            self._task.cancel()

    async def _reach(self, targets: Sequence[Target]) -> UpstreamResponse:
        """Try the targets in order; gives the first answer worth passing on."""
        for target in targets[:-1]:
            try:
                response = await self._ask(target)
            except (UpstreamUnreachable, UpstreamTimeout, Untranslatable) as exc:
                log.warning("target_failed", call_id=self._call.id, provider=target.provider.name, detail=exc.detail)
                continue
            if response.status not in _TRY_NEXT:
                return response
            log.warning("target_failed", call_id=self._call.id, provider=target.provider.name, status=response.status)
            await response.close()
        return await self._ask(targets[-1])

    async def _ask(self, target: Target) -> UpstreamResponse:
        call = self._call
        call.target = target
        operation = call.operation
        if operation is None:
            raise InternalError("a model call without an operation")
        going = write_along(call, target) if operation.modelless else write_upstream(call, target)
        request = UpstreamRequest(
            operation.method, going.url, upstream_headers(going.headers, target), going.body, target.allow_private
        )
        if target.signing is not None:
            request = await target.signing.signed(request)
        call.reached = True  # from here on the provider may charge, also where the caller leaves before an answer
        try:
            response = await self._dispatch.transport.send(request)
        except (UpstreamUnreachable, UpstreamTimeout):
            call.reached = False
            raise
        if response.status == 401:
            await response.close()
            raise UpstreamError(
                "the provider refused the gateway's credential; tell its operator",
                code="upstream_credential",
                detail=f"{target.provider.name} answered 401: check its api_key",
            )
        return response

    async def _pass_on(self, response: UpstreamResponse) -> None:
        send = self._send
        headers = answer_headers(response.headers)
        told = dict(headers)
        if told.get(b"content-encoding", b"identity") != b"identity":
            raise UpstreamError("the provider sent a compressed answer, which nobody asked for")
        kind = told.get(b"content-type", b"")
        if response.status != 200 or not kind.startswith(self._call.stream_type):
            body = await response.read(self._dispatch.max_answer)
            headers.append((b"content-length", b"%d" % len(body)))
            self._deadline = math.inf
            around = getattr(send, "__self__", None)
            if isinstance(around, Crossing):
                await around.answer(response.status, headers, body)
                return
            await send({"type": "http.response.start", "status": response.status, "headers": headers})
            await send({"type": "http.response.body", "body": body, "more_body": False})
            return
        headers += _STREAM_HEADERS
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        idle, end = self._dispatch.timeouts.idle_s, self._end
        now = asyncio.get_running_loop().time
        self._heard = now()
        while chunk := await response.next_chunk():
            self._heard = math.inf  # while the caller is being sent something, nothing else is
            self._deadline = min(end, now() + idle)
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            self._heard = self._deadline - idle
        self._deadline = math.inf
        await send({"type": "http.response.body", "body": b"", "more_body": False})


_STREAM_HEADERS: Headers = [(b"cache-control", b"no-store"), (b"x-accel-buffering", b"no")]
