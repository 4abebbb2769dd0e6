"""The outermost link: every call is named, counted and logged, however it ends."""

from collections.abc import Callable
from typing import ClassVar

from starlette.types import ASGIApp

from tollbridge.call import Call, Outcome, ResponseHead
from tollbridge.clock import Clock
from tollbridge.layers.layer import Layer


def _nothing() -> None:
    pass


class Observe(Layer):
    """Puts the call's id on every answer and tells the observers of each finished call.

    `entered` and `left` are called around each call. Observers must not block nor raise.
    """

    name: ClassVar[str] = "observe"
    opens_early = True

    def __init__(
        self,
        app: ASGIApp,
        *,
        observers: tuple[Callable[[Call], None], ...] = (),
        entered: Callable[[], None] = _nothing,
        left: Callable[[], None] = _nothing,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(app, clock=clock)
        self._observers = observers
        self._entered = entered
        self._left = left

    def head(self, call: Call) -> None:
        self._entered()

    def response_head(self, call: Call, head: ResponseHead) -> None:
        request_id = call.id.encode("ascii")
        head.set(b"x-request-id", request_id)
        if call.dialect is not None:
            head.headers.append((b"request-id", request_id))

    def wind_up(self, call: Call, outcome: Outcome) -> None:
        self._left()
        for observe in self._observers:
            observe(call)
