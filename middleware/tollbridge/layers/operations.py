"""The link that stands for `context` before an app of the gateway's own: what is called."""

from collections.abc import Callable
from typing import ClassVar

from starlette.types import ASGIApp

from tollbridge.call import Call
from tollbridge.clock import Clock
from tollbridge.formats.dialect import Operation
from tollbridge.layers.layer import Layer


class Operations(Layer):
    """Names service and operation before anybody asks who calls; `find` gives the operation, and must not raise."""

    name: ClassVar[str] = "operations"
    needs: ClassVar[tuple[str, ...]] = ("sanity",)

    def __init__(
        self, app: ASGIApp, *, service: str, find: Callable[[Call], Operation], clock: Clock | None = None
    ) -> None:
        super().__init__(app, clock=clock)
        self._service = service
        self._find = find

    def head(self, call: Call) -> None:
        call.service, call.operation = self._service, self._find(call)
