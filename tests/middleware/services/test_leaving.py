import asyncio
from typing import Any

import pytest

from tollbridge.errors import RateLimited
from tollbridge.services.leaving import until_left


class Caller:
    """Sends what is left of its body, and leaves once it is told to."""

    def __init__(self) -> None:
        self.leaves = asyncio.Event()
        self._left = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive(self) -> Any:
        if self._left:
            return self._left.pop()
        await self.leaves.wait()
        return {"type": "http.disconnect"}


async def test_answer_is_waited_for_while_there_is_somebody() -> None:
    done: list[str] = []

    async def answer() -> None:
        await asyncio.sleep(0)
        done.append("answered")

    await until_left(answer(), Caller().receive)

    assert done == ["answered"]


async def test_what_the_answer_raises_is_raised() -> None:
    async def answer() -> None:
        raise RateLimited("slower")

    with pytest.raises(RateLimited):
        await until_left(answer(), Caller().receive)


@pytest.mark.parametrize("fails", [False, True])
async def test_answer_ends_with_the_caller_who_leaves_and_nobody_hears_of_it(fails: bool) -> None:
    caller, ended = Caller(), asyncio.Event()

    async def answer() -> None:
        caller.leaves.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
            if fails:
                raise RateLimited("it was let go")

    await until_left(answer(), caller.receive)

    assert ended.is_set()


async def test_answer_ends_with_whoever_cancels_it() -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def answer() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    answering = asyncio.ensure_future(until_left(answer(), Caller().receive))
    await begun.wait()
    answering.cancel()
    await asyncio.wait({answering})

    assert answering.cancelled()
    assert ended.is_set()
