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

from tollbridge import hookimpl
from tollbridge.call import open_call
from tollbridge.clock import SystemClock
from tollbridge.config import load_config
from tollbridge.errors import UpstreamError, UpstreamTruncated, UpstreamUnreachable
from tollbridge.formats import Dialect
from tollbridge.gateway import Gateway
from tollbridge.layers.asking import ask_again, takes_pieces
from tollbridge.providers import Provider, Target
from tollbridge.testing import FixedClock
from tollbridge.testing.upstream import ScriptedUpstream
from tollbridge.transport.base import UpstreamRequest
from tollbridge.wrapping import Tollbridge
from tollbridge_replicate.dialect import PredictionsDialect

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
    async def make(*steps: Any, plugins: Any = (), **sections: Any) -> AsyncIterator[Bridge]:
        script = Script(*steps)
        config = replace(load_config({**CONFIG, **sections}, {}), data=tmp_path)
        gateway = Gateway(config, transport=script, clock=FixedClock(), env={"KEY": "r8-1"}, plugins=plugins)
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
    async with bridge(begun(), answer({}, 401), answer({}, 401)) as gw:
        one = gw.caller()

        await one.call()
        await gw.row()

        assert (one.status, one.code) == (502, "upstream_credential")
        assert gw.asked == [CREATE, AGAIN, CANCEL]


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


ELSEWHERE = [
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
]


async def test_url_that_leads_elsewhere_is_never_asked_and_the_answer_is_late(bridge) -> None:
    async with bridge(*[begun(get=url) for url in ELSEWHERE]) as gw:
        for count, url in enumerate(ELSEWHERE, 1):
            one = gw.caller()
            await one.call()

            assert gw.asked == [CREATE] * count, url
            assert (one.status, one.code) == (504, "prediction_pending")


class Sibling(PredictionsDialect):
    """A dialect that shares another's base URL; a provider of it alone names its URL after it."""

    name = "sibling"


class Siblings:
    @hookimpl
    def register_dialects(self, register: Callable[[Dialect], None]) -> None:
        register(Sibling())


async def test_url_is_believed_within_the_base_url_that_was_asked(bridge) -> None:
    replica = {**CONFIG["providers"]["replica"], "dialect": "sibling"}
    async with bridge(begun(), answer(DONE), plugins=(Siblings(),), providers={"replica": replica}) as gw:
        one = gw.caller()

        await one.call()

        assert (one.status, gw.asked) == (200, [CREATE, AGAIN])


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
    told = asyncio.Event()
    async with bridge(begun(), (told, answer({}))) as gw:
        one = gw.caller()
        running = await asking(gw, one)

        one.leave()
        await asyncio.wait_for(running, 5)
        assert gw.gateway.chain.plan.settling  # the gateway waits for it, its caller does not
        told.set()
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


OWN = {"path": "/replicate/v1/models/one/predictions", "input": {"prompt": "Hi"}}


@pytest.mark.parametrize("fields", [{}, OWN], ids=["another dialect", "its own"])
async def test_provider_is_told_to_hold_a_whole_answer_back(bridge, fields) -> None:
    async with bridge(answer(DONE)) as gw:
        one = gw.caller(**fields)
        one._scope["headers"].append((b"prefer", b"respond-async"))

        await one.call()

        (sent,) = gw.script.sent
        assert [value for name, value in sent.headers if name == b"prefer"] == [b"wait"]


async def test_provider_is_not_told_to_hold_back_what_streams(bridge) -> None:
    async with bridge(answer(DONE)) as gw:
        one = gw.caller(stream=True)

        await one.call()

        assert b"prefer" not in dict(gw.script.sent[0].headers)
        assert said(one) == ["Hello."]


def making(*output: str) -> Answer:
    return answer({**BEGUN, "status": "processing", "output": list(output)})


def said(one: Caller) -> list[str]:
    """Give the pieces of text that a caller of Chat was sent, each with the message it came in."""
    found = [
        json.loads(line.removeprefix(b"data: "))["choices"]
        for message in one.sent
        for line in message.get("body", b"").split(b"\n\n")
        if line.startswith(b"data: {") and b'"choices"' in line
    ]
    return [text for choices in found for choice in choices if (text := choice["delta"].get("content"))]


async def test_pieces_reach_the_caller_of_a_stream_as_they_are_written(bridge) -> None:
    async with bridge(begun(), answer(BEGUN), making("He"), making("He"), making("He", "l"), answer(DONE)) as gw:
        one = gw.caller(stream=True, stream_options={"include_usage": True})

        await one.call()

        assert (one.status, said(one)) == (200, ["He", "l", "lo."])
        assert len([message for message in one.sent if message.get("body")]) == 3  # and each as soon as it was there
        assert dict(one.sent[0]["headers"])[b"content-type"] == b"text/event-stream"
        assert b'"prompt_tokens":1000' in one.sent[-2]["body"]
        assert one.body.count(b'"usage":{') == 1
        assert one.body.endswith(b"data: [DONE]\n\n")
        assert gw.asked == [CREATE, *[AGAIN] * 5]
        row = await gw.row()
        assert (row.status, row.outcome, row.stream, row.cost) == (200, "complete", True, 450_000)


