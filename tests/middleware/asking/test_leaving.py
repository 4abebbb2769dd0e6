"""Questions that nobody waits for any more, and their end."""

import asyncio
from typing import Any

import pytest
from tests.middleware.asking.conftest import to

from tollbridge import Call
from tollbridge.call import Outcome
from tollbridge.errors import (
    TokenEnded,
)
from tollbridge.metering.usage import UsageSource
from tollbridge.testing import GatewayUnderTest


class Finishing:
    """A policy that puts something in order, when it is let."""

    def __init__(self) -> None:
        self.may = asyncio.Event()
        self.outcomes: list[str] = []

    async def finish(self, call: Call, outcome: Outcome) -> None:
        await self.may.wait()
        self.outcomes.append(outcome)


async def test_cancelled_question_ends_as_with_a_caller_who_left_and_is_charged(inside) -> None:
    policy = Finishing()
    async with inside(asyncio.Event(), plugins=(policy,)) as there:
        asking = asyncio.ensure_future(there.ask(to(limit=10)))
        await asyncio.wait_for(there.script.waiting.wait(), 5)

        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(asking, 5)

        assert (there.script.cancelled, policy.outcomes) == (True, [])
        policy.may.set()
        row = await there.row()

    assert policy.outcomes == ["client_gone"]
    assert (row.outcome, row.usage_source) == ("client_gone", UsageSource.RESERVED)
    assert row.cost > 10 * 2_000  # all that was held


async def test_question_that_is_being_cut_is_waited_for_from_that_very_moment(inside) -> None:
    policy = Finishing()
    policy.may.set()
    async with inside(asyncio.Event(), plugins=(policy,)) as there:
        asking = asyncio.ensure_future(there.ask())
        await asyncio.wait_for(there.script.waiting.wait(), 5)

        asking.cancel()
        settled = asyncio.ensure_future(there.gateway.asking.settled())
        await settled

        assert policy.outcomes == ["client_gone"]
        assert len(await there.gateway.store.recent()) == 1


async def test_outer_call_that_is_cancelled_takes_the_inner_one_with_it(gateway, monkeypatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    waiting = asyncio.Event()

    class Slow:
        async def body(self, call: Call) -> None:
            if call.parent:
                waiting.set()
                await asyncio.Event().wait()

    async def service(scope: Any, receive: Any, send: Any) -> None:
        await under.gateway.asking.ask(scope["tollbridge"], to("openai/gpt-4o-mini"))

    under: GatewayUnderTest = gateway(app=service, plugins=(Slow(),))
    outer = asyncio.ensure_future(under.request("GET", "/summaries"))
    await asyncio.wait_for(waiting.wait(), 5)

    outer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await outer
    await under.gateway.chain.plan.settled()
    await under.gateway.asking.settled()
    inner = [row for row in await under.gateway.store.recent() if row.parent]

    assert [(row.outcome, row.cost) for row in inner] == [("refused", 0)]
    assert under.sent == []


async def test_question_is_cut_where_its_token_ends(inside) -> None:
    async with inside(asyncio.Event(), server={"cut_revoked_calls": True}) as there:
        asking = asyncio.ensure_future(there.ask())
        await asyncio.wait_for(there.script.waiting.wait(), 5)

        await there.gateway.tokens.revoke(there.outer.principal.id)
        with pytest.raises(TokenEnded):
            await asyncio.wait_for(asking, 5)


async def test_gateway_waits_at_its_stop_until_questions_are_settled(inside) -> None:
    policy = Finishing()
    async with inside(asyncio.Event(), plugins=(policy,)) as there:
        asking = asyncio.ensure_future(there.ask())
        await asyncio.wait_for(there.script.waiting.wait(), 5)
        asking.cancel()
        await asyncio.wait({asking})
        asyncio.get_running_loop().call_later(0.05, policy.may.set)

    assert policy.outcomes == ["client_gone"]
