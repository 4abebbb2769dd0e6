"""Answering for as long as there is somebody who waits for it."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from starlette.types import Receive


async def until_left(answering: Coroutine[Any, Any, None], receive: Receive) -> None:
    """Answer until the caller leaves, whose request was read; raises what the answer raised, unless they had left.

    Whoever cancels this ends the answer too.
    """
    answer = asyncio.ensure_future(answering)
    leaving = asyncio.ensure_future(_left(receive))
    try:
        await asyncio.wait({answer, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if answer.done():
            answer.result()
    finally:
        answer.cancel()
        leaving.cancel()
        await asyncio.wait({answer, leaving})
        if not answer.cancelled():
            answer.exception()  # now it was seen, and nobody logs it as lost


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