async def test_pieces_come_over_the_wire(tmp_path) -> None:
    async with ScriptedUpstream() as upstream:
        urls = {"get": f"{upstream.url}/v1/predictions/p1"}
        for body in (BEGUN, {**BEGUN, "status": "processing", "output": ["Hel"]}, DONE):
            upstream.answer(json.dumps({**body, "urls": urls}, indent=1).encode())
        replica = {**CONFIG["providers"]["replica"], "base_url": f"{upstream.url}/v1", "allow_private": True}
        sections = {**CONFIG, "providers": {**CONFIG["providers"], "replica": replica}}
        config = replace(load_config(sections, {}), data=tmp_path)
        async with Gateway(config, clock=FixedClock(), env={"KEY": "r8-1"}) as gateway:
            dispatch: Any = gateway.chain.plan.app
            dispatch.wait = Pace()
            one = Caller(Tollbridge(gateway=gateway), (await gateway.tokens.issue(name="t")).secret, **ASK)

            await one.call()

    assert said(one) == ["Hel", "lo."]
    assert [request.path for request in upstream.requests] == [CREATE[1], AGAIN[1], AGAIN[1]]
    assert {request.header("prefer") for request in upstream.requests} == {""}


async def test_pieces_that_are_there_at_once_are_not_waited_for(bridge) -> None:
    first = answer({**BEGUN, "status": "processing", "output": ["He"]}, 201)
    async with bridge(first, answer(DONE)) as gw:
        one = gw.caller(stream=True)
        running = await asking(gw, one)

        assert said(one) == ["He"]

        gw.pace.holds.set()
        await running
        assert said(one) == ["He", "l", "lo."]


async def test_pauses_do_not_grow_while_the_answer_does(bridge) -> None:
    looks = [answer(BEGUN), making("H"), making("H", "e"), making("H", "e"), making("H", "e", "l")]
    async with bridge(begun(), *looks, answer(DONE)) as gw:
        await gw.caller(stream=True).call()

        assert gw.pace.pauses == [0.5, 1.0, 0.5, 0.5, 1.0, 0.5]


@pytest.mark.parametrize(("size", "pause"), [(100_000, 0.5), (3 * 1024 * 1024, 3.0), (9_000_000, 5.0)])
async def test_long_answer_is_asked_for_less_often(bridge, size, pause) -> None:
    async with bridge(begun(), answer({**BEGUN, "output": ["x" * size]}), answer(DONE)) as gw:
        await gw.caller(stream=True).call()

        assert gw.pace.pauses[0] == 0.5
        assert gw.pace.pauses[1] == pytest.approx(pause, rel=0.01)


async def test_whole_answer_is_not_taken_in_pieces(bridge) -> None:
    async with bridge(begun(), making("He"), making("He", "l"), answer(DONE)) as gw:
        one = gw.caller()

        await one.call()

        assert json.loads(one.body)["choices"][0]["message"]["content"] == "Hello."
        assert gw.pace.pauses == [0.5, 1.0, 2.0]


async def test_caller_of_its_own_dialect_gets_no_pieces(bridge) -> None:
    async with bridge(begun(), making("He"), answer(DONE)) as gw:
        one = gw.caller(**OWN, stream=True)

        await one.call()

        assert json.loads(one.body) == DONE
        assert dict(one.sent[0]["headers"])[b"content-type"] == b"application/json"


def last_error(one: Caller) -> Any:
    last = one.body.removesuffix(b"\n\n").split(b"\n\n")[-1]
    assert b"[DONE]" not in one.body
    assert b'"finish_reason":"stop"' not in one.body
    return json.loads(last.removeprefix(b"data: "))["error"]


@pytest.mark.parametrize(
    ("last", "code", "kept"),
    [
        ({**BEGUN, "status": "failed", "error": "out of memory"}, "prediction_failed", "upstream_error"),
        ({**DONE, "output": ["Bye."]}, "prediction_changed", "upstream_error"),
        ({**BEGUN, "urls": {}}, "upstream_truncated", "upstream_truncated"),
        ({"detail": "no such prediction"}, "model_not_found", "model_not_found"),
        ("no prediction", "upstream_error", "upstream_error"),
    ],
)
async def test_what_goes_wrong_after_pieces_is_the_last_event_of_the_stream(bridge, last, code, kept) -> None:
    async with bridge(begun(), making("Hel"), answer(last, 404 if "detail" in last else 200)) as gw:
        one = gw.caller(stream=True)

        await one.call()
        row = await gw.row()

        assert (one.status, said(one), last_error(one)["code"]) == (200, ["Hel"], code)
        assert gw.asked == [CREATE, AGAIN, AGAIN]
        assert row.outcome != "complete"
        assert row.error == kept


