"""Prompts asked through a real gateway, whose providers follow a script."""

import json
from typing import Any

import msgspec
from tests.middleware.asking.conftest import COST, ENDING, USAGE, inside, piece, whole
from tests.plugins.prompts.speaking import JSON_OUT, defined, reply_of
from tests.support.scripted import Answer

import tollbridge_prompts
from tollbridge.services.kinds import Running, ServiceKind
from tollbridge_prompts.accounts import of_gateway
from tollbridge_prompts.kind import PromptKind

__all__ = ["inside"]


def said(content: str) -> Answer:
    choice = {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}
    return whole(msgspec.json.encode({"id": "c1", "model": "m1", "choices": [choice], "usage": USAGE}))


async def posted(there: Any, body: Any, accept: str = "*/*", **members: Any) -> Any:
    running = Running("svc_1", "it", "team", "rel_1", 1, "1", defined(**{"model": "one", **members}))
    served = PromptKind(of_gateway).serve(there.gateway, running)
    sent: list[Any] = []
    headers = [(b"content-type", b"application/json"), (b"accept", accept.encode())]

    async def receive() -> Any:
        return {"type": "http.request", "body": json.dumps(body).encode(), "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    there.outer.headers = headers
    scope = {"type": "http", "method": "POST", "path": "/v1/apis/it", "headers": headers, "tollbridge": there.outer}
    await served(scope, receive, send)
    return reply_of(sent)


async def test_prompt_is_asked_and_repaired_on_the_account_of_its_caller(inside) -> None:
    async with inside(said("{}"), said('{"label": "good"}')) as there:
        reply = await posted(there, {"text": "x"}, output=JSON_OUT, system="S", parameters={"temperature": 0})
        rows = await there.rows()

    assert (reply.status, reply.json()) == (200, {"label": "good"})
    assert reply.headers["x-tollbridge-cost-usd"] == "0.00008"  # 2 x (30 x 1,000 + 5 x 2,000) nano-dollars
    assert [row.cost for row in rows] == [COST, COST]
    asked = [json.loads(one.body) for one in there.script.sent]
    assert [message["content"] for message in asked[0]["messages"]] == ["S", "x"]
    assert asked[0]["response_format"]["json_schema"]["schema"] == JSON_OUT["schema"]
    assert asked[0]["temperature"] == 0
    assert len(asked[1]["messages"]) == 4


async def test_target_of_another_dialect_is_asked_in_its_own(inside) -> None:
    other = {"two": {"targets": ["other/m2"], "price": {"input": "1", "output": "2"}}}
    answer = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m2",
        "content": [{"type": "text", "text": '{"label": "bad"}'}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 30, "output_tokens": 5},
    }
    async with inside(whole(msgspec.json.encode(answer)), models=other) as there:
        reply = await posted(there, {"text": "x"}, model="two", output=JSON_OUT, system="S")

    assert reply.json() == {"label": "bad"}
    asked = json.loads(there.script.sent[0].body)
    assert "S" in json.dumps(asked["system"])
    assert asked["messages"][0]["role"] == "user"


async def test_stream_is_passed_on_with_what_it_cost(inside) -> None:
    stream = Answer(
        *(piece(text) for text in ("Hel", "lo")), *ENDING, headers=[(b"content-type", b"text/event-stream")]
    )
    async with inside(stream) as there:
        reply = await posted(there, {"text": "x"}, "text/event-stream")

    assert [name for name, _ in reply.events()] == ["delta", "delta", "result"]
    result = reply.events()[-1][1]
    assert (result["output"], result["cost_usd"]) == ("Hello", "0.00004")
    assert result["usage"] == {"input_tokens": 30, "output_tokens": 5}


async def test_model_that_is_not_offered_is_no_matter_of_the_caller(inside) -> None:
    async with inside() as there:
        reply = await posted(there, {"text": "x"}, model="none")

    assert (reply.status, reply.json()["code"]) == (502, "model_unavailable")
    assert "none" not in reply.json()["detail"]


async def test_test_set_is_run_on_the_account_of_who_publishes(inside) -> None:
    tests = {"cases": [{"name": "a", "variables": {"text": "x"}, "expect": [{"equals": "yes"}, {"max_cost_usd": "1"}]}]}
    definition = defined(model="one", tests=tests)
    running = Running("svc_1", "it", "team", "rel_1", 1, "1", definition)
    async with inside(said("yes"), said("no")) as there:
        kind = PromptKind(of_gateway)
        good = await kind.prove(there.gateway, running, there.outer)
        bad = await kind.prove(there.gateway, running, there.outer)
        rows = await there.rows()

    assert good.problems == ()
    assert good.cases[0].cost == COST
    assert bad.problems[0].field == "tests"
    assert len(rows) == 2


def test_plugin_offers_one_kind() -> None:
    kinds: list[ServiceKind] = []

    tollbridge_prompts.register_service_kinds(kinds.append)

    assert [kind.name for kind in kinds] == ["prompt"]
