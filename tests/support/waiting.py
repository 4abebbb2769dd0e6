"""Waiting for what another process or task does, by looking, with a deadline."""

import asyncio
from collections.abc import Callable

_LOOK_EVERY_S = 0.02


async def until(holds: Callable[[], bool], what: str, *, within_s: float = 30.0) -> None:
    """Look until it holds; raises `AssertionError` saying `what` did not come."""
    loop = asyncio.get_running_loop()
    end = loop.time() + within_s
    while not holds():
        assert loop.time() < end, f"{what} did not come within {within_s:g} s"
        await asyncio.sleep(_LOOK_EVERY_S)
