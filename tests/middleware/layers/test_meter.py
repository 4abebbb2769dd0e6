"""The toll: reserved before, settled after, once."""

import asyncio
from decimal import Decimal

import pytest

from tollbridge.errors import Denied, UpstreamTimeout, UpstreamUnreachable
from tollbridge.tokens.model import TokenBudget

CHUNK = b'data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\n\n'


async def rows(gw):
    return await gw.gateway.store.recent()


async def test_cost_is_told_and_recorded(mock) -> None:
    gw = mock()

    reply = await gw.chat("gpt-4o-mini")

    # 1000 in x 0.15 + 500 out x 0.60, per million tokens
    assert Decimal(reply.headers["x-tollbridge-cost-usd"]) == Decimal("0.00045")
    (row,) = await rows(gw)
    assert (row.cost, row.usage_source, row.provider, row.model) == (450_000, "provider", "mock", "gpt-4o-mini")
    assert row.price_id.startswith("config")


async def test_budget_that_cannot_hold_the_call_refuses_it_before_anyone_is_asked(mock) -> None:
    gw = mock()
    # A call reserves its bytes (under 300) x 150 and 1,000 x 600 nano-dollars: above 600,000, below 700,000.
    token = await gw.token(budget=TokenBudget(700_000))

    first = await gw.chat("gpt-4o-mini", token=token, max_tokens=1000)
    second = await gw.chat("gpt-4o-mini", token=token, max_tokens=1000)

    assert first.status_code == 200
    assert second.status_code == 429
    assert second.json()["error"]["code"] == "insufficient_quota"
    assert second.headers["x-should-retry"] == "false"
    assert "retry-after" not in second.headers
    assert len(gw.sent) == 1


@pytest.mark.parametrize(("period", "wait_s"), [("day", 86_400), ("month", 31 * 86_400)])
async def test_budget_begins_anew_with_its_period(mock, period, wait_s) -> None:
    gw = mock()
    token = await gw.token(budget=TokenBudget(700_000, period))
    await gw.chat("gpt-4o-mini", token=token, max_tokens=1000)

    gw.clock.advance(wait_s)

    assert (await gw.chat("gpt-4o-mini", token=token, max_tokens=1000)).status_code == 200


async def test_budget_of_the_bridge_holds_for_all_tokens_together(mock) -> None:
    gw = mock(budgets={"monthly_usd": "0.0007"})

    statuses = [(await gw.chat("gpt-4o-mini", token=await gw.token(), max_tokens=1000)).status_code for _ in range(2)]

    assert statuses == [200, 429]


async def test_concurrent_calls_never_pass_a_budget_together(mock) -> None:
    gw = mock()
    token = await gw.token(budget=TokenBudget(3_000_000))

    replies = await asyncio.gather(*(gw.chat("gpt-4o-mini", token=token, max_tokens=1000) for _ in range(30)))

    spent = sum(row.cost or 0 for row in await gw.gateway.store.recent(limit=100))
    assert spent <= 3_000_000
    # Each reserves between 600,000 and 700,000, so four fit at once.
    assert sum(reply.status_code == 200 for reply in replies) >= 4


@pytest.mark.parametrize(
    ("setting", "budget", "status"),
    [
        ("guard", None, 200),
        ("guard", TokenBudget(10**9), 403),
        ("allow", TokenBudget(10**9), 200),
        ("refuse", None, 403),
    ],
)
async def test_model_without_a_price_is_unpriced_and_never_free(mock, setting, budget, status) -> None:
    gw = mock(budgets={"unpriced": setting})

    reply = await gw.chat("unknown-price", token=await gw.token(budget=budget))

    assert reply.status_code == status
    assert "x-tollbridge-cost-usd" not in reply.headers
    row = (await rows(gw))[0]
    if status == 200:
        assert (row.cost, row.price_id, row.usage.total) == (None, "", 1500)
    else:
        assert reply.json()["error"]["code"] == "unpriced_model"


async def test_answer_without_usage_is_charged_at_the_reservation(mock) -> None:
    gw = mock()
    gw.upstream.reply({"id": "x", "choices": []})

    await gw.chat("gpt-4o-mini", max_tokens=1000)

    (row,) = await rows(gw)
    assert row.usage_source == "reserved"
    assert row.cost is not None
    assert row.cost >= 600_000


async def test_stream_without_usage_is_charged_by_estimate_within_the_reservation(mock) -> None:
    gw = mock()
    stop = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
    gw.upstream.stream([CHUNK] * 9 + [stop, b"data: [DONE]\n\n"])

    await gw.chat("gpt-4o-mini", stream=True)

    (row,) = await rows(gw)
    assert row.usage_source == "estimated"
    assert row.usage.output == 11  # nine chunks, the one that stops, and [DONE]
    assert row.cost is not None
    assert row.cost > 0


