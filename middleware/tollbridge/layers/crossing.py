"""The ASGI driver: takes one HTTP request through the phases of a plan."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import TYPE_CHECKING

from starlette.types import Message, Receive, Scope, Send

from tollbridge.call import Call, Outcome, local_path, open_call
from tollbridge.errors import BadRequest, GatewayError, Unavailable
from tollbridge.layers.answering import Answering
from tollbridge.layers.driver import ClientGone, failure
from tollbridge.layers.websocket import SocketCrossing

if TYPE_CHECKING:
    from tollbridge.layers.layer import Plan

_FILES = ("http.response.pathsend", "http.response.zerocopysend")
"""Extensions of ASGI by which a server sends a file itself."""


def cross(plan: "Plan", scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
    """Take one request through the plan and the app inside it, once that is awaited."""
    call = scope.get("tollbridge")
    opened = call is None
    if call is None:
        call = open_call(scope, plan.clock, path=local_path(scope))
        scope["tollbridge"] = call
        scope.setdefault("state", {})["tollbridge"] = call
    driver = Crossing if scope["type"] == "http" else SocketCrossing
    return driver(plan, call, receive, send, opened=opened).run(scope)


def without_files(scope: Scope) -> None:
    """Take from the app the ways to have a file sent by the server: layers that look at bodies would not see it."""
    extensions = scope.get("extensions") or {}
    if any(name in extensions for name in _FILES):
        scope["extensions"] = {name: value for name, value in extensions.items() if name not in _FILES}


class Crossing(Answering):
    """One HTTP request on its way."""

    __slots__ = ("_replayed",)

    def __init__(self, plan: "Plan", call: Call, receive: Receive, send: Send, *, opened: bool) -> None:
        super().__init__(plan, call, receive, send, opened=opened)
        self._replayed = False

    async def run(self, scope: Scope) -> None:
        """Drive the request to its end; an exception of the wrapped app passes through."""
        outcome = Outcome.CLIENT_GONE
        try:
            try:
                await self.admit()
            except ClientGone:  # or the server cut a body off that it could not read, and waits for an answer to that
                await self.refuse(BadRequest("the body broke off before its end; send it whole"))
                return
            except Exception as exc:
                outcome = Outcome.REFUSED
                await self.refuse(self.note(exc))
                return
            except asyncio.CancelledError:
                outcome = Outcome.REFUSED
                await self._cut()
                raise
            if self.is_ai():
                plan = self.plan
                self._feeds, self._answers, self._answering = plan.feeds, plan.answers, plan.answering
            if self._feeds:
                without_files(scope)
            try:
                await self.plan.app(scope, self.receive, self.send)
                outcome = self._ending()
            except ClientGone:
                return
            except Exception as exc:
                outcome = failure(exc)
                if not isinstance(exc, GatewayError) and not self.is_ai():
                    if not self._sent_head:
                        self.call.status = 500  # what the host, or the server, answers in our place
                    raise
                await self.refuse(self.note(exc))
            except asyncio.CancelledError:
                outcome = Outcome.CLIENT_GONE if self._gone else Outcome.TRUNCATED
                await self._cut()
                raise
        finally:
            settling = self.finish(outcome)
            if settling is not None:
                await settling

    def _ending(self) -> Outcome:
        if self.call.truncated:
            return Outcome.TRUNCATED
        if self.call.error is not None:
            return failure(self.call.error)
        if self._done:
            return Outcome.COMPLETE
        return Outcome.CLIENT_GONE if self._gone else Outcome.TRUNCATED

    async def receive(self) -> Message:
        """Give the app its body: the one already read, else the server's messages as they come."""
        if self.call.body is not None and not self._replayed:
            self._replayed = True
            return {"type": "http.request", "body": self.call.body, "more_body": False}
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self._gone = not self._done
        elif self.call.body is None and self.opened:
            self.call.bytes_in += len(message.get("body", b""))
        return message

    async def _cut(self) -> None:
        """Tell the caller of a model, if it is still there, that the server ends its call.

        A call of the wrapped app is left to whoever cancels it: a time limit of the host has an answer of its own, and
        a body that has begun is left without an end, for it is not whole.
        """
        if self._gone or self._done or self.call.dialect is None:
            return
        said: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.plan.settling.add(said)  # the gateway does not close meanwhile
        try:
            with suppress(Exception):  # whatever is wrong with the connection, it is being cut
                await self.refuse(Unavailable("the gateway is shutting down; try again"))
        finally:
            self.plan.settling.discard(said)
            said.set_result(None)
