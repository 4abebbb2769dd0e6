"""What is refused, by the gateway or by a provider, and how that is told to who asks."""

import asyncio

import pytest
from tests.middleware.asking.conftest import COST, to, whole
from tests.support.scripted import JSON

from tollbridge.errors import (
    BadRequest,
    BudgetExceeded,
    ModelNotFound,
    RateLimited,
    Unpriced,
    Untranslatable,
    UpstreamError,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from tollbridge.metering.usage import Usage
from tollbridge.tokens.model import TokenBudget, TokenLimits


@pytest.mark.parametrize(
    ("strict", "headers", "upstream"),
    [(True, (), {}), (False, [(b"prefer", b"handling=strict")], {}), (False, (), {"strict": True})],
)
async def test_strict_refuses_what_the_model_cannot_be_told(inside, strict, headers, upstream) -> None:
    async with inside(whole(), headers=headers, upstream=upstream) as there:
        with pytest.raises(Untranslatable, match="'top_k'") as refused:
            await there.ask(to(top_k=3, strict=strict))
        row = await there.row()

    assert (refused.value.param, there.script.sent) == ("top_k", [])
    assert (row.outcome, row.error, row.cost) == ("refused", "unsupported_by_target", 0)


async def test_unknown_model_is_refused_and_recorded(inside) -> None:
    async with inside() as there:
        with pytest.raises(ModelNotFound, match="'nothing'"):
            await there.ask(to("nothing"))
        row = await there.row()

    assert (row.error, row.model, row.parent) == ("model_not_found", "nothing", there.outer.id)


@pytest.mark.parametrize(
    ("status", "kind"), [(400, BadRequest), (404, ModelNotFound), (429, RateLimited), (500, UpstreamError)]
)
async def test_refusal_of_the_provider_is_raised_in_its_words(inside, status, kind) -> None:
    body = b'{"error":{"message":"too bad","code":"mine","param":"stop"}}'
    async with inside(whole(body, status, [*JSON, (b"retry-after", b"7")])) as there:
        with pytest.raises(kind, match=r"^too bad$") as refused:
            await there.ask()
        row = await there.row()

    error = refused.value
    assert type(error) is kind
    assert (error.status, error.code, error.param, error.retry_after_s) == (status, "mine", "stop", 7.0)
    assert (row.status, row.cost) == (status, 0)


async def test_refusal_without_a_time_has_none(inside) -> None:
    async with inside(whole(b'{"error":{"message":"no"}}', 429, [*JSON, (b"retry-after", b"soon")])) as there:
        with pytest.raises(RateLimited) as refused:
            await there.ask()

    assert refused.value.retry_after_s is None


async def test_provider_out_of_reach_is_raised(inside) -> None:
    failure = UpstreamUnreachable("no connection")
    async with inside(failure) as there:
        with pytest.raises(UpstreamUnreachable) as refused:
            await there.ask()
        row = await there.row()

    assert refused.value is failure
    assert (row.outcome, row.cost) == ("upstream_failed", 0)


async def test_answer_that_is_none_is_raised(inside) -> None:
    async with inside(whole(b"<html>")) as there:
        with pytest.raises(UpstreamError):
            await there.ask()


async def test_silent_provider_is_raised(inside) -> None:
    async with inside(asyncio.Event(), upstream={"first_byte_timeout_s": 0.05}) as there:
        with pytest.raises(UpstreamTimeout):
            await asyncio.wait_for(there.ask(), 5)
        assert (await there.row()).error == "upstream_timeout"


async def test_model_without_a_price_is_refused_where_a_budget_applies(inside) -> None:
    async with inside(whole(), token={"budget": TokenBudget(10**9, "day")}) as there:
        with pytest.raises(Unpriced):
            await there.ask(to("free"))


async def test_model_without_a_price_costs_nobody_knows_what(inside) -> None:
    async with inside(whole()) as there:
        answered = await there.ask(to("free"))

    assert (answered.cost, answered.usage) == (None, Usage(input=30, output=5))


async def test_budget_that_the_first_question_used_up_refuses_the_second(inside) -> None:
    # the question has 117 bytes, and 10 tokens are answered at most: 117 x 1,000 + 10 x 2,000 are held
    budget = TokenBudget(150_000, "day")
    async with inside(whole(), whole(), whole(), token={"budget": budget}) as there:
        await there.ask(to(limit=10))
        with pytest.raises(BudgetExceeded, match="this token's budget for this day"):
            await there.ask(to(limit=10))
        rows = sorted(await there.rows(), key=lambda row: row.outcome)
        (standing,) = (await there.gateway.store.budget_standings([f"token:{rows[0].token_id}:2026-01-05"])).values()

    assert [(row.outcome, row.cost) for row in rows] == [("complete", COST), ("refused", 0)]
    assert len(there.script.sent) == 1
    assert (standing.spent, standing.reserved) == (COST, 0)


async def test_requests_and_calls_at_once_are_not_counted_again_and_tokens_are(inside) -> None:
    limits = TokenLimits(requests_per_minute=1, tokens_per_minute=210, concurrency=1)
    async with inside(*[whole() for _ in range(9)], token={"limits": limits}) as there:
        await there.ask(to(limit=10))
        await there.ask(to(limit=10))
        await there.ask(to(limit=10))
        with pytest.raises(RateLimited, match="tokens") as refused:  # 3 x 35 are used: 105 are left, 127 are asked for
            await there.ask(to(limit=10))

    assert len(there.script.sent) == 3
    assert refused.value.retry_after_s is not None


async def test_caller_of_a_public_path_is_nobody_and_is_limited_by_its_address(inside) -> None:
    async with inside(whole(), whole(), limits={"tokens_per_minute": 120}) as there:
        there.outer.principal, there.outer.public = None, True
        await there.ask(to(limit=10))
        with pytest.raises(RateLimited):
            await there.ask(to(limit=80))
        row = (await there.rows())[0]

    assert (row.token_id, row.parent, row.cost) == ("", there.outer.id, COST)
