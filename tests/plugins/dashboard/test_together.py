import asyncio

import pytest

from tollbridge.errors import Unavailable
from tollbridge_dashboard.together import Together


async def test_what_is_asked_at_once_is_there_at_the_end():
    met = asyncio.Event()

    async def wait():
        await met.wait()
        return 1

    async def meet():
        met.set()
        return "two"

    async with Together() as ask:
        first, second = ask(wait()), ask(meet())

    assert (first.result(), second.result()) == (1, "two")


async def test_what_the_first_that_failed_raised_is_raised_once_all_have_ended():
    failed, ended = asyncio.Event(), []

    async def fail(why):
        failed.set()
        raise Unavailable(why)

    async def go_on():
        await failed.wait()
        await asyncio.sleep(0)
        ended.append("went on")

    async def ask_all():
        async with Together() as ask:
            ask(go_on())
            ask(fail("first"))
            ask(fail("second"))

    with pytest.raises(Unavailable, match="first"):
        await ask_all()

    assert ended == ["went on"]


async def test_what_fails_inside_is_raised_before_what_was_asked():
    ended = []

    async def go_on():
        await asyncio.sleep(0)
        ended.append("went on")
        raise Unavailable("of what was asked")

    async def ask_and_fail():
        async with Together() as ask:
            ask(go_on())
            raise LookupError("inside")

    with pytest.raises(LookupError, match="inside"):
        await ask_and_fail()

    assert ended == ["went on"]
