"""Refuse calls outside opening hours."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import time
from typing import ClassVar

from tollbridge import Call, Denied, hookimpl


@dataclass(frozen=True, slots=True)
class Curfew:
    """Serve calls from `opens` (inclusive) to `closes` (exclusive), in UTC."""

    pure: ClassVar[bool] = True
    opens: time
    closes: time

    async def head(self, call: Call) -> None:
        if not self.opens <= call.received.time() < self.closes:
            raise Denied(f"calls are served from {self.opens:%H:%M} to {self.closes:%H:%M} UTC", code="curfew")


@hookimpl
def register_policies(register: Callable[[str, type], None]) -> None:
    register("curfew", Curfew)
