"""Prompts asked through a real gateway, whose providers follow a script."""

import asyncio
import json
from typing import Any

import msgspec
import pytest
from tests.middleware.asking.conftest import COST, ENDING, USAGE, inside, piece, whole
from tests.plugins.prompts.speaking import JSON_OUT, defined, reply_of
from tests.support.scripted import JSON, Answer

import tollbridge_prompts
from tollbridge.services.kinds import Running, ServiceKind
from tollbridge.services.model import Access, Approval, Design
from tollbridge.wrapping import Tollbridge
from tollbridge_prompts.accounts import of_gateway
from tollbridge_prompts.kind import PromptKind

__all__ = ["inside"]

DEFINITION = {"model": "one", "user": "{{text}}", "variables": {"text": {"type": "string"}}}


def said(content: str) -> Answer:
    choice = {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}
    return whole(msgspec.json.encode({"id": "c1", "model": "m1", "choices": [choice], "usage": USAGE}))


async def posted(there: Any, body: Any, accept: str = "*/*", **members: Any) -> Any:
    running = Running("svc_1", "it", "team", "rel_1", 1, "1", defined(**{"model": "one", **members}))
    served = PromptKind(of_gateway).serve(there.gateway, running)
    sent: list[Any] = []
    headers = [(b"content-type", b"application/json"), (b"accept", accept.encode())]

    left: list[Any] = [{"type": "http.request", "body": json.dumps(body).encode(), "more_body": False}]

    async def receive() -> Any:
        return left.pop() if left else await asyncio.get_running_loop().create_future()

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


@pytest.mark.parametrize(
    ("method", "accept", "answer"),
    [
        ("POST", "*/*", Answer(asyncio.Event(), headers=JSON)),
        ("GET", "*/*", Answer(asyncio.Event(), headers=JSON)),
        ("POST", "text/event-stream", Answer(piece("Hel"), asyncio.Event())),
        ("POST", "text/plain", Answer(piece("Hel"), asyncio.Event())),
        ("GET", "text/event-stream", Answer(asyncio.Event())),
    ],
)
async def test_caller_who_leaves_ends_the_call_of_the_model(inside, method: str, accept: str, answer: Answer) -> None:
    async with inside(answer) as there:
        services = there.gateway.services
        definition = {**DEFINITION, "get": {"max_age_s": 1}}
        design = Design(name="It", access=Access.SCOPE, approval=Approval.AUTO, definition=definition)
        service = await services.add("it", "prompt", draft=design)
        await services.release(service.id, version="1")
        await services.publish(service.id, 1)
        caller = Leaving(await there.gateway.tokens.issue(name="c", scopes=("service:it:*",)), method, accept)

        calling = asyncio.ensure_future(
            Tollbridge(None, gateway=there.gateway)(caller.scope, caller.receive, caller.send)
        )
        await answer.waiting.wait()
        caller.leaves.set()
        await calling
        await there.gateway.asking.settled()
        rows = {row.operation: row for row in await there.rows()}

    assert (answer.cancelled, answer.closed) == (True, 1)
    assert {name: row.outcome for name, row in rows.items()} == {
        "service:it:call": "client_gone",
        "ai:chat": "client_gone",
    }


class Leaving:
    """A caller of the service `it` who leaves when they are told to."""

    def __init__(self, issued: Any, method: str, accept: str) -> None:
        self.leaves = asyncio.Event()
        self.sent: list[Any] = []
        body = b'{"text": "x"}' if method == "POST" else b""
        self._left: list[Any] = [{"type": "http.request", "body": body, "more_body": False}]
        self.scope = {
            "type": "http",
            "method": method,
            "path": "/v1/apis/it",
            "raw_path": b"/v1/apis/it",
            "query_string": b"" if body else b"text=x",
            "headers": [
                (b"host", b"h"),
                (b"authorization", f"Bearer {issued.secret}".encode()),
                (b"content-type", b"application/json"),
                (b"content-length", b"%d" % len(body)),
                (b"accept", accept.encode()),
            ],
            "client": ("192.0.2.1", 1),
        }

    async def receive(self) -> Any:
        if self._left:
            return self._left.pop()
        await self.leaves.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.sent.append(message)
