"""The gateway around an app: requests, and the lifespan that starts and stops both."""

from collections.abc import Sequence

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tollbridge.errors import SetupError
from tollbridge.front import refuse_start
from tollbridge.gateway import Gateway, Source

_OVER = ("lifespan.startup.failed", "lifespan.shutdown.complete", "lifespan.shutdown.failed")
"""What a server hears last: some wait for nothing after it."""

log = structlog.get_logger("tollbridge")


class Tollbridge:
    """The gateway as ASGI middleware: `app.add_middleware(Tollbridge, config=...)`, or `Tollbridge(app, config=...)`.

    Without an app it stands alone. Added twice, the outer one works and the inner one steps aside.
    """

    def __init__(
        self,
        app: ASGIApp | None = None,
        *,
        config: Source = None,
        plugins: Sequence[object] = (),
        gateway: Gateway | None = None,
    ) -> None:
        self.app = app
        self.gateway = gateway or Gateway(config, plugins=plugins)
        if app is not None:
            self.gateway.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if "tollbridge.gateway" in scope and self.app is not None:
            await self.app(scope, receive, send)
            return
        scope["tollbridge.gateway"] = self.gateway
        if scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
            return
        gateway = self.gateway
        if not gateway.is_serving():
            try:
                await gateway.ready()
            except SetupError as exc:
                log.error("start_failed", reason=str(exc))
                await refuse_start(scope, send)
                return
        await gateway.front(scope, receive, send)

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Start before the host and stop after it; a host without a lifespan of its own is answered for."""
        gateway = self.gateway
        try:
            await gateway.start()
        except SetupError as exc:
            gateway.failure = exc
            await receive()
            await send({"type": "lifespan.startup.failed", "message": str(exc)})
            raise  # servers have heard it; a client for tests would go on as if it had started

        heard = said = ""

        async def hear() -> Message:
            nonlocal heard
            message = await receive()
            heard = message["type"]
            return message

        async def say(message: Message) -> None:
            nonlocal said
            said = message["type"]
            if said in _OVER:
                await gateway.stop()
            await send(message)

        try:
            try:
                if self.app is not None:
                    await self.app(scope, hear, say)
            except Exception:
                if said:
                    raise
                log.info("host_has_no_lifespan")
            if not said:
                if not heard:
                    await hear()
                await say({"type": "lifespan.startup.complete"})
            if said == "lifespan.startup.complete":
                if heard != "lifespan.shutdown":
                    await hear()
                await say({"type": "lifespan.shutdown.complete"})
        finally:
            await gateway.stop()
