"""One question on its way through the links, and its answer as it is heard."""

import asyncio
from collections.abc import Awaitable

from starlette.types import Message, Receive, Send

from tollbridge.asking.canonical import CODEC, EventReader, read_answer
from tollbridge.asking.model import Account
from tollbridge.call import Call, Outcome
from tollbridge.errors import GatewayError, UpstreamTruncated
from tollbridge.formats.events import AnyEvent, Broken, End
from tollbridge.formats.response import Response
from tollbridge.layers.crossing import Crossing
from tollbridge.layers.layer import Plan

AHEAD = 16
"""Pieces of a stream that wait to be taken before the provider has to."""


class InnerCrossing(Crossing):
    """A crossing whose caller is in this process: whatever cancels it, its caller has left.

    `settling` is done when all is put in order; nothing cancels that.
    """

    __slots__ = ("settling",)

    def __init__(self, plan: Plan, call: Call, receive: Receive, send: Send) -> None:
        super().__init__(plan, call, receive, send, opened=True)
        self.settling: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.settling.set_result(None)  # nothing was begun
        self._gone = True

    def finish(self, outcome: Outcome) -> Awaitable[None] | None:
        ending = super().finish(outcome)
        assert ending is not None, "only a server's own calls end without a turn of the event loop"
        self.settling = settling = asyncio.ensure_future(_wait_for(ending))
        self.plan.settling.add(settling)
        settling.add_done_callback(self.plan.settling.discard)
        task = asyncio.current_task()
        return None if task is not None and task.cancelling() else asyncio.shield(settling)


async def _wait_for(ending: Awaitable[None]) -> None:
    await ending


def never() -> Awaitable[Message]:
    """Wait for a message of who asks, who has no more to say."""
    return asyncio.get_running_loop().create_future()


def account_of(call: Call) -> Account:
    """Give what a call that is settled used."""
    return Account(
        call_id=call.id,
        cost=call.cost,
        usage=call.usage,
        model_used=call.target.model if call.target is not None else "",
        dropped=call.dropped,
    )


class Heard:
    """An answer as its messages come."""

    def __init__(self) -> None:
        self._status = 0
        self._retry_after = b""
        self._body: list[bytes] = []

    def hear(self, message: Message) -> bytes:
        """Take a message; gives its part of the body."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._retry_after = dict(message["headers"]).get(b"retry-after", b"")
            return b""
        body: bytes = message["body"]
        return body

    @property
    def is_answer(self) -> bool:
        """Whether what was heard so far is no refusal."""
        return 200 <= self._status <= 299

    async def send(self, message: Message) -> None:
        """Keep an answer that comes as a whole."""
        self._body.append(self.hear(message))

    def keep(self, body: bytes) -> None:
        """Keep a piece of the body."""
        self._body.append(body)

    def refusal(self) -> GatewayError:
        """Give the provider's refusal that was heard."""
        error = CODEC.read_error(self._status, b"".join(self._body))
        if error.retry_after_s is None and self._retry_after.isdigit():
            error.retry_after_s = float(self._retry_after)
        return error

    def response(self) -> Response:
        """Give the answer; raises the refusal that was heard instead."""
        if not self.is_answer:
            raise self.refusal()
        return read_answer(b"".join(self._body))


Piece = tuple[Message, GatewayError | None]


class Pieces:
    """The messages of a stream between the task that brings them and the one that takes them.

    Each comes with the error that its call had then: where it says that the stream breaks off, that is why.
    """

    def __init__(self, call: Call) -> None:
        self._call = call
        self._room = asyncio.Semaphore(AHEAD)
        self._waiting: asyncio.Queue[Piece | None] = asyncio.Queue()

    async def send(self, message: Message) -> None:
        """Bring a message, once there is room for it."""
        await self._room.acquire()
        self._waiting.put_nowait((message, self._call.error))

    def end(self, _: object) -> None:
        """Say that none comes any more."""
        self._waiting.put_nowait(None)

    async def take(self) -> "Piece | None":
        """Give the next one, None after the last."""
        piece = await self._waiting.get()
        self._room.release()
        return piece


class Listening:
    """Reads the events of a stream, all but those that end it."""

    def __init__(self) -> None:
        self._heard = Heard()
        self._reader = EventReader()
        self._ended = False
        self._broken: GatewayError | None = None

    def hear(self, piece: Piece) -> list[AnyEvent]:
        """Take a message; raises `UpstreamError` for what is no event."""
        message, error = piece
        chunk = self._heard.hear(message)
        if not self._heard.is_answer:
            self._heard.keep(chunk)
            return []
        events: list[AnyEvent] = []
        for event in self._reader.feed(chunk):
            if isinstance(event, Broken):
                self._broken = error or event.error
            elif isinstance(event, End):
                self._ended = True
            else:
                events.append(event)
        return events

    def check(self, error: GatewayError | None) -> None:
        """Raise what there is instead of the end; `error` is what the call had at last."""
        if self._broken is not None:
            raise self._broken
        if error is not None:
            raise error
        if not self._heard.is_answer:
            raise self._heard.refusal()
        if not self._ended:
            raise UpstreamTruncated("the provider's answer ended before it was complete")
