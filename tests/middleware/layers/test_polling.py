"""Answers that are not finished when they come: asked for again, within the target's endpoint and the call's time."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send
from tests.support.scripted import JSON, Answer, Caller, Script
from tests.support.waiting import until

from tollbridge.config import load_config
from tollbridge.errors import UpstreamError, UpstreamTruncated, UpstreamUnreachable
from tollbridge.gateway import Gateway
from tollbridge.layers.asking import ask_again
from tollbridge.providers import Provider, Target
from tollbridge.testing import FixedClock
from tollbridge.transport.base import UpstreamRequest
from tollbridge.wrapping import Tollbridge

HOST = "https://replica.example"
CONFIG: dict[str, Any] = {
    "providers": {
        "replica": {"base_url": f"{HOST}/v1", "dialect": "replicate-predictions", "api_key": "env:KEY"},
        "other": {"base_url": "https://other.example/v1", "api_key": "env:KEY"},
    },
    "models": {"one": {"targets": ["replica/meta/llama"], "price": {"input": "0.15", "output": "0.60"}}},
}
URLS = {"get": f"{HOST}/v1/predictions/p1", "cancel": f"{HOST}/v1/predictions/p1/cancel"}
BEGUN = {"id": "p1", "model": "meta/llama", "status": "starting", "urls": URLS, "input": {"prompt": "Hi"}}
DONE = {
    **BEGUN,
    "status": "succeeded",
    "output": ["Hel", "lo."],
    "metrics": {"input_token_count": 1000, "output_token_count": 500},
}
ASK = {"messages": [{"role": "user", "content": "Hi"}]}


def answer(body: Any, status: int = 200) -> Answer:
    return Answer(json.dumps(body).encode(), status=status, headers=JSON)


def begun(**urls: Any) -> Answer:
    return answer({**BEGUN, "urls": {**URLS, **urls}}, 201)


class Pace:
    """Lets no time pass, only a turn of the event loop; says how long it should have been."""

    def __init__(self) -> None:
        self.pauses: list[float] = []
        self.holds = asyncio.Event()
        self.holds.set()

    async def __call__(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await asyncio.sleep(0)
        await self.holds.wait()


class Bridge:
    def __init__(self, gateway: Gateway, script: Script, token: str) -> None:
        self.gateway = gateway
        self.script = script
        self._token = token
        self.pace = Pace()
        self.dispatch: Any = gateway.chain.plan.app
        self.dispatch.wait = self.pace
        self.dispatch.watch._period_s = 0.001

    def caller(self, **fields: Any) -> Caller:
        return Caller(Tollbridge(gateway=self.gateway), self._token, **{"stream": False, **ASK, **fields})

    @property
    def asked(self) -> list[tuple[str, str]]:
        return [(request.method, request.url.removeprefix(HOST)) for request in self.script.sent]

    async def row(self) -> Any:
        await self.gateway.chain.plan.settled()
        (row,) = await self.gateway.store.recent()
        return row


@pytest.fixture
def bridge(tmp_path) -> Callable[..., Any]:
    @asynccontextmanager
    async def make(*steps: Any, **sections: Any) -> AsyncIterator[Bridge]:
        script = Script(*steps)
        config = replace(load_config({**CONFIG, **sections}, {}), data=tmp_path)
        gateway = Gateway(config, transport=script, clock=FixedClock(), env={"KEY": "r8-1"})
        async with gateway:
            yield Bridge(gateway, script, (await gateway.tokens.issue(name="t")).secret)

    return make


CREATE = ("POST", "/v1/models/meta/llama/predictions")
AGAIN = ("GET", "/v1/predictions/p1")
CANCEL = ("POST", "/v1/predictions/p1/cancel")


async def test_answer_is_asked_for_until_it_is_finished_and_charged_by_what_it_says_then(bridge) -> None:
    async with bridge(begun(), answer(BEGUN), answer({**BEGUN, "status": "processing"}), answer(DONE)) as gw:
        one = gw.caller()

        await one.call()

        assert json.loads(one.body)["choices"][0]["message"]["content"] == "Hello."
        assert gw.asked == [CREATE, AGAIN, AGAIN, AGAIN]
        row = await gw.row()
        # 1000 in x 0.15 + 500 out x 0.60, per million tokens, in nano-dollars
        assert (row.status, row.outcome, row.cost) == (200, "complete", 450_000)


async def test_question_carries_the_targets_credential_and_nothing_of_the_callers(bridge) -> None:
    async with bridge(begun(), answer(DONE)) as gw:
        one = gw.caller()
        one._scope["headers"].append((b"x-own", b"1"))

        await one.call()

        again = gw.script.sent[1]
        assert again.body == b""
        assert dict(again.headers) == {b"accept-encoding": b"identity", b"authorization": b"Bearer r8-1"}


async def test_pauses_grow_to_five_seconds_and_there_is_one_before_each_question(bridge) -> None:
    async with bridge(begun(), *[answer(BEGUN) for _ in range(5)], answer(DONE)) as gw:
        await gw.caller().call()

        assert gw.pace.pauses == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0]


async def test_provider_that_is_out_of_reach_or_busy_in_between_is_asked_again(bridge) -> None:
    troubles = [
        UpstreamUnreachable("gone"),
        answer({}, 503),
        answer({}, 429),
        Answer(b"{", UpstreamTruncated("broke"), headers=JSON),
    ]
    async with bridge(begun(), *troubles, answer(DONE)) as gw:
        one = gw.caller()

        await one.call()

        assert one.status == 200
        assert gw.asked == [CREATE, *[AGAIN] * 5]
        assert troubles[3].closed == 1


async def test_refusal_of_the_question_is_the_answer(bridge) -> None:
    async with bridge(begun(), answer({"detail": "no such prediction"}, 404)) as gw:
        one = gw.caller()

        await one.call()

        assert one.status == 404
        assert b"no such prediction" in one.body


async def test_refused_credential_ends_the_questions(bridge) -> None:
    async with bridge(begun(), answer({}, 401)) as gw:
        one = gw.caller()

        await one.call()

        assert (one.status, one.code) == (502, "upstream_credential")


async def test_prediction_that_fails_later_is_told_as_one_that_failed(bridge) -> None:
    async with bridge(begun(), answer({**BEGUN, "status": "failed", "error": "out of memory"})) as gw:
        one = gw.caller()

        await one.call()

        assert (one.status, one.code) == (502, "prediction_failed")
        assert b"out of memory" in one.body


async def test_caller_of_the_same_dialect_gets_the_finished_answer_as_it_came(bridge) -> None:
    async with bridge(begun(), answer(DONE)) as gw:
        one = gw.caller(path="/replicate/v1/models/one/predictions", input={"prompt": "Hi"})

        await one.call()

        assert json.loads(one.body) == DONE


@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.example/v1/predictions/p1",
        "http://replica.example/v1/predictions/p1",
        "https://replica.example:444/v1/predictions/p1",
        "https://replica.example@elsewhere.example/",
        "https://replica.example.elsewhere.example/",
        "https://replica.example\\@elsewhere.example/",
        "//replica.example/v1/predictions/p1",
        "/v1/predictions/p1",
        "file:///etc/passwd",
        "https://[",
    ],
)
async def test_url_that_leads_elsewhere_is_never_asked_and_the_answer_is_late(bridge, url) -> None:
    async with bridge(begun(get=url)) as gw:
        one = gw.caller()

        await one.call()

        assert gw.asked == [CREATE]
        assert (one.status, one.code) == (504, "prediction_pending")


async def test_refusal_that_looks_unfinished_is_not_asked_for_again(bridge) -> None:
    async with bridge(answer(BEGUN, 422)) as gw:
        one = gw.caller()

        await one.call()

        assert (one.status, gw.asked) == (422, [CREATE])


async def asking(gw: Bridge, one: Caller) -> "asyncio.Task[None]":
    """Call, and wait until the bridge waits before a question."""
    gw.pace.holds.clear()
    running = asyncio.create_task(one.call())
    await until(lambda: bool(gw.pace.pauses), "a pause")
    return running


async def test_callers_leaving_ends_the_providers_work(bridge) -> None:
    async with bridge(begun(), answer({})) as gw:
        one = gw.caller()
        running = await asking(gw, one)

        one.leave()
        await asyncio.wait_for(running, 5)
        row = await gw.row()

        assert gw.asked == [CREATE, CANCEL]
        assert dict(gw.script.sent[1].headers)[b"authorization"] == b"Bearer r8-1"
        assert (row.outcome, row.usage_source) == ("client_gone", "reserved")


async def test_call_that_takes_too_long_ends_the_providers_work_and_is_a_timeout(bridge) -> None:
    slow = {"upstream": {"total_timeout_s": 0.2, "first_byte_timeout_s": 0.05}}
    async with bridge(begun(), answer({}), **slow) as gw:
        one = gw.caller()
        await asyncio.wait_for(await asking(gw, one), 5)
        row = await gw.row()

        assert gw.asked == [CREATE, CANCEL]
        assert (one.status, one.code, row.status) == (504, "upstream_timeout", 504)


async def test_work_is_ended_only_at_the_targets_endpoint(bridge) -> None:
    async with bridge(begun(cancel="https://elsewhere.example/cancel")) as gw:
        one = gw.caller()
        running = await asking(gw, one)

        one.leave()
        await asyncio.wait_for(running, 5)
        await gw.row()

        assert gw.asked == [CREATE]


@pytest.mark.parametrize("step", [UpstreamUnreachable("gone"), asyncio.Event()], ids=["gone", "silent"])
async def test_provider_that_cannot_be_told_keeps_nobody_waiting(bridge, monkeypatch, step) -> None:
    monkeypatch.setattr("tollbridge.layers.polling.GIVE_UP_S", 0.01)
    async with bridge(begun(), step) as gw:
        one = gw.caller()
        running = await asking(gw, one)

        one.leave()
        await asyncio.wait_for(running, 5)

        assert (await gw.row()).outcome == "client_gone"
        assert gw.asked == [CREATE, CANCEL]


async def test_work_is_ended_also_where_something_stands_before_the_models(bridge) -> None:
    async with bridge(begun(), answer({})) as gw:
        plan = gw.gateway.chain.plan

        async def between(scope: Scope, receive: Receive, send: Send) -> None:
            async def pass_on(message: Message) -> None:
                await send(message)

            await gw.dispatch(scope, receive, pass_on)

        plan.app = between
        one = gw.caller()
        running = await asking(gw, one)

        one.leave()
        await asyncio.wait_for(running, 5)
        await until(lambda: not gw.dispatch.settling, "the end of the errand")

        assert gw.asked == [CREATE, CANCEL]


async def test_stream_shows_that_it_lives_while_an_answer_is_asked_for(bridge) -> None:
    async with bridge(begun(), answer(DONE), upstream={"keep_alive_s": 0.001}) as gw:
        one = gw.caller(stream=True)
        running = await asking(gw, one)
        await until(lambda: one.body.count(b": keep-alive\n\n") > 1, "remarks")

        gw.pace.holds.set()
        await running

        assert b'"content":"Hel' in one.body
        assert one.body.endswith(b"data: [DONE]\n\n")
        assert (await gw.row()).cost == 450_000


async def test_request_of_our_own_is_signed_where_the_target_wants_it() -> None:
    class Signs:
        async def signed(self, request: UpstreamRequest) -> UpstreamRequest:
            return UpstreamRequest(request.method, request.url, [(b"signature", b"s")], request.body)

    script = Script(answer({}))
    target = Target(Provider("p", base_url=HOST), "m", signing=Signs())  # type: ignore[arg-type]

    await ask_again("GET", f"{HOST}/x", target, script)

    assert script.sent[0].headers == [(b"signature", b"s")]


async def test_answer_over_the_limit_ends_the_questions(bridge) -> None:
    class Long(Answer):
        async def read(self, limit: int) -> bytes:
            raise UpstreamError(f"the provider's answer is over {limit} bytes")

    async with bridge(begun(), Long(headers=JSON), upstream={"max_answer_bytes": 1000}) as gw:
        one = gw.caller()

        await one.call()

        assert (one.status, one.code) == (502, "upstream_error")
        assert gw.asked == [CREATE, AGAIN]
