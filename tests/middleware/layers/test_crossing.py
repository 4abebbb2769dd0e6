"""The driver: five phases around any ASGI app."""

import asyncio
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send
from tests.middleware.layers.crossing_support import Exchange, ForServices, Recorder, hello, http_scope

from tollbridge.call import Call
from tollbridge.errors import Denied, GatewayError, UpstreamError
from tollbridge.layers.layer import Layer


async def test_phases_run_outside_in_and_answers_inside_out() -> None:
    notes: list[str] = []
    app = ForServices(ForServices(hello, name="b", notes=notes), name="a", notes=notes)
    exchange = Exchange()

    await exchange.run(app)

    assert notes == [
        *("a.head", "b.head", "a.body", "b.body"),
        *("b.response_head", "b.feed", "b.feed", "a.response_head", "a.feed", "a.feed"),
        *("b.finish complete", "a.finish complete"),
    ]
    assert exchange.body == b"HI!!"
    assert exchange.headers[b"content-length"] == b"4"


async def test_layers_with_something_between_them_share_one_call() -> None:
    calls: list[Call] = []

    class Keep(Layer):
        async def head(self, call: Call) -> None:
            calls.append(call)

    inner = Keep(hello)

    async def between(scope: Scope, receive: Receive, send: Send) -> None:
        await inner(scope, receive, send)

    exchange = Exchange()
    scope = http_scope()
    await exchange.run(Keep(between), scope)

    assert calls[0] is calls[1] is scope["tollbridge"] is scope["state"]["tollbridge"]
    assert exchange.body == b"hi"


@pytest.mark.parametrize("phase", ["head", "body", "response_head", "feed"])
async def test_layer_that_breaks_refuses_the_call_and_says_nothing_of_why(phase: str) -> None:
    recorder = ForServices(hello, fails=phase)
    exchange = Exchange()

    await exchange.run(recorder)

    assert exchange.status == 500
    assert b"internal_error" in exchange.body
    assert b"tb_secret" not in exchange.body
    assert recorder.notes[-1] == "a.finish refused"


@pytest.mark.parametrize("phase", ["head", "body", "response_head", "feed"])
async def test_layer_refuses_with_its_own_words(phase: str) -> None:
    exchange = Exchange()

    await exchange.run(ForServices(hello, fails=f"deny {phase}"))

    assert exchange.status == 403
    assert exchange.body == b'{"error":{"code":"closed","message":"not today"}}'
    assert exchange.headers[b"x-should-retry"] == b"false"


async def test_refusal_is_no_page_to_a_browser_and_kept_by_nobody() -> None:
    exchange = Exchange()

    await exchange.run(ForServices(hello, fails="deny head"))

    assert exchange.headers[b"content-type"] == b"application/json"
    assert exchange.headers[b"x-content-type-options"] == b"nosniff"
    assert exchange.headers[b"cache-control"] == b"no-store"


async def test_exception_of_the_wrapped_app_passes_through_and_the_call_is_finished() -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise KeyError("mine")

    recorder = Recorder(broken)
    scope = http_scope()
    with pytest.raises(KeyError, match="mine"):
        await Exchange().run(recorder, scope)

    assert recorder.notes[-1] == "a.finish upstream_failed"
    assert scope["tollbridge"].status == 500  # what the host's own error page, or the server, says