async def test_failure_before_any_piece_has_its_status(bridge) -> None:
    async with bridge(begun(), answer({**BEGUN, "status": "failed", "error": "out of memory"})) as gw:
        one = gw.caller(stream=True)

        await one.call()

        assert (one.status, one.code) == (502, "prediction_failed")


async def test_callers_leaving_between_two_pieces_ends_the_providers_work(bridge) -> None:
    async with bridge(answer({**BEGUN, "output": ["Hel", "lo"]}, 201), answer({})) as gw:
        one = gw.caller(stream=True)
        running = await asking(gw, one)

        one.leave()
        await asyncio.wait_for(running, 5)
        row = await gw.row()

        assert gw.asked == [CREATE, CANCEL]
        # what is known to have been written: two pieces
        assert (row.outcome, row.usage_source, row.usage.output) == ("client_gone", "estimated", 2)


async def test_leaving_of_a_caller_who_takes_nothing_ends_the_providers_work(bridge) -> None:
    async with bridge(begun(), making("Hel"), answer({})) as gw:
        one = gw.caller(stream=True)
        one.takes.clear()
        running = asyncio.create_task(one.call())
        await until(lambda: bool(one.sent), "a message")

        one.leave()
        await asyncio.wait_for(running, 5)
        row = await gw.row()

        assert gw.asked == [CREATE, AGAIN, CANCEL]
        assert row.outcome == "client_gone"


REMARK = b": keep-alive\n\n"


async def test_stream_lives_between_two_pieces_and_none_overtakes_a_remark(bridge) -> None:
    first = answer({**BEGUN, "status": "processing", "output": ["Hel"]}, 201)
    async with bridge(first, answer(DONE), upstream={"keep_alive_s": 0.001}) as gw:
        one = gw.caller(stream=True)
        running = await asking(gw, one)
        await until(lambda: one.body.endswith(REMARK), "a remark behind the piece")
        one.takes.clear()
        count = len(one.sent)
        await until(lambda: len(one.sent) > count, "a remark that is not taken")
        gw.pace.holds.set()
        await until(lambda: len(gw.script.sent) > 1, "a question")
        await asyncio.wait({running}, timeout=0.05)
        assert one.body.endswith(REMARK)

        one.takes.set()
        await running

        assert said(one) == ["Hel", "lo."]
        assert one.body.endswith(b"data: [DONE]\n\n")
        assert (await gw.row()).cost == 450_000


async def test_pieces_go_on_in_a_stream_that_was_opened_before_them(bridge) -> None:
    async with bridge(begun(), making("Hel"), answer(DONE), upstream={"keep_alive_s": 0.001}) as gw:
        one = gw.caller(stream=True)
        running = await asking(gw, one)
        await until(lambda: REMARK in one.body, "a remark")

        gw.pace.holds.set()
        await running

        assert said(one) == ["Hel", "lo."]
        assert one.body.startswith(REMARK)
        assert one.body.endswith(b"data: [DONE]\n\n")
        assert [message["type"] for message in one.sent].count("http.response.start") == 1


async def test_provider_at_work_is_given_all_the_time_there_is(bridge) -> None:
    async with bridge(begun(), answer(DONE), upstream={"first_byte_timeout_s": 0.01}) as gw:
        one = gw.caller()
        running = await asking(gw, one)
        await asyncio.wait({running}, timeout=0.05)  # many looks of the watch

        gw.pace.holds.set()
        await running

        assert one.status == 200


def test_stream_in_the_providers_own_dialect_takes_no_pieces() -> None:
    call = open_call({"type": "http", "path": "/", "headers": []}, SystemClock())
    call.stream = True

    assert not takes_pieces(call)


async def test_stream_shows_that_it_lives_while_an_answer_is_asked_for(bridge) -> None:
    async with bridge(begun(), answer(DONE), upstream={"keep_alive_s": 0.001}) as gw:
        one = gw.caller(stream=True)
        running = await asking(gw, one)
        await until(lambda: one.body.count(REMARK) > 1, "remarks")

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


async def test_answer_over_the_limit_ends_the_questions_and_the_providers_work(bridge) -> None:
    class Long(Answer):
        async def read(self, limit: int) -> bytes:
            raise UpstreamError(f"the provider's answer is over {limit} bytes")

    async with bridge(begun(), Long(headers=JSON), answer({}), upstream={"max_answer_bytes": 1000}) as gw:
        one = gw.caller()

        await one.call()
        await gw.row()

        assert (one.status, one.code) == (502, "upstream_error")
        assert gw.asked == [CREATE, AGAIN, CANCEL]
