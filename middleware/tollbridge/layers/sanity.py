"""The second link: what could be read in two ways is refused before anyone reads it."""

from collections.abc import Sequence
from typing import ClassVar

from starlette.types import ASGIApp

from tollbridge.bodysanity import check_json_depth, is_form
from tollbridge.call import Call
from tollbridge.clock import Clock
from tollbridge.layers.layer import Layer
from tollbridge.sanity import HeaderLimits, inspect


class Sanity(Layer):
    """Refuses ambiguous requests and takes internal headers out (`tollbridge.sanity`).

    `json_depth` in levels. `names_below` are paths behind which a slash may be written as an escape.
    """

    name: ClassVar[str] = "sanity"

    def __init__(
        self,
        app: ASGIApp,
        *,
        limits: HeaderLimits | None = None,
        json_depth: int = 128,
        names_below: Sequence[str] = (),
        clock: Clock | None = None,
    ) -> None:
        super().__init__(app, clock=clock)
        self._limits = limits or HeaderLimits()
        self._json_depth = json_depth
        self._names_below = tuple(names_below)

    def head(self, call: Call) -> None:
        call.headers = inspect(call, self._limits, self._names_below)

    def body(self, call: Call) -> None:
        if not call.body or (call.operation is not None and not call.operation.ai):
            return
        if call.operation is not None and call.operation.form and is_form(call.body, call.header(b"content-type")):
            return
        check_json_depth(call.body, self._json_depth)