async def test_exception_of_the_wrapped_app_after_its_head_leaves_the_status_that_was_sent() -> None:
    async def breaks_off(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise KeyError("mine")

    scope = http_scope()
    with pytest.raises(KeyError, match="mine"):
        await Exchange().run(Recorder(breaks_off), scope)

    assert scope["tollbridge"].status == 200


async def test_gateway_error_of_the_wrapped_app_becomes_its_answer() -> None:
    async def closed(scope: Scope, receive: Receive, send: Send) -> None:
        raise Denied("closed")

    recorder = Recorder(closed)
    exchange = Exchange()
    await exchange.run(recorder)

    assert exchange.status == 403
    assert recorder.notes[-1] == "a.finish refused"


async def test_error_that_the_app_answered_itself_is_how_its_call_ended() -> None:
    ended = []
    for error in (Denied("closed"), UpstreamError("it broke")):

        async def answers(scope: Scope, receive: Receive, send: Send, error: GatewayError = error) -> None:
            scope["tollbridge"].error = error
            await hello(scope, receive, send)

        recorder = Recorder(answers)
        await Exchange().run(recorder)
        ended.append(recorder.notes[-1])

    assert ended == ["a.finish refused", "a.finish upstream_failed"]


async def cancelled(app: Layer, exchange: Exchange, begun: asyncio.Event) -> None:
    """Cancel a call once it has begun to wait, as a server does at the end of its grace."""
    task = asyncio.create_task(exchange.run(app))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await app.plan.settled()


async def test_call_of_the_wrapped_app_that_is_cancelled_is_left_to_whoever_cancels_it() -> None:
    begun = asyncio.Event()

    async def forever(scope: Scope, receive: Receive, send: Send) -> None:
        begun.set()
        await asyncio.Event().wait()

    exchange = Exchange()
    await cancelled(Recorder(forever), exchange, begun)

    assert exchange.sent == []


async def test_body_of_the_wrapped_app_that_the_server_cuts_is_not_ended_as_if_it_were_whole() -> None:
    begun = asyncio.Event()

    async def streams(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ab", "more_body": True})
        begun.set()
        await asyncio.Event().wait()

    exchange = Exchange()
    recorder = Recorder(streams)
    await cancelled(recorder, exchange, begun)

    assert exchange.sent[-1] == {"type": "http.response.body", "body": b"ab", "more_body": True}
    assert recorder.notes[-1] == "a.finish truncated"


class Spoken:
    """A dialect of errors alone."""

    def write_error(self, error: Any, call_id: str) -> bytes:
        return error.code.encode()


async def test_model_call_that_the_server_cancels_before_it_is_let_in_is_refused_with_503() -> None:
    begun = asyncio.Event()

    class Waits(Recorder):
        async def head(self, call: Call) -> None:
            call.dialect = Spoken()  # type: ignore[assignment]  # all that is asked of it here
            begun.set()
            await asyncio.Event().wait()

    exchange = Exchange()
    waits = Waits(hello)
    await cancelled(waits, exchange, begun)

    assert (exchange.status, exchange.body) == (503, b"unavailable")
    assert waits.notes == ["a.finish refused"]


async def test_connection_that_breaks_at_the_last_word_changes_nothing_about_the_cancellation() -> None:
    begun = asyncio.Event()

    async def forever(scope: Scope, receive: Receive, send: Send) -> None:
        begun.set()
        await asyncio.Event().wait()

    class Broken(Exchange):
        async def send(self, message: Message) -> None:
            raise OSError("nobody")

    recorder = Recorder(forever)
    await cancelled(recorder, Broken(), begun)

    assert recorder.notes[-1] == "a.finish truncated"


async def test_caller_who_leaves_before_the_answer_is_noted_as_gone() -> None:
    async def waits(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    recorder = Recorder(waits)
    await Exchange().run(recorder)

    assert recorder.notes[-1] == "a.finish client_gone"


async def test_app_that_ends_without_an_answer_is_noted_as_truncated() -> None:
    async def silent(scope: Scope, receive: Receive, send: Send) -> None:
        return

    recorder = Recorder(silent)
    await Exchange().run(recorder)

    assert recorder.notes[-1] == "a.finish truncated"


async def test_other_scopes_pass_the_layer_untouched() -> None:
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])

    recorder = Recorder(app)
    await recorder({"type": "lifespan"}, Exchange().receive, Exchange().send)

    assert seen == ["lifespan"]
    assert recorder.notes == []
