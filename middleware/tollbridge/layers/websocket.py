"""The ASGI driver for a WebSocket."""

from starlette.types import Message, Scope

from tollbridge.call import Outcome
from tollbridge.errors import GatewayError
from tollbridge.layers.driver import Driver, failure
from tollbridge.layers.refusal import refusal_body, refusal_headers

_ACCEPTED = 101


class SocketCrossing(Driver):
    """One WebSocket on its way: admitted by the same phases, then passed through and counted."""

    __slots__ = ()

    async def run(self, scope: Scope) -> None:
        """Drive the socket until the app is done with it."""
        outcome = Outcome.REFUSED
        try:
            try:
                await self.admit()
            except Exception as exc:
                await self.refuse(scope, self.note(exc))
                return
            outcome = Outcome.UPSTREAM_FAILED
            try:
                await self.plan.app(scope, self.receive, self.send)
            except GatewayError as exc:
                if self.call.status == _ACCEPTED:
                    raise
                outcome = failure(exc)
                await self.refuse(scope, self.note(exc))
                return
            outcome = Outcome.COMPLETE
        finally:
            await self.finish(outcome)

    async def receive(self) -> Message:
        """Give the app what the caller sends."""
        message = await self._receive()
        if message["type"] == "websocket.receive":
            self.call.bytes_in += len(message.get("bytes") or message.get("text") or "")
        return message

    async def send(self, message: Message) -> None:
        """Give the caller what the app sends."""
        if message["type"] == "websocket.accept":
            self.call.status = _ACCEPTED
        elif message["type"] == "websocket.send":
            self.call.bytes_out += len(message.get("bytes") or message.get("text") or "")
        await self._send(message)

    async def refuse(self, scope: Scope, error: GatewayError) -> None:
        """Answer the upgrade with an HTTP error where the server can (ASGI `websocket.http.response`), else close."""
        call = self.call
        call.error = error
        call.status = error.status
        if "websocket.http.response" not in scope.get("extensions", {}):
            await self._send({"type": "websocket.close", "code": 1008, "reason": error.code})
            return
        body = refusal_body(call, error)
        headers = refusal_headers(call, error, body)
        await self._send({"type": "websocket.http.response.start", "status": error.status, "headers": headers})
        await self._send({"type": "websocket.http.response.body", "body": body, "more_body": False})
