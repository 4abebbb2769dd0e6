"""One call with its targets: timeouts, the caller's leaving, cuts and cancellations."""

import asyncio
import json
from datetime import timedelta

import pytest
from starlette.types import Message, Receive, Scope, Send
from tests.middleware.layers.dispatch_support import bridge, last_row
from tests.support.scripted import ANSWER, CHUNK, JSON, LAST, Answer
from tests.support.waiting import until

from tollbridge.layers.watch import PERIOD_S

__all__ = ["bridge"]


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


async def test_stream_that_never_ends_is_ended_by_the_total_timeout_and_not_called_silent(bridge) -> None:
    class Endless(Answer):
        async def next_chunk(self) -> bytes:
            await asyncio.sleep(0)
            return CHUNK

    async with bridge(Endless(), upstream={"total_timeout_s": 0.3}) as (_, caller, _gateway):
        one = caller()

        await asyncio.wait_for(one.call(), 5)

        assert b'"code":"upstream_timeout"' in one.body
        assert b"had not finished when time was up" in one.body


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
