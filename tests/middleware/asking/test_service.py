"""Whole answers: what is asked of whom, and what it costs."""

from datetime import timedelta
from typing import Any

from starlette.responses import PlainTextResponse
from tests.middleware.asking.conftest import CLAUDE, COST, ENDING, dollars, piece, to, whole
from tests.support.scripted import Answer

from tollbridge.errors import (
    UpstreamUnreachable,
)
from tollbridge.formats import Tool
from tollbridge.formats.response import Stop
from tollbridge.metering.usage import Usage
from tollbridge.testing import GatewayUnderTest
from tollbridge.tokens.model import TokenBudget


async def test_model_is_asked_on_the_account_of_the_outer_call(inside) -> None:
    async with inside(whole()) as there:
        answered = await there.ask(to(temperature=0.5))
        row = await there.row()

    assert [part.text for part in answered.response.choices[0].parts] == ["Hello."]
    assert answered.response.choices[0].stop is Stop.END
    assert (answered.cost, answered.usage) == (COST, Usage(input=30, output=5))
    assert (answered.model_used, answered.dropped) == ("m1", ())
    assert there.sent() == {
        "model": "m1",
        "messages": [{"role": "user", "content": "Hello"}],
        "temperature": 0.5,
    }
    assert dict(there.script.sent[0].headers) == {
        b"content-type": b"application/json",
        b"accept-encoding": b"identity",
        b"authorization": b"Bearer sk-1",
    }
    assert row.call_id == answered.call_id != there.outer.id
    assert (row.parent, row.token_id, row.service) == (there.outer.id, there.outer.principal.id, "summaries")
    assert (row.operation, row.dialect, row.model, row.model_used) == ("ai:chat", "tollbridge", "one", "m1")
    assert (row.outcome, row.status, row.cost, row.stream) == ("complete", 200, COST, False)
    assert row.bytes_in > 0
    assert row.at == there.clock.now()


async def test_cost_of_a_service_is_its_own_and_that_of_what_it_asks(gateway, monkeypatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    costs = []

    async def service(scope: Any, receive: Any, send: Any) -> None:
        for _ in range(2):
            answered = await under.gateway.asking.ask(scope["tollbridge"], to("openai/gpt-4o-mini"))
            costs.append(answered.cost)
        await PlainTextResponse("done")(scope, receive, send)

    under: GatewayUnderTest = gateway({"service": {"price_per_call": "0.001"}}, app=service)
    reply = await under.request("GET", "/summaries")
    now = under.clock.now()
    totals = await under.gateway.store.totals(now, now + timedelta(seconds=1))
    rows = await under.gateway.store.recent()

    assert (reply.status_code, len(costs)) == (200, 2)
    assert totals.cost == 1_000_000 + sum(costs) == sum(row.cost or 0 for row in rows)
    assert (totals.calls, totals.input_tokens, totals.output_tokens) == (1, 2_000, 1_000)
    (outer,) = [row for row in rows if not row.parent]
    assert [row.parent for row in rows if row.parent] == [outer.call_id] * 2
    assert outer.cost == 1_000_000


async def test_another_target_is_asked_in_its_own_dialect_where_one_fails(inside) -> None:
    async with inside(whole(b"{}", status=503), whole(CLAUDE)) as there:
        answered = await there.ask(to("two"))
        row = await there.row()

    assert there.script.hosts == ["first", "other"]
    assert there.sent()["messages"] == [{"role": "user", "content": "Hello"}]
    assert there.sent()["model"] == "m2"
    assert [part.text for part in answered.response.choices[0].parts] == ["Bonjour."]
    assert (answered.model_used, answered.response.origin, answered.cost) == ("m2", "anthropic-messages", COST)
    assert (row.provider, row.cost) == ("other", COST)


async def test_limit_of_the_question_takes_the_place_of_the_requests_own(inside) -> None:
    async with inside(whole(), whole()) as there:
        await there.ask(to(limit=7, max_output=90))
        await there.ask(to(max_output=90))

    assert [there.sent(place)["max_completion_tokens"] for place in (0, 1)] == [7, 90]


async def test_what_the_model_cannot_be_told_is_left_out_and_named(inside) -> None:
    async with inside(whole()) as there:
        answered = await there.ask(to(top_k=3))

    assert answered.dropped == ("top_k",)
    assert "top_k" not in there.sent()


async def test_lenient_preference_of_the_outer_call_changes_nothing(inside) -> None:
    async with inside(whole(), headers=[(b"prefer", b"handling=lenient")]) as there:
        assert (await there.ask(to(top_k=3))).dropped == ("top_k",)


async def test_free_text_tools_reach_a_model_without_them_as_functions(inside) -> None:
    async with inside(whole(CLAUDE)) as there:
        there.script.steps.insert(0, UpstreamUnreachable("no connection"))
        await there.ask(to("two", tools=(Tool(name="sh", custom=True),)))

    (tool,) = there.sent()["tools"]
    assert (tool["name"], list(tool["input_schema"]["properties"])) == ("sh", ["input"])


async def test_question_of_a_call_without_an_address_has_none(inside) -> None:
    async with inside(whole()) as there:
        there.outer.client = ""
        assert (await there.ask()).cost == COST


async def test_answer_that_streams_though_nobody_asked_for_it_is_folded(inside) -> None:
    async with inside(Answer(piece("Hel"), piece("lo."), *ENDING)) as there:
        answered = await there.ask()

    assert [part.text for part in answered.response.choices[0].parts] == ["Hello."]
    assert answered.cost == COST


async def test_what_was_said_of_usage_only_once_is_charged_once(inside) -> None:
    async with inside(whole(), token={"budget": TokenBudget(10**9, "total")}) as there:
        answered = await there.ask()
        (standing,) = (await there.gateway.store.budget_standings([f"token:{there.outer.principal.id}:total"])).values()

    assert (standing.spent, standing.reserved) == (COST, 0)
    assert dollars(answered.cost) == "0.00004"
