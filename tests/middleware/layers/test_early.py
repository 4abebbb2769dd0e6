"""Streams whose provider is silent: opened by the bridge, and gone on with whatever comes."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, ClassVar

import pytest
from starlette.types import Message
from tests.support.scripted import ANSWER, CHUNK, JSON, LAST, Answer, Caller, Script
from tests.support.waiting import until

from tollbridge import hookimpl
from tollbridge.call import Call, ResponseHead, open_call
from tollbridge.clock import SystemClock
from tollbridge.config import load_config
from tollbridge.errors import Denied, UpstreamUnreachable
from tollbridge.gateway import Gateway
from tollbridge.layers.answering import LAST_WORD_S
from tollbridge.layers.exchange import Exchange
from tollbridge.layers.layer import Layer
from tollbridge.testing import FixedClock
from tollbridge.wrapping import Tollbridge

PRICE = {"input": "0.15", "output": "0.60"}
PROVIDER = {"base_url": "https://mock.example/v1", "api_key": "env:KEY"}
CLAUDE = {**PROVIDER, "base_url": "https://claude.example/v1", "dialect": "anthropic-messages"}
CONFIG: dict[str, Any] = {
    "providers": {
        "first": PROVIDER,
        "second": {**PROVIDER, "base_url": "https://second.example/v1"},
        "claude": CLAUDE,
    },
    "models": {
        "one": {"targets": ["first/m1"], "price": PRICE},
        "two": {"targets": ["first/m1", "second/m2"], "price": PRICE},
        "mixed": {"targets": ["claude/c1", "first/m1"], "price": PRICE},
        "claude": {"targets": ["claude/c1"], "price": PRICE},
    },
    "upstream": {"keep_alive_s": 0.001},
}
REMARK = b": keep-alive\n\n"
PING = b'event: ping\ndata: {"type": "ping"}\n\n'
WHOLE = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "m1",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi."}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1000, "completion_tokens": 500, "total_tokens": 1500},
}
MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "c1",
    "content": [{"type": "text", "text": "Hi."}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 1000, "output_tokens": 500},
}
TIRED = {"error": {"message": "slow down", "type": "requests", "code": "too_fast", "param": None}}
OVERLOADED = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}


class Bridge:
    """A gateway that looks after its exchanges all the time."""

    def __init__(self, gateway: Gateway, script: Script, token: str) -> None:
        self.gateway = gateway
        self.script = script
        self._token = token
        self.dispatch: Any = gateway.chain.plan.app
        self.dispatch.watch._period_s = 0.001

    def caller(self, **fields: Any) -> Caller:
        return Caller(Tollbridge(gateway=self.gateway), self._token, **fields)

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
        gateway = Gateway(config, transport=script, clock=FixedClock(), env={"KEY": "sk-1"}, plugins=plugins)
        async with gateway:
            yield Bridge(gateway, script, (await gateway.tokens.issue(name="t")).secret)

    return make


async def opened(one: Caller, remark: bytes = REMARK, times: int = 2) -> "asyncio.Task[None]":
    """Call, and wait until the caller was shown some remarks."""
    running = asyncio.create_task(one.call())
    await until(lambda: one.body.count(remark) >= times, "a remark")
    assert one.status == 200
    assert one.body.replace(remark, b"") == b""
    return running


def headers(one: Caller) -> dict[bytes, bytes]:
    return dict(one.sent[0]["headers"])


def events(one: Caller) -> list[Any]:
    """Give the data of the events that are no remarks."""
    lines = [line for line in one.body.split(b"\n") if line.startswith(b"data: {")]
    return [event for event in map(json.loads, (line[6:] for line in lines)) if event.get("type") != "ping"]


async def test_stream_is_opened_while_its_provider_is_silent_and_goes_on_when_it_speaks(bridge) -> None:
    speaks = asyncio.Event()
    async with bridge((speaks, Answer(CHUNK, LAST))) as gw:
        one = gw.caller()
        running = await opened(one)

        speaks.set()
        await running

        assert one.body.replace(REMARK, b"") == CHUNK + LAST
        told = headers(one)
        assert told[b"content-type"] == b"text/event-stream"
        assert (told[b"cache-control"], told[b"x-accel-buffering"]) == (b"no-store", b"no")
        assert (told[b"x-tollbridge-model"], told[b"x-tollbridge-provider"]) == (b"m1", b"first")
        assert told[b"x-request-id"].startswith(b"req_")
        assert [message["type"] for message in one.sent].count("http.response.start") == 1
        row = await gw.row()
        assert (row.outcome, row.status, row.usage_source) == ("complete", 200, "estimated")
        assert row.bytes_out == len(one.body)
        assert row.first_byte_ms is not None


async def test_stream_whose_head_is_here_is_opened_with_it(bridge) -> None:
    speaks = asyncio.Event()
    answer = Answer(speaks, CHUNK, LAST)
    answer.headers.append((b"x-request-id", b"theirs"))
    async with bridge(answer) as gw:
        one = gw.caller(model="two")
        running = await opened(one)

        speaks.set()
        await running

        assert one.body.replace(REMARK, b"") == CHUNK + LAST
        assert headers(one)[b"x-tollbridge-upstream-request-id"] == b"theirs"
        assert headers(one)[b"x-tollbridge-provider"] == b"first"


async def test_next_target_is_tried_behind_an_early_opening_whose_head_names_no_target(bridge) -> None:
    fails = asyncio.Event()
    async with bridge((fails, UpstreamUnreachable("gone", detail="refused")), Answer(CHUNK, LAST)) as gw:
        one = gw.caller(model="two")
        running = await opened(one)

        fails.set()
        await running

        assert one.body.replace(REMARK, b"") == CHUNK + LAST
        assert gw.script.hosts == ["mock", "second"]
        assert not headers(one).keys() & {b"x-tollbridge-model", b"x-tollbridge-provider"}
        row = await gw.row()
        assert (row.provider, row.model_used, row.outcome) == ("second", "m2", "complete")


async def test_what_the_request_lost_is_told_in_the_stream_where_the_head_could_not(bridge) -> None:
    speaks = asyncio.Event()
    message = Answer(json.dumps(MESSAGE).encode(), headers=JSON)
    async with bridge((speaks, message)) as gw:
        one = gw.caller(model="mixed", seed=7, messages=[{"role": "user", "content": "Hi"}])
        running = await opened(one)

        speaks.set()
        await running

        assert b"x-tollbridge-dropped" not in headers(one)
        told, last = one.body.split(b"\n\n")[-3:-1]
        assert (told, last) == (b": x-tollbridge-dropped: seed", b"data: [DONE]")


@pytest.mark.parametrize("status", [400, 403, 404, 413, 429, 500, 503, 529])
async def test_refusal_behind_an_early_opening_is_an_error_event_and_keeps_its_status_in_the_ledger(
    bridge, status
) -> None:
    speaks = asyncio.Event()
    refusal = Answer(json.dumps(TIRED).encode(), status=status, headers=JSON)
    async with bridge((speaks, refusal)) as gw:
        one = gw.caller()
        running = await opened(one)

        speaks.set()
        await running

        (event,) = events(one)
        assert (event["error"]["message"], event["error"]["code"]) == ("slow down", "too_fast")
        assert b"[DONE]" not in one.body
        assert not one.sent[-1]["more_body"]
        row = await gw.row()
        assert (row.status, row.outcome, row.cost, row.stream) == (status, "complete", 0, True)


async def test_last_targets_refusal_is_told_after_all_were_tried(bridge) -> None:
    speaks = asyncio.Event()
    busy = [Answer(json.dumps(TIRED).encode(), status=status, headers=JSON) for status in (503, 429)]
    async with bridge((speaks, busy[0]), busy[1]) as gw:
        one = gw.caller(model="two")
        running = await opened(one)

        speaks.set()
        await running

        assert gw.script.hosts == ["mock", "second"]
        assert [event["error"]["code"] for event in events(one)] == ["too_fast"]
        assert (await gw.row()).status == 429


@pytest.mark.parametrize(
    ("path", "model", "remark", "kind"),
    [
        ("/v1/messages", "claude", PING, "overloaded_error"),
        ("/v1/chat/completions", "claude", REMARK, "server_error"),
        ("/v1/responses", "claude", REMARK, "server_error"),
    ],
)
async def test_refusal_is_told_in_the_callers_dialect(bridge, path, model, remark, kind) -> None:
    speaks = asyncio.Event()
    async with bridge((speaks, Answer(json.dumps(OVERLOADED).encode(), status=529, headers=JSON))) as gw:
        one = gw.caller(path=path, model=model, max_tokens=10, messages=[{"role": "user", "content": "Hi"}], input="Hi")
        running = await opened(one, remark)

        speaks.set()
        await running

        (event,) = events(one)
        error = event.get("error") or event
        assert (error["message"], error["type"]) == ("Overloaded", kind)
        assert (await gw.row()).status == 529


async def test_refusal_that_no_codec_reads_is_told_by_its_status(bridge) -> None:
    speaks = asyncio.Event()
    async with bridge((speaks, Answer(json.dumps(TIRED).encode(), status=429, headers=JSON))) as gw:
        one = gw.caller(path="/v1/images/generations", prompt="a cat")
        running = await opened(one)

        speaks.set()
        await running

        (event,) = events(one)
        assert event["error"]["message"] == "the provider answered 429"
        assert event["error"]["code"] == "rate_limit_exceeded"
        assert (await gw.row()).status == 429


async def test_refused_credential_behind_an_early_opening_is_an_error_event(bridge) -> None:
    speaks = asyncio.Event()
    async with bridge((speaks, Answer(b"{}", status=401, headers=JSON))) as gw:
        one = gw.caller()
        running = await opened(one)

        speaks.set()
        await running

        assert [event["error"]["code"] for event in events(one)] == ["upstream_credential"]
        row = await gw.row()
        assert (row.status, row.outcome, row.error) == (502, "upstream_failed", "upstream_credential")


async def test_provider_that_never_speaks_ends_with_an_error_event_and_a_504_in_the_ledger(bridge) -> None:
    silent = {"upstream": {"keep_alive_s": 0.001, "first_byte_timeout_s": 0.2}}
    async with bridge(asyncio.Event(), **silent) as gw:
        one = gw.caller()

        await asyncio.wait_for(one.call(), 5)

        assert one.body.startswith(REMARK)
        (event,) = events(one)
        assert (event["error"]["code"], one.status) == ("upstream_timeout", 200)
        assert "did not answer in time" in event["error"]["message"]
        row = await gw.row()
        assert (row.status, row.outcome, row.cost) == (504, "upstream_failed", 0)


@pytest.mark.parametrize(("path", "text"), [("/v1/chat/completions", "content"), ("/v1/messages", "text")])
@pytest.mark.parametrize(("model", "body"), [("one", WHOLE), ("claude", MESSAGE)])
async def test_whole_answer_goes_on_as_a_stream(bridge, path, text, model, body) -> None:
    speaks = asyncio.Event()
    async with bridge((speaks, Answer(json.dumps(body).encode(), headers=JSON))) as gw:
        one = gw.caller(path=path, model=model, max_tokens=900, messages=[{"role": "user", "content": "Hi"}])
        running = await opened(one, PING if path == "/v1/messages" else REMARK)

        speaks.set()
        await running

        assert f'"{text}":"Hi."'.encode() in one.body
        assert one.body.endswith(b"data: [DONE]\n\n" if text == "content" else b'data: {"type":"message_stop"}\n\n')
        row = await gw.row()
        # 1000 in x 0.15 + 500 out x 0.60, per million tokens, in nano-dollars
        assert (row.outcome, row.usage_source, row.cost) == ("complete", "provider", 450_000)


async def test_whole_answer_of_the_next_target_goes_on_as_a_stream(bridge) -> None:
    fails = asyncio.Event()
    async with bridge((fails, UpstreamUnreachable("gone")), Answer(json.dumps(WHOLE).encode(), headers=JSON)) as gw:
        one = gw.caller(model="mixed", messages=[{"role": "user", "content": "Hi"}])
        running = await opened(one)

        fails.set()
        await running

        assert b'"content":"Hi."' in one.body
        assert one.body.endswith(b"data: [DONE]\n\n")
        assert (await gw.row()).cost == 450_000


async def test_whole_answer_that_nothing_makes_a_stream_of_is_an_error_event_and_charged(bridge) -> None:
    speaks = asyncio.Event()
    body = {"data": [{"b64_json": "aGk="}], "usage": {"input_tokens": 1000, "output_tokens": 500}}
    async with bridge((speaks, Answer(json.dumps(body).encode(), headers=JSON))) as gw:
        one = gw.caller(path="/v1/images/generations", prompt="a cat")
        running = await opened(one)

        speaks.set()
        await running

        assert "as a whole" in events(one)[0]["error"]["message"]
        row = await gw.row()
        assert (row.outcome, row.error, row.cost) == ("upstream_failed", "upstream_error", 450_000)


async def test_whole_answer_without_an_early_opening_is_passed_on_as_it_is(bridge) -> None:
    async with bridge(Answer(ANSWER, headers=JSON), upstream={"keep_alive_s": 60.0}) as gw:
        one = gw.caller()

        await one.call()

        assert (one.body, headers(one)[b"content-type"]) == (ANSWER, b"application/json")


async def test_refusal_that_comes_before_the_caller_was_kept_waiting_has_its_status(bridge) -> None:
    async with bridge(Answer(json.dumps(TIRED).encode(), status=429, headers=JSON)) as gw:
        one = gw.caller()

        await one.call()

        assert (one.status, one.code) == (429, "too_fast")


async def test_refusal_whose_body_is_slow_keeps_its_status(bridge) -> None:
    comes = asyncio.Event()
    refusal = Answer(b'{"error":', comes, b'{"code":"too_fast"}}', status=429, headers=JSON)
    async with bridge(refusal) as gw:
        one = gw.caller()
        running = asyncio.create_task(one.call())
        await refusal.waiting.wait()
        await asyncio.wait({running}, timeout=0.05)  # many looks of the watch

        comes.set()
        await running

        assert (one.status, one.code) == (429, "too_fast")


@pytest.mark.parametrize(
    ("fields", "sections"),
    [
        ({"stream": False}, {}),
        ({"path": "/v1/audio/speech", "stream_format": "sse", "input": "Hi", "voice": "alloy"}, {}),
        ({}, {"upstream": {"keep_alive_s": 0}}),
    ],
    ids=["whole answer", "dialect without remarks", "switched off"],
)
async def test_nothing_is_opened_early_where_nothing_may_be_remarked(bridge, fields, sections) -> None:
    speaks = asyncio.Event()
    refusal = Answer(json.dumps(TIRED).encode(), status=429, headers=JSON)
    async with bridge((speaks, refusal), **sections) as gw:
        one = gw.caller(**fields)
        running = asyncio.create_task(one.call())
        await gw.script.waiting.wait()
        await asyncio.wait({running}, timeout=0.05)  # many looks of the watch
        assert one.sent == []

        speaks.set()
        await running

        assert (one.status, one.code) == (429, "too_fast")


async def test_caller_who_leaves_an_early_opened_stream_ends_the_request_and_is_charged_the_reservation(bridge) -> None:
    async with bridge(asyncio.Event()) as gw:
        one = gw.caller(max_tokens=1000)
        running = await opened(one)

        one.leave()
        await asyncio.wait_for(running, 5)

        assert gw.script.cancelled
        row = await gw.row()
        assert (row.outcome, row.usage_source) == ("client_gone", "reserved")
        assert row.cost > 0


async def test_caller_who_left_is_not_waited_for_to_take_a_remark(bridge) -> None:
    async with bridge(asyncio.Event()) as gw:
        one = gw.caller(max_tokens=1000)
        one.takes.clear()
        running = asyncio.create_task(one.call())
        await until(lambda: bool(one.sent), "the head")

        one.leave()
        await asyncio.wait_for(running, LAST_WORD_S / 2)

        assert (await gw.row()).outcome == "client_gone"


async def test_gateway_that_stops_says_so_in_an_early_opened_stream(bridge) -> None:
    async with bridge(asyncio.Event()) as gw:
        one = gw.caller()
        running = await opened(one)

        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

        assert [event["error"]["code"] for event in events(one)] == ["unavailable"]
        assert (await gw.row()).outcome == "truncated"


class Strict(Layer):
    """A layer that refuses heads of which it is not told who gives the answer."""

    name = "strict"
    after = "translate"
    opens_early = True
    seen: ClassVar[list[int]] = []

    async def response_head(self, call: Call, head: ResponseHead) -> None:
        self.seen.append(head.status)
        if head.get(b"x-odd") is None:
            raise Denied("not this one", code="odd")


class Strictly:
    """A plugin with that layer."""

    @hookimpl
    def register_layers(self, register: Callable[[type[Layer]], None]) -> None:
        Strict.seen.clear()
        register(Strict)


async def test_layer_that_lets_no_head_pass_keeps_an_answer_from_being_opened(bridge) -> None:
    speaks = asyncio.Event()
    async with bridge((speaks, Answer(CHUNK, LAST)), plugins=(Strictly(),)) as gw:
        one = gw.caller()
        running = asyncio.create_task(one.call())
        await until(lambda: len(Strict.seen) > 1, "a try to open")
        assert one.sent == []

        speaks.set()
        await running

        assert (one.status, one.code) == (403, "odd")


class Policy:
    """Refuses every answer when its head is there; notes how often it was asked."""

    def __init__(self) -> None:
        self.seen: list[bool] = []

    async def response_head(self, call: Call, head: ResponseHead) -> None:
        self.seen.append(call.early)
        raise Denied("not this one", code="odd")


async def test_policy_sees_the_head_of_the_provider_alone_and_refuses_by_an_error_event(bridge) -> None:
    speaks, policy = asyncio.Event(), Policy()
    async with bridge((speaks, Answer(CHUNK, LAST)), plugins=(policy,)) as gw:
        one = gw.caller()
        running = await opened(one)

        speaks.set()
        await running

        assert policy.seen == [True]
        assert [event["error"]["code"] for event in events(one)] == ["odd"]
        assert CHUNK not in one.body
        row = await gw.row()
        assert (row.status, row.outcome) == (403, "refused")


async def test_messages_do_not_overtake_an_opening_that_the_connection_does_not_take_yet(bridge) -> None:
    speaks = asyncio.Event()
    async with bridge((speaks, Answer(CHUNK, LAST))) as gw:
        one = gw.caller()
        one.takes.clear()
        running = asyncio.create_task(one.call())
        await until(lambda: bool(one.sent), "the head")
        speaks.set()
        await asyncio.wait({running}, timeout=0.05)
        assert [message["type"] for message in one.sent] == ["http.response.start"]

        one.takes.set()
        await running

        assert [message["type"] for message in one.sent].count("http.response.start") == 1
        assert one.body == REMARK + CHUNK + LAST


async def test_end_does_not_overtake_a_remark_that_is_being_sent(bridge) -> None:
    ends = asyncio.Event()
    async with bridge(Answer(CHUNK, ends)) as gw:
        one = gw.caller()
        running = asyncio.create_task(one.call())
        await one.got.wait()
        one.takes.clear()
        await until(lambda: one.sent[-1].get("body") == REMARK, "a remark")
        ends.set()
        await asyncio.wait({running}, timeout=0.05)
        assert one.sent[-1].get("body") == REMARK

        one.takes.set()
        await running

        assert [event["error"]["code"] for event in events(one)[1:]] == ["upstream_truncated"]
        assert one.body.replace(REMARK, b"").startswith(CHUNK)


async def test_last_word_waits_for_a_remark_that_is_being_sent(bridge) -> None:
    silent = {"upstream": {"keep_alive_s": 0.001, "first_byte_timeout_s": 0.1}}
    async with bridge(asyncio.Event(), **silent) as gw:
        one = gw.caller()
        one.takes.clear()
        running = asyncio.create_task(one.call())
        await until(lambda: gw.script.cancelled, "the timeout")

        one.takes.set()
        await running

        assert [event["error"]["code"] for event in events(one)] == ["upstream_timeout"]
        assert one.body.startswith(REMARK)


async def test_connection_that_breaks_at_a_remark_changes_nothing_about_the_answer(bridge) -> None:
    speaks, broke = asyncio.Event(), asyncio.Event()
    async with bridge((speaks, Answer(CHUNK, LAST))) as gw:
        one = gw.caller()
        send = one._send

        async def breaking(message: Message) -> None:
            if message.get("body") == REMARK:
                broke.set()
                raise OSError("nobody is there")
            await send(message)

        one._send = breaking  # type: ignore[method-assign]  # what the server of this caller does
        running = asyncio.create_task(one.call())
        await broke.wait()

        speaks.set()
        await running

        assert one.body == CHUNK + LAST


async def test_stream_that_is_given_to_nobody_we_know_is_not_remarked_on(bridge) -> None:
    async with bridge() as gw:
        call = open_call({"type": "http", "path": "/", "headers": []}, SystemClock())

        async def send(message: Message) -> None:
            raise AssertionError("nothing may be sent")

        async def receive() -> Message:
            raise AssertionError("nothing is asked")

        await Exchange(gw.dispatch, call, receive, send)._keep_alive()
