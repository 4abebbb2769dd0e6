"""The end of the chain: across to a model, or on to the wrapped app."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from starlette.types import ASGIApp, Receive, Scope, Send

from tollbridge.call import Call, Headers
from tollbridge.errors import InternalError, ModelNotFound, NotFound, Untranslatable
from tollbridge.formats.dialect import ModelEntry, named_model
from tollbridge.layers.along import write_along
from tollbridge.layers.counting import ESTIMATED, estimate
from tollbridge.layers.exchange import Exchange
from tollbridge.layers.polling import Wait
from tollbridge.layers.relay import Relay
from tollbridge.layers.translate import write_upstream
from tollbridge.layers.watch import Watch
from tollbridge.transport import Sockets, Timeouts, Transport, make_sockets

_JSON: Headers = [(b"content-type", b"application/json")]


class Dispatch:
    """Sends a call to its targets in order until one answers, or to the wrapped `app`.

    `models` lists what a caller may use, `model` finds one by its name. Another target is tried only before the first
    byte of an answer. `keep_alive_s` is how often a stream shows its caller that it lives while its provider is silent;
    0 for never. `sockets` makes what opens sessions over WebSockets, for the first of them. `wait` lets seconds pass
    between two questions for an answer that is not finished.
    """

    def __init__(
        self,
        app: ASGIApp | None,
        *,
        transport: Transport,
        models: Callable[[Call], Awaitable[Sequence[ModelEntry]]],
        model: Callable[[Call, str], Awaitable[ModelEntry | None]],
        timeouts: Timeouts | None = None,
        max_answer: int = 64 * 1024 * 1024,
        watch: Watch | None = None,
        keep_alive_s: float = 0.0,
        sockets: Callable[[Timeouts], Sockets] = make_sockets,
        wait: Wait = asyncio.sleep,
    ) -> None:
        self.app = app
        self.transport = transport
        self.timeouts = timeouts or Timeouts()
        self.max_answer = max_answer
        self.watch = watch or Watch()
        self.keep_alive_s = keep_alive_s
        self.wait = wait
        self.settling: set[asyncio.Future[None]] = set()
        self._make_sockets = sockets
        self._sockets: Sockets | None = None
        self._models = models
        self._model = model

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Give what is to be awaited; raises `NotFound`."""
        call: Call = scope["tollbridge"]
        operation = call.operation
        if operation is None or not operation.ai:
            return self._wrapped(call)(scope, receive, send)
        if call.given is not None:
            return _answer(send, call.given)
        if operation.lists_models:
            return self._list(call, send)
        if not call.targets and call.translator is not None:
            return _answer(send, estimate(call, call.translator), ESTIMATED)
        if operation.socket:
            return self._relay(call, receive, send).run()
        return Exchange(self, call, receive, send).run()

    async def rehearse(self, call: Call) -> None:
        """Do what this does before anybody is sent anything, and raise what it would raise.

        Of several targets those that cannot be told are passed over, as they are when a call is sent.
        """
        operation = call.operation
        if operation is None or not operation.ai:
            self._wrapped(call)
            return
        if call.given is not None or operation.socket:
            return
        if operation.lists_models:
            await self._listed(call)
            return
        for place, target in enumerate(call.targets, 1):
            try:
                write_along(call, target) if operation.modelless else write_upstream(call, target)
                return
            except Untranslatable:
                if place == len(call.targets):
                    raise

    def _wrapped(self, call: Call) -> ASGIApp:
        if call.entered is not None:
            return call.entered
        if self.app is None:
            raise NotFound(f"there is nothing at {call.path[:200]}")
        return self.app

    def _relay(self, call: Call, receive: Receive, send: Send) -> Relay:
        sockets = self._sockets = self._sockets or self._make_sockets(self.timeouts)
        return Relay(call, receive, send, sockets=sockets, watch=self.watch, longest_s=self.timeouts.total_s)

    async def _list(self, call: Call, send: Send) -> None:
        await _answer(send, await self._listed(call))

    async def _listed(self, call: Call) -> bytes:
        dialect, operation = call.dialect, call.operation
        if dialect is None or operation is None:
            raise InternalError("a list of models without a dialect")
        name = named_model(operation, call.path)
        if call.method == "POST":  # Ollama's way to ask for one model
            name = dialect.read_envelope(operation, call.path, call.body or b"").model
        if name:
            entry = await self._model(call, name)
            if entry is None:
                raise ModelNotFound(f"the model {name[:200]!r} is not offered; see GET /v1/models", param="model")
            return dialect.write_model(entry)
        return dialect.write_models(await self._models(call), dict(call.headers))


async def _answer(send: Send, body: bytes, headers: Headers = _JSON) -> None:
    headers = [*headers, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
