"""The end of the chain: targets in order, timeouts, and the caller's leaving."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send
from tests.support.scripted import ANSWER, CHUNK, JSON, LAST, Answer, Caller, Script
from tests.support.waiting import until

from tollbridge.call import Call, open_call
from tollbridge.clock import SystemClock
from tollbridge.config import load_config
from tollbridge.errors import InternalError, UpstreamTimeout, UpstreamTruncated, UpstreamUnreachable
from tollbridge.formats.dialect import Operation
from tollbridge.gateway import Gateway
from tollbridge.layers.dispatch import Dispatch
from tollbridge.layers.exchange import Exchange
from tollbridge.layers.watch import PERIOD_S
from tollbridge.providers import Provider, Target
from tollbridge.testing import FixedClock
from tollbridge.wrapping import Tollbridge

PRICE = {"input": "0.15", "output": "0.60"}
PROVIDER = {"base_url": "https://mock.example/v1", "api_key": "env:KEY"}
CONFIG: dict[str, Any] = {
    "providers": {"first": PROVIDER, "second": {**PROVIDER, "base_url": "https://second.example/v1"}},
    "models": {
        "one": {"targets": ["first/m1"], "price": PRICE},
        "two": {"targets": ["first/m1", "second/m2"], "price": PRICE},
    },
}


@pytest.fixture
def bridge(tmp_path) -> Callable[..., Any]:
    """Give `async with bridge(*steps) as (script, caller, gateway)`."""

    @asynccontextmanager
    async def make(*steps: Any, **sections: Any) -> AsyncIterator[tuple[Script, Callable[..., Caller], Gateway]]:
        script = Script(*steps)
        config = replace(load_config({**CONFIG, **sections}, {}), data=tmp_path)
        gateway = Gateway(config, transport=script, clock=FixedClock(), env={"KEY": "sk-1"})
        async with gateway:
            token = (await gateway.tokens.issue(name="t")).secret
            app = Tollbridge(gateway=gateway)
            yield script, lambda **fields: Caller(app, token, **fields), gateway

    return make


async def last_row(gateway: Gateway) -> Any:
    await gateway.chain.plan.settled()
    (row,) = await gateway.store.recent()
    return row


@pytest.mark.parametrize(
    "failure", [UpstreamUnreachable("gone", detail="refused"), UpstreamTimeout("no connection in 10 s")]
)
async def test_target_that_cannot_be_reached_gives_way_to_the_next(bridge, failure) -> None:
    async with bridge(failure, Answer(ANSWER, headers=JSON)) as (script, caller, gateway):
        one = caller(model="two", stream=False)

        await one.call()

        assert (one.status, one.body) == (200, ANSWER)
        assert script.hosts == ["mock", "second"]
        assert json.loads(script.sent[1].body)["model"] == "m2"
        row = await last_row(gateway)
        # 1000 in x 0.15 + 500 out x 0.60, per million tokens, in nano-dollars
        assert (row.provider, row.model_used, row.cost) == ("second", "m2", 450_000)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 529])
async def test_target_that_is_overloaded_gives_way_to_the_next_and_is_let_go(bridge, status) -> None:
    busy = Answer(b"{}", status=status, headers=JSON)
    async with bridge(busy, Answer(ANSWER, headers=JSON)) as (script, caller, _):
        one = caller(model="two", stream=False)

        await one.call()

        assert (one.status, one.body, busy.closed) == (200, ANSWER, 1)
        assert script.hosts == ["mock", "second"]


async def test_answer_that_blames_the_caller_is_passed_on_by_the_first_target(bridge) -> None:
    async with bridge(Answer(b'{"error":{"code":"c"}}', status=400, headers=JSON)) as (script, caller, _):
        one = caller(model="two", stream=False)

        await one.call()

        assert (one.status, one.code, script.hosts) == (400, "c", ["mock"])


async def test_last_targets_failure_is_what_the_caller_sees(bridge) -> None:
    busy = [Answer(b"{}", status=503, headers=JSON), Answer(b'{"error":{"code":"c"}}', status=503, headers=JSON)]
    async with bridge(*busy) as (_, caller, gateway):
        one = caller(model="two", stream=False)

        await one.call()

        assert (one.status, one.code) == (503, "c")
        assert (await last_row(gateway)).cost == 0


async def test_nothing_is_tried_again_after_the_first_byte(bridge) -> None:
    broken = Answer(CHUNK, UpstreamUnreachable("connection lost"))
    async with bridge(broken, Answer(CHUNK, LAST)) as (script, caller, gateway):
        one = caller(model="two")

        await one.call()

        assert script.hosts == ["mock"]
        assert one.body.startswith(CHUNK)
        assert b'"code":"upstream_unreachable"' in one.body
        assert broken.closed == 1
        row = await last_row(gateway)
        assert row.outcome == "upstream_failed"
        assert row.cost > 0


async def test_stream_that_the_transport_says_broke_off_is_truncated_and_charged_for_what_passed(bridge) -> None:
    async with bridge(Answer(CHUNK, UpstreamTruncated("the connection broke"))) as (_, caller, gateway):
        one = caller(max_tokens=1000)

        await one.call()

        assert b'"code":"upstream_truncated"' in one.body
        row = await last_row(gateway)
        assert (row.outcome, row.usage_source) == ("truncated", "estimated")
        assert 0 < row.cost <= 645_000


async def test_sound_that_breaks_off_is_left_without_an_end_and_nothing_is_written_into_it(bridge) -> None:
    sound = Answer(b"ID3", UpstreamTruncated("broke"), headers=[(b"content-type", b"audio/mpeg")])
    async with bridge(sound) as (_, caller, gateway):
        one = caller(path="/v1/audio/speech", stream=False)

        await one.call()

        assert (one.status, one.body) == (200, b"ID3")
        assert [message.get("more_body") for message in one.sent] == [None, True]
        row = await last_row(gateway)
        assert (row.outcome, row.error, row.usage_source) == ("truncated", "upstream_truncated", "reserved")


async def test_refused_credential_of_the_gateway_is_a_bad_gateway_and_never_a_401(bridge) -> None:
    refused = Answer(b'{"error":{"message":"Incorrect API key: sk-1"}}', status=401, headers=JSON)
    async with bridge(refused) as (_, caller, gateway):
        one = caller(stream=False)

        await one.call()

        assert (one.status, one.code) == (502, "upstream_credential")
        assert b"sk-1" not in one.body
        assert refused.closed == 1
        assert (await last_row(gateway)).cost == 0


async def test_silence_before_the_first_byte_ends_with_504(bridge) -> None:
    async with bridge(asyncio.Event(), upstream={"first_byte_timeout_s": 0.05}) as (script, caller, gateway):
        one = caller(model="two")

        await asyncio.wait_for(one.call(), 5)

        assert (one.status, one.code, script.cancelled) == (504, "upstream_timeout", True)
        assert b"did not answer in time" in one.body
        assert script.hosts == ["mock"]
        assert (await last_row(gateway)).error == "upstream_timeout"


async def test_body_that_never_comes_ends_with_504(bridge) -> None:
    answer = Answer(asyncio.Event(), headers=JSON)
    async with bridge(answer, upstream={"first_byte_timeout_s": 0.05}) as (_, caller, _gateway):
        one = caller(stream=False)

        await asyncio.wait_for(one.call(), 5)

        assert (one.status, one.code, answer.cancelled, answer.closed) == (504, "upstream_timeout", True, 1)


async def test_stream_that_falls_silent_is_ended_by_an_error_event(bridge) -> None:
    answer = Answer(CHUNK, asyncio.Event())
    async with bridge(answer, upstream={"idle_timeout_s": 0.05}) as (_, caller, gateway):
        one = caller(max_tokens=1000)

        await asyncio.wait_for(one.call(), 5)

        assert one.body.startswith(CHUNK)
        assert b'"code":"upstream_timeout"' in one.body
        assert b"fell silent" in one.body
        assert b"[DONE]" not in one.body
        assert (answer.cancelled, answer.closed) == (True, 1)
        row = await last_row(gateway)
        assert (row.outcome, row.usage_source) == ("upstream_failed", "estimated")


async def test_stream_that_never_ends_is_ended_by_the_total_timeout(bridge) -> None:
    class Endless(Answer):
        async def next_chunk(self) -> bytes:
            await asyncio.sleep(0)
            return CHUNK

    async with bridge(Endless(), upstream={"total_timeout_s": 0.3}) as (_, caller, _gateway):
        one = caller()

        await asyncio.wait_for(one.call(), 5)

        assert b'"code":"upstream_timeout"' in one.body


async def test_stream_that_keeps_speaking_outlives_the_idle_timeout(bridge) -> None:
    pause = asyncio.Event()
    answer = Answer(CHUNK, pause, LAST)
    async with bridge(answer, upstream={"idle_timeout_s": 5.0}) as (_, caller, _gateway):
        one = caller()
        running = asyncio.ensure_future(one.call())
        await answer.waiting.wait()
        # Two looks of the watch pass while the stream is silent.
        await asyncio.wait({running}, timeout=2.5 * PERIOD_S)

        pause.set()
        await running

        assert one.body == CHUNK + LAST
        assert not answer.cancelled


async def test_callers_leaving_cancels_the_stream_within_a_second_and_is_charged(bridge) -> None:
    answer = Answer(CHUNK, asyncio.Event())
    async with bridge(answer) as (_, caller, gateway):
        one = caller(max_tokens=1000)
        running = asyncio.ensure_future(one.call())
        await answer.waiting.wait()
        await one.got.wait()

        one.leave()
        await asyncio.wait_for(running, 1)

        assert (answer.cancelled, answer.closed) == (True, 1)
        assert one.body == CHUNK  # nothing is written to who is gone
        row = await last_row(gateway)
        assert (row.outcome, row.usage_source) == ("client_gone", "estimated")
        # The reservation: at most 300 bytes x 150 and 1,000 x 600 nano-dollars.
        assert 0 < row.cost <= 645_000


async def test_callers_leaving_before_an_answer_cancels_the_request_and_is_charged_its_reservation(bridge) -> None:
    async with bridge(asyncio.Event()) as (script, caller, gateway):
        one = caller(max_tokens=1000, stream=False)
        running = asyncio.ensure_future(one.call())
        await script.waiting.wait()

        one.leave()
        await asyncio.wait_for(running, 1)

        assert script.cancelled
        assert one.sent == []
        row = await last_row(gateway)
        assert (row.outcome, row.usage_source) == ("client_gone", "reserved")
        # 1,000 x 600 nano-dollars of output and under 300 bytes of input x 150
        assert 600_000 < row.cost <= 645_000


CUTTING = {"cut_revoked_calls": True}


async def test_revocation_cuts_a_running_stream_with_an_error_and_charges_what_passed(bridge) -> None:
    answer = Answer(CHUNK, asyncio.Event())
    async with bridge(answer, server=CUTTING) as (_, caller, gateway):
        one = caller(max_tokens=1000)
        running = asyncio.ensure_future(one.call())
        await one.got.wait()

        await gateway.tokens.revoke((await gateway.store.list_tokens())[0].id)
        await asyncio.wait_for(running, 5)

        assert (answer.cancelled, answer.closed) == (True, 1)
        assert one.body.startswith(CHUNK)
        event = json.loads(one.body.removeprefix(CHUNK).removeprefix(b"data: "))
        assert event["error"]["code"] == "token_ended"
        assert b"[DONE]" not in one.body
        row = await last_row(gateway)
        assert (row.outcome, row.error, row.usage_source) == ("refused", "token_ended", "estimated")
        assert row.cost > 0


async def test_expiry_cuts_a_call_before_its_answer_and_charges_the_reservation(bridge) -> None:
    async with bridge(asyncio.Event(), server=CUTTING) as (script, caller, gateway):
        expires_at = gateway.clock.now() + timedelta(seconds=60)
        one = caller(max_tokens=1000, stream=False)
        secret = (await gateway.tokens.issue(name="short", expires_at=expires_at)).secret
        one._scope["headers"][1] = (b"authorization", f"Bearer {secret}".encode())
        running = asyncio.ensure_future(one.call())
        await script.waiting.wait()

        gateway.clock.advance(60)
        await asyncio.wait_for(running, 5)

        assert script.cancelled
        assert (one.status, one.code) == (401, "token_ended")
        row = await last_row(gateway)
        assert (row.outcome, row.usage_source) == ("refused", "reserved")
        # 1,000 x 600 nano-dollars of output and under 300 bytes of input x 150
        assert 600_000 < row.cost <= 645_000


async def test_revocation_leaves_running_calls_alone_unless_told_otherwise(bridge) -> None:
    pause = asyncio.Event()
    answer = Answer(CHUNK, pause, LAST)
    async with bridge(answer) as (_, caller, gateway):
        one = caller()
        running = asyncio.ensure_future(one.call())
        await answer.waiting.wait()

        await gateway.tokens.revoke((await gateway.store.list_tokens())[0].id)
        await asyncio.wait({running}, timeout=2.5 * PERIOD_S)
        pause.set()
        await running

        assert one.body == CHUNK + LAST
        assert (await last_row(gateway)).outcome == "complete"


async def test_answer_that_is_all_here_is_not_cut(bridge) -> None:
    async with bridge(Answer(ANSWER, headers=JSON), server=CUTTING) as (_, caller, gateway):
        one = caller(stream=False)
        one.takes.clear()
        running = asyncio.ensure_future(one.call())
        await until(lambda: bool(one.sent), "the answer")

        await gateway.tokens.revoke((await gateway.store.list_tokens())[0].id)
        await asyncio.wait({running}, timeout=2.5 * PERIOD_S)
        one.takes.set()
        await running

        assert (one.status, one.body) == (200, ANSWER)
        assert (await last_row(gateway)).outcome == "complete"


async def test_leaving_at_the_deadline_itself_ends_the_exchange_once(bridge) -> None:
    async with bridge(asyncio.Event(), upstream={"first_byte_timeout_s": 0.01}) as (_, caller, gateway):
        one = caller(stream=False)
        one.leave()

        await asyncio.wait_for(one.call(), 5)

        assert (await last_row(gateway)).outcome in ("client_gone", "upstream_failed")


async def test_caller_that_leaves_with_the_last_bytes_on_the_way_got_a_complete_answer(bridge) -> None:
    async with bridge(Answer(ANSWER, headers=JSON)) as (_, caller, gateway):
        one = caller(stream=False)
        one.takes.clear()
        running = asyncio.ensure_future(one.call())
        # Two looks of the watch pass while the connection takes nothing.
        one.leave()
        await asyncio.wait({running}, timeout=2.5 * PERIOD_S)

        one.takes.set()
        await running

        assert one.body == ANSWER
        assert (await last_row(gateway)).outcome == "complete"


async def test_cancellation_by_the_server_goes_through_and_the_call_is_settled(bridge) -> None:
    answer = Answer(CHUNK, asyncio.Event())
    async with bridge(answer) as (_, caller, gateway):
        one = caller()
        running = asyncio.ensure_future(one.call())
        await answer.waiting.wait()

        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

        assert answer.closed == 1
        assert one.body.startswith(CHUNK + b'data: {"error":{"message":"the gateway is shutting down; try again"')
        assert one.sent[-1]["more_body"] is False
        row = await last_row(gateway)
        assert (row.status, row.outcome, row.error) == (200, "truncated", "unavailable")


async def test_plain_call_that_the_server_cancels_is_told_in_its_dialect_and_charged_its_reservation(bridge) -> None:
    async with bridge(asyncio.Event()) as (script, caller, gateway):
        one = caller(max_tokens=1000, stream=False)
        running = asyncio.ensure_future(one.call())
        await script.waiting.wait()

        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

        assert (one.status, one.code) == (503, "unavailable")
        row = await last_row(gateway)
        assert (row.status, row.outcome, row.usage_source) == (503, "truncated", "reserved")
        # 1,000 x 600 nano-dollars of output and under 300 bytes of input x 150
        assert 600_000 < row.cost <= 645_000


async def test_call_cancelled_after_its_caller_left_says_nothing(bridge) -> None:
    answer = Answer(CHUNK, asyncio.Event())
    async with bridge(answer) as (_, caller, gateway):
        one = caller()
        running = asyncio.ensure_future(one.call())
        await answer.waiting.wait()
        one.leave()
        await asyncio.wait({running}, timeout=0)
        while not answer.cancelled:
            await asyncio.sleep(0)

        running.cancel()
        await asyncio.wait({running})

        assert one.body == CHUNK
        assert (await last_row(gateway)).outcome == "client_gone"


async def test_gateway_that_stops_waits_for_the_last_word_and_settles_what_it_was_said_to(bridge, monkeypatch) -> None:
    monkeypatch.setattr("tollbridge.layers.answering.LAST_WORD_S", 0.05)
    answer = Answer(CHUNK, asyncio.Event())
    async with bridge(answer) as (_, caller, gateway):
        one = caller()
        running = asyncio.ensure_future(one.call())
        await answer.waiting.wait()
        one.takes.clear()

        running.cancel()
        while len(one.sent) < 3:  # head, chunk, and the last word, which nobody takes
            await asyncio.sleep(0)
        await gateway.stop()
        with pytest.raises(asyncio.CancelledError):
            await running

        await gateway.start()
        assert [row.outcome for row in await gateway.store.recent()] == ["truncated"]


async def test_early_messages_of_the_caller_do_not_end_the_exchange(bridge) -> None:
    pause = asyncio.Event()
    answer = Answer(CHUNK, pause, LAST)
    async with bridge(answer) as (_, caller, _gateway):
        one = caller()
        one._incoming.append({"type": "http.request", "body": b"", "more_body": False})
        running = asyncio.ensure_future(one.call())
        await answer.waiting.wait()
        await asyncio.wait({running}, timeout=1.5 * PERIOD_S)

        pause.set()
        await running

        assert one.body == CHUNK + LAST


async def test_who_stands_before_the_models_sees_a_whole_answer_as_messages(bridge) -> None:
    async with bridge(Answer(ANSWER, headers=JSON)) as (_, caller, gateway):
        plan = gateway.chain.plan
        dispatch, seen = plan.app, []

        async def between(scope: Scope, receive: Receive, send: Send) -> None:
            async def note(message: Message) -> None:
                seen.append(message["type"])
                await send(message)

            await dispatch(scope, receive, note)

        plan.app = between
        one = caller(model="one", stream=False)
        await one.call()

        assert seen == ["http.response.start", "http.response.body"]
        assert one.body == ANSWER
        assert (await last_row(gateway)).outcome == "complete"


async def test_models_are_listed_in_the_shape_of_each_dialect_and_only_what_scopes_reach(mock) -> None:
    gw = mock()
    token = await gw.token("ai:*", "model:gpt-*")

    openai = await gw.request("GET", "/v1/models", token=token)
    anthropic = await gw.request("GET", "/v1/models", token=token, headers={"anthropic-version": "2023-06-01"})

    assert openai.json()["object"] == "list"
    assert [entry["id"] for entry in openai.json()["data"]] == ["gpt-4o-mini"]
    assert anthropic.json()["has_more"] is False
    assert [(entry["type"], entry["id"]) for entry in anthropic.json()["data"]] == [("model", "gpt-4o-mini")]
    assert gw.sent == []


async def test_one_model_is_shown_in_the_shape_of_each_dialect(mock) -> None:
    gw = mock()
    token = await gw.token("ai:*", "model:gpt-*")

    openai = await gw.request("GET", "/v1/models/gpt-4o-mini", token=token)
    anthropic = await gw.request(
        "GET", "/v1/models/gpt-4o-mini", token=token, headers={"anthropic-version": "2023-06-01"}
    )
    hidden = await gw.request("GET", "/v1/models/small", token=token)

    assert (openai.json()["object"], openai.json()["id"]) == ("model", "gpt-4o-mini")
    assert (anthropic.json()["type"], anthropic.json()["id"]) == ("model", "gpt-4o-mini")
    assert hidden.status_code == 404
    assert hidden.json()["error"]["code"] == "model_not_found"


async def test_who_shows_no_token_on_a_public_list_is_offered_nothing(mock) -> None:
    reply = await mock(server={"public": ["/v1/models"]}).request("GET", "/v1/models", token="")

    assert (reply.status_code, reply.json()["data"]) == (200, [])


async def test_path_that_nothing_serves_is_not_found_where_no_app_is_wrapped(mock) -> None:
    gw = mock()

    reply = await gw.request("GET", "/nothing")

    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "not_found")


def call_without_a_dialect(**operation: Any) -> Call:
    scope = {"type": "http", "method": "POST", "path": "/x", "headers": []}
    call = open_call(scope, SystemClock())
    call.operation = Operation("ai:chat", "chat", **operation)
    call.targets = (Target(Provider("p", base_url="https://h/v1"), "m"),)
    call.body = b"{}"
    return call


async def body_only() -> Message:
    return {"type": "http.request", "body": b"{}", "more_body": False}


async def test_call_that_no_layer_has_named_is_a_fault_of_the_chain() -> None:
    dispatch = Dispatch(None, transport=Script(), models=lambda call: [], model=lambda call, name: None)

    async def send(message: Message) -> None:
        raise AssertionError("nothing may be sent")

    with pytest.raises(InternalError, match="without a dialect"):
        await Exchange(dispatch, call_without_a_dialect(), body_only, send).run()
    with pytest.raises(InternalError, match="without a dialect"):
        await dispatch({"tollbridge": call_without_a_dialect(lists_models=True)}, body_only, send)
    unnamed = call_without_a_dialect()
    unnamed.operation = None
    with pytest.raises(InternalError, match="without an operation"):
        await Exchange(dispatch, unnamed, body_only, send).run()


async def test_model_is_found_by_any_name_it_can_be_called_by_and_however_its_slash_is_written(mock) -> None:
    gw = mock()
    limited = await gw.token("ai:*", "model:gpt-4o-mini")
    paths = ("/v1/models/mock/gpt-4o-mini", "/v1/models/mock%2Fgpt-4o-mini", "/v1/models/mock%2fgpt-4o-mini")

    found = [await gw.request("GET", path) for path in paths]
    others = [
        await gw.request("GET", "/v1/models/mock/gpt-4o-mini", token=limited),
        await gw.request("GET", "/v1/models/nobody%2Fgpt-4o-mini"),
    ]
    refused = [
        await gw.request("GET", path) for path in ("/v1/models/a%2f..%2fb", "/v1%2fmodels/a", "/v1/models/a%5cb")
    ]

    assert [(reply.status_code, reply.json()["id"]) for reply in found] == [(200, "mock/gpt-4o-mini")] * 3
    assert [reply.status_code for reply in others] == [404, 404]
    assert [reply.json()["error"]["code"] for reply in refused] == ["unsafe_request"] * 3


async def test_model_is_described_to_those_who_ask_by_post(mock) -> None:
    gw = mock()

    shown = await gw.request("POST", "/api/show", json={"model": "gpt-4o-mini"})
    unknown = await gw.request("POST", "/api/show", json={"model": "nobody"})

    assert shown.status_code == 200
    assert "capabilities" in shown.json()
    assert unknown.status_code == 404