@pytest.mark.parametrize("status", [400, 404, 422, 429, 500, 503])
async def test_error_of_the_provider_costs_nothing_and_keeps_its_class(mock, status) -> None:
    gw = mock()
    gw.upstream.reply(
        {"error": {"message": "no", "type": "t", "code": "c"}}, status=status, headers=[("retry-after", "3")]
    )

    reply = await gw.chat("gpt-4o-mini")

    assert reply.status_code == status
    assert reply.json()["error"]["code"] == "c"
    assert reply.headers["retry-after"] == "3"
    assert (await rows(gw))[0].cost == 0


@pytest.mark.parametrize("error", [UpstreamUnreachable("gone"), UpstreamTimeout("late")])
async def test_call_that_reached_nobody_costs_nothing(mock, error) -> None:
    gw = mock()
    gw.upstream.fail(error)

    reply = await gw.chat("gpt-4o-mini")

    assert reply.status_code == error.status
    (row,) = await rows(gw)
    assert (row.cost, row.outcome) == (0, "upstream_failed")


async def test_call_refused_after_the_reservation_releases_it(mock) -> None:
    class Closed:
        async def body(self, call) -> None:
            raise Denied("closed")

    gw = mock(plugins=(Closed(),))
    token = await gw.token(budget=TokenBudget(700_000))

    for _ in range(3):
        reply = await gw.chat("gpt-4o-mini", token=token, max_tokens=1000)

    assert reply.json()["error"]["code"] == "denied"


async def test_calls_of_the_wrapped_app_cost_what_the_service_says(mock) -> None:
    async def app(scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"hello"})

    gw = mock(app=app, service={"name": "shop", "price_per_call": "0.001"})
    token = await gw.token(budget=TokenBudget(2_500_000))

    statuses = [(await gw.request("GET", "/x", token=token)).status_code for _ in range(3)]

    assert statuses == [200, 200, 429]
    found = sorted((row.cost, row.status, row.service, row.operation) for row in await rows(gw))
    expected = [(0, 429), (1_000_000, 200), (1_000_000, 200)]
    assert found == [(*pair, "shop", "service:shop:GET:*") for pair in expected]


async def test_list_of_models_is_not_metered(mock) -> None:
    gw = mock()

    await gw.request("GET", "/v1/models")

    assert await rows(gw) == []


async def test_last_use_is_noted(mock) -> None:
    gw = mock()
    await gw.chat("gpt-4o-mini")
    await gw.gateway.stop()
    await gw.gateway.start()

    (token,) = await gw.gateway.store.list_tokens()

    assert token.last_used_at == gw.clock.now()


async def answer(scope, receive, send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})


async def test_public_path_of_the_wrapped_app_costs_nobody_anything(mock) -> None:
    gw = mock(
        app=answer,
        service={"public": ["/docs"], "price_per_call": "0.001"},
        budgets={"daily_usd": "0.001"},
    )

    public = [(await gw.request("GET", "/docs", token="")).status_code for _ in range(3)]
    paid = [(await gw.request("GET", "/x")).status_code for _ in range(2)]

    assert (public, paid) == ([200, 200, 200], [200, 429])
    assert [row.operation for row in await rows(gw)] == ["service:app:GET:*"] * 2


async def test_public_model_call_is_settled_on_the_bridge(mock) -> None:
    gw = mock(server={"public": ["/v1/chat/completions"]}, budgets={"daily_usd": "0.002"})

    replies = [await gw.chat("gpt-4o-mini", token="", max_tokens=1000) for _ in range(5)]

    found = await rows(gw)
    # Each reserves between 600,000 and 700,000 and costs 450,000 nano-dollars: the fifth finds less than it needs.
    assert [reply.status_code for reply in replies] == [200, 200, 200, 200, 429]
    assert [(row.token_id, row.cost) for row in found if row.status == 200] == [("", 450_000)] * 4


async def test_tokens_below_another_spend_its_budget_together_with_it(mock) -> None:
    gw = mock(models={"m": {"targets": ["mock/m"], "price": {"request": "1"}}})
    parent = await gw.token(budget=TokenBudget(2_000_000_000, "total"))
    minter = await gw.gateway.tokens.identify(parent.encode())
    one, other = [
        (await gw.gateway.tokens.issue(name=name, scopes=("ai:*", "model:*"), minter=minter)).secret for name in "ab"
    ]

    statuses = [(await gw.chat("m", token=token)).status_code for token in (one, parent, other, parent)]
    refused = await gw.chat("m", token=one)

    assert statuses == [200, 200, 429, 429]
    assert refused.json()["error"]["code"] == "insufficient_quota"
    assert "the token above's budget" in refused.json()["error"]["message"]
