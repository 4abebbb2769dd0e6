"""The driver: five phases around any ASGI app."""

import asyncio
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from tollbridge.atonce import GivesBody, TakesAnswer
from tollbridge.call import Call, Headers, Outcome, ResponseHead
from tollbridge.errors import Denied
from tollbridge.formats.dialect import Operation
from tollbridge.layers import answering as answering_module
from tollbridge.layers.layer import Layer


class Recorder(Layer):
    """Notes each phase, and fails in the one it is told to."""

    def __init__(self, app: ASGIApp, *, name: str = "a", fails: str = "", notes: list[str] | None = None) -> None:
        super().__init__(app)
        self.label = name
        self.fails = fails
        self.notes = [] if notes is None else notes

    def _note(self, phase: str) -> None:
        self.notes.append(f"{self.label}.{phase}")
        if self.fails == phase:
            raise RuntimeError(f"{phase} broke: tb_secret")
        if self.fails == f"deny {phase}":
            raise Denied("not today", code="closed")

    async def head(self, call: Call) -> None:
        self._note("head")

    async def body(self, call: Call) -> None:
        self._note("body")

    async def response_head(self, call: Call, head: ResponseHead) -> None:
        self._note("response_head")

    def feed(self, call: Call, chunk: bytes) -> list[bytes]:
        self._note("feed")
        return [chunk.upper()] if chunk else [b"!"]

    async def finish(self, call: Call, outcome: Outcome) -> None:
        self._note(f"finish {outcome.value}")


class ForServices(Recorder):
    feeds_services = True


class AsModelCall(Layer):
    """Declares every request a model call."""

    async def head(self, call: Call) -> None:
        call.operation = Operation("ai:chat", "chat")


def http_scope(**more: Any) -> Scope:
    return {
        "type": "http",
        "method": "POST",
        "path": "/x",
        "raw_path": b"/x",
        "query_string": b"",
        "headers": [(b"host", b"h")],
        "client": ("192.0.2.1", 1),
        **more,
    }


class Exchange:
    """One request from the server's side."""

    def __init__(self, *messages: Message) -> None:
        self.incoming = list(messages or ({"type": "http.request", "body": b"hi", "more_body": False},))
        self.sent: list[Message] = []

    async def receive(self) -> Message:
        return self.incoming.pop(0) if self.incoming else {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    async def run(self, app: ASGIApp, scope: Scope | None = None) -> None:
        await app(scope or http_scope(), self.receive, self.send)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.sent[0]["headers"])

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent[1:])


class Ready(Exchange, GivesBody):
    """One request of a server that gives a whole body at once."""

    def take_whole(self, most: int) -> bytes | None:
        body: bytes = self.incoming[0]["body"]
        if self.incoming[0]["more_body"] or len(body) > most:
            return None
        self.incoming.clear()
        return body


class Prompt(Exchange, TakesAnswer):
    """One request of a server that takes an answer in one piece, unless it is slow."""

    def __init__(self, *, slow: bool = False) -> None:
        super().__init__()
        self.slow = slow
        self.whole: list[tuple[int, bytes]] = []

    def send_whole(self, status: int, headers: Headers, body: bytes) -> bool:
        if self.slow:
            return False
        self.whole.append((status, body))
        return True


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    message = await receive()
    body = message["body"]
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


async def streaming(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
    await send({"type": "http.response.body", "body": b"ab", "more_body": True})
    await send({"type": "http.response.body", "body": b"cd", "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


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


async def test_feed_does_not_touch_the_wrapped_app_unless_it_asks_for_it() -> None:
    recorder = Recorder(streaming)
    exchange = Exchange()

    await exchange.run(recorder)

    assert exchange.body == b"abcd"
    assert exchange.headers[b"content-length"] == b"4"
    assert "a.feed" not in recorder.notes


async def test_whole_answer_is_given_in_one_piece_to_a_server_that_takes_it() -> None:
    exchange, scope = Prompt(), http_scope()

    await exchange.run(ForServices(hello), scope)

    assert exchange.whole == [(200, b"HI!")]
    assert exchange.sent == []
    assert scope["tollbridge"].bytes_out == 3
    assert scope["tollbridge"].outcome is Outcome.COMPLETE


async def test_whole_answer_is_sent_in_messages_to_a_server_that_cannot_take_it_now() -> None:
    exchange, scope = Prompt(slow=True), http_scope()

    await exchange.run(ForServices(hello), scope)

    assert exchange.whole == []
    assert (exchange.status, exchange.body) == (200, b"HI!")
    assert scope["tollbridge"].bytes_out == 3


async def test_streams_are_sent_in_messages_whoever_serves_them() -> None:
    exchange = Prompt()

    await exchange.run(ForServices(streaming))

    assert exchange.whole == []
    assert exchange.body == b"ABCD!"


async def test_streams_are_fed_chunk_by_chunk_and_lose_their_length() -> None:
    exchange = Exchange()

    await exchange.run(ForServices(streaming))

    assert [message["body"] for message in exchange.sent[1:]] == [b"AB", b"CD", b"!"]
    assert b"content-length" not in exchange.headers


async def test_two_feeders_flush_in_order_at_the_end_of_a_stream() -> None:
    exchange = Exchange()

    await exchange.run(ForServices(ForServices(streaming, name="b")))

    assert exchange.body == b"ABCD!!"


async def test_head_of_a_stream_goes_out_before_its_first_chunk_where_nobody_feeds() -> None:
    began = asyncio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        began.set()
        await receive()

    exchange = Exchange()
    await exchange.run(Recorder(slow))

    assert began.is_set()
    assert exchange.status == 200


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


async def test_layers_that_were_not_entered_do_not_finish() -> None:
    notes: list[str] = []

    await Exchange().run(Recorder(Recorder(hello, name="b", notes=notes), fails="deny head", notes=notes))

    assert notes == ["a.head", "a.finish refused"]


async def test_feed_that_breaks_within_a_stream_ends_it_and_the_app_is_not_disturbed() -> None:
    class Late(ForServices):
        def feed(self, call: Call, chunk: bytes) -> list[bytes]:
            if chunk == b"cd":
                raise RuntimeError("late")
            return [chunk]

    exchange = Exchange()
    await exchange.run(Late(streaming))

    assert exchange.status == 200
    assert exchange.body == b"ab"
    assert exchange.sent[-1]["more_body"] is False


async def test_feed_that_breaks_in_a_model_stream_stops_the_app() -> None:
    stopped: list[BaseException] = []

    async def model(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await streaming(scope, receive, send)
        except RuntimeError as exc:
            stopped.append(exc)
            raise

    class Late(Recorder):
        def feed(self, call: Call, chunk: bytes) -> list[bytes]:
            if chunk == b"cd":
                raise RuntimeError("late")
            return [chunk]

    exchange = Exchange()
    late = Late(model)
    await exchange.run(AsModelCall(late))

    assert len(stopped) == 1
    assert exchange.body == b"ab"
    assert late.notes[-1] == "a.finish upstream_failed"


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


async def test_gateway_error_behind_a_whole_answer_is_noted_and_not_sent() -> None:
    calls: list[Call] = []

    async def regrets(scope: Scope, receive: Receive, send: Send) -> None:
        calls.append(scope["tollbridge"])
        await hello(scope, receive, send)
        raise Denied("too late")

    exchange = Exchange()
    await exchange.run(Recorder(regrets))

    assert (exchange.status, len(exchange.sent)) == (200, 2)
    assert calls[0].error is not None
    assert calls[0].error.code == "denied"


async def test_finish_that_breaks_does_not_keep_the_others_from_finishing() -> None:
    notes: list[str] = []
    app = Recorder(Recorder(hello, name="b", fails="finish complete", notes=notes), notes=notes)

    await Exchange().run(app)

    assert notes[-2:] == ["b.finish complete", "a.finish complete"]


async def test_cancelled_call_is_finished_in_a_task_that_can_be_waited_for() -> None:
    begun = asyncio.Event()

    async def forever(scope: Scope, receive: Receive, send: Send) -> None:
        begun.set()
        await asyncio.Event().wait()

    class Slow(Recorder):
        async def finish(self, call: Call, outcome: Outcome) -> None:
            await asyncio.sleep(0)
            await super().finish(call, outcome)

    slow = Slow(forever)
    task = asyncio.create_task(Exchange().run(slow))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await slow.plan.settled()

    assert slow.notes[-1] == "a.finish truncated"
    assert not slow.plan.settling


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


async def test_caller_who_takes_nothing_is_not_waited_for_with_the_last_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering_module, "LAST_WORD_S", 0.01)

    async def stuck(message: Message) -> None:
        await asyncio.Event().wait()

    recorder = Recorder(hello, fails="deny head")
    exchange = Exchange()
    await recorder(http_scope(), exchange.receive, stuck)

    assert recorder.notes == ["a.head", "a.finish refused"]


class Winding(Layer):
    """Notes who was wound up; fails for the first call where it is told to."""

    def __init__(self, app: Any, *, label: str = "a", notes: list[str] | None = None, fails: bool = False) -> None:
        super().__init__(app)
        self.label = label
        self.notes = [] if notes is None else notes
        self.fails = fails

    def wind_up(self, call: Call, outcome: Outcome) -> None:
        self.notes.append(f"{self.label} {outcome.value}")
        if self.fails:
            raise RuntimeError("broken")


async def test_calls_that_end_together_are_wound_up_layer_by_layer_after_every_finish() -> None:
    notes: list[str] = []
    gate = asyncio.Event()

    async def waits(scope: Scope, receive: Receive, send: Send) -> None:
        await gate.wait()
        await hello(scope, receive, send)

    outer = Winding(Winding(Recorder(waits, notes=notes), label="b", notes=notes), notes=notes)
    running = [asyncio.create_task(Exchange().run(outer)) for _ in range(2)]
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(*running)

    assert notes[-4:] == ["b complete", "b complete", "a complete", "a complete"]
    assert [note for note in notes if "finish" in note] == ["a.finish complete"] * 2


async def test_layer_that_fails_to_wind_up_keeps_no_other_from_it() -> None:
    notes: list[str] = []
    outer = Winding(Winding(hello, label="b", notes=notes, fails=True), notes=notes)

    with structlog.testing.capture_logs() as logged:
        await Exchange().run(outer)

    assert notes == ["b complete", "a complete"]
    assert [entry["event"] for entry in logged] == ["finish_failed"]


async def test_call_cancelled_while_it_waits_to_be_wound_up_is_wound_up() -> None:
    outer = Winding(hello)
    task = asyncio.create_task(Exchange().run(outer))
    while not outer.plan.ended:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await outer.plan.settled()

    assert outer.notes == ["a complete"]
    assert outer.plan.ended == []


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


async def test_body_before_its_head_is_a_fault_of_the_app() -> None:
    async def wrong(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.body", "body": b"x"})

    exchange = Exchange()
    await exchange.run(Recorder(wrong))

    assert exchange.status == 500


async def test_messages_the_driver_does_not_know_are_passed_on() -> None:
    async def hints(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.debug", "info": {}})
        await hello(scope, receive, send)

    exchange = Exchange()
    await exchange.run(Recorder(hints))

    assert exchange.sent[0]["type"] == "http.response.debug"


async def test_other_scopes_pass_the_layer_untouched() -> None:
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])

    recorder = Recorder(app)
    await recorder({"type": "lifespan"}, Exchange().receive, Exchange().send)

    assert seen == ["lifespan"]
    assert recorder.notes == []


class TestModelBody:
    """A model call's body is read whole, bounded in bytes and in time."""

    async def test_parts_are_joined_and_given_to_the_app_at_once(self) -> None:
        exchange = Exchange(
            {"type": "http.request", "body": b"he", "more_body": True},
            {"type": "http.request", "body": b"llo", "more_body": False},
        )

        await exchange.run(AsModelCall(hello))

        assert exchange.body == b"hello"

    @pytest.mark.parametrize("sent", [b"x" * 11, b"x" * 6])
    async def test_body_over_the_limit_is_refused(self, sent: bytes) -> None:
        app = AsModelCall(hello)
        app.plan.max_body = 10
        exchange = Exchange(
            {"type": "http.request", "body": sent, "more_body": len(sent) < 10},
            {"type": "http.request", "body": sent, "more_body": False},
        )

        await exchange.run(app)

        assert exchange.status == 413

    async def test_body_at_the_limit_is_taken(self) -> None:
        app = AsModelCall(hello)
        app.plan.max_body = 2
        exchange = Exchange()

        await exchange.run(app)

        assert exchange.status == 200

    async def test_body_that_the_server_has_is_judged_without_a_turn_of_the_loop_in_between(self) -> None:
        turns: list[str] = []

        class Watching(Layer):
            def head(self, call: Call) -> None:
                asyncio.get_running_loop().call_soon(turns.append, "turn")

            def body(self, call: Call) -> None:
                turns.append(f"judged {call.body!r}, {call.bytes_in} bytes")

        exchange = Ready()
        await exchange.run(AsModelCall(Watching(hello)))

        assert exchange.body == b"hi"
        assert turns[0] == "turn"  # AsModelCall waits
        turns.clear()

        class Plainly(Watching):
            def head(self, call: Call) -> None:
                super().head(call)
                call.operation = Operation("ai:chat", "chat")

        await Ready().run(Plainly(hello))

        assert turns[:1] == ["judged b'hi', 2 bytes"]

    async def test_body_that_the_server_has_is_refused_over_the_limit(self) -> None:
        app = AsModelCall(Recorder(hello))
        app.plan.max_body = 1
        exchange = Ready()

        await exchange.run(app)

        assert exchange.status == 413

    async def test_body_that_the_server_has_in_part_is_waited_for(self) -> None:
        exchange = Ready(
            {"type": "http.request", "body": b"he", "more_body": True},
            {"type": "http.request", "body": b"llo", "more_body": False},
        )

        await exchange.run(AsModelCall(hello))

        assert exchange.body == b"hello"

    async def test_who_stands_between_the_server_and_the_layers_is_not_passed_by(self) -> None:
        exchange = Ready()
        app = AsModelCall(hello)

        async def shouting(scope: Scope, receive: Receive, send: Send) -> None:
            async def hear() -> Message:
                message = await receive()
                return {**message, "body": message["body"].upper()}

            await app(scope, hear, send)

        await exchange.run(shouting)

        assert exchange.body == b"HI"

    async def test_announced_length_over_the_limit_is_refused_unread(self) -> None:
        app = AsModelCall(hello)
        app.plan.max_body = 10
        exchange = Exchange()

        await exchange.run(app, http_scope(headers=[(b"content-length", b"11")]))

        assert exchange.status == 413
        assert len(exchange.incoming) == 1

    async def test_body_that_breaks_off_reaches_no_app_and_is_told_so_to_who_still_listens(self) -> None:
        exchange = Exchange({"type": "http.request", "body": b"he", "more_body": True})
        recorder = Recorder(hello)

        await exchange.run(AsModelCall(recorder))

        assert exchange.status == 400
        assert recorder.notes == ["a.head", "a.finish client_gone"]

    async def test_body_that_does_not_come_in_time_is_refused(self) -> None:
        class Stuck(Exchange):
            async def receive(self) -> Message:
                return self.incoming.pop(0) if self.incoming else await asyncio.Future()

        app = AsModelCall(hello)
        app.plan.body_timeout_s = 0.01
        exchange = Stuck({"type": "http.request", "body": b"he", "more_body": True})

        await exchange.run(app)

        assert exchange.status == 408

    async def test_failure_of_the_model_side_is_not_raised_at_the_server(self) -> None:
        async def broken(scope: Scope, receive: Receive, send: Send) -> None:
            raise ValueError("inside")

        exchange = Exchange()
        await exchange.run(AsModelCall(broken))

        assert exchange.status == 500


class TestWebSocket:
    """An upgrade is admitted by the same phases."""

    def scope(self, **more: Any) -> Scope:
        return http_scope(type="websocket", extensions={}, **more)

    async def test_socket_is_passed_through_and_counted(self) -> None:
        async def echo(scope: Scope, receive: Receive, send: Send) -> None:
            await receive()
            await send({"type": "websocket.accept"})
            message = await receive()
            await send({"type": "websocket.send", "text": message["text"] * 2})
            await send({"type": "websocket.close", "code": 1000})

        exchange = Exchange({"type": "websocket.connect"}, {"type": "websocket.receive", "text": "abc"})
        scope = self.scope()
        recorder = Recorder(echo)

        await exchange.run(recorder, scope)

        call = scope["tollbridge"]
        assert (call.status, call.bytes_in, call.bytes_out) == (101, 3, 6)
        assert recorder.notes == ["a.head", "a.body", "a.finish complete"]

    async def test_refused_upgrade_is_closed(self) -> None:
        exchange = Exchange({"type": "websocket.connect"})

        await exchange.run(Recorder(hello, fails="deny head"), self.scope())

        assert exchange.sent == [{"type": "websocket.close", "code": 1008, "reason": "closed"}]

    async def test_refused_upgrade_gets_an_http_answer_where_the_server_can(self) -> None:
        exchange = Exchange({"type": "websocket.connect"})
        scope = self.scope()
        scope["extensions"] = {"websocket.http.response": {}}

        await exchange.run(Recorder(hello, fails="deny body"), scope)

        assert exchange.sent[0]["type"] == "websocket.http.response.start"
        assert exchange.status == 403

    async def test_failing_socket_app_is_finished_and_its_exception_passes(self) -> None:
        async def broken(scope: Scope, receive: Receive, send: Send) -> None:
            raise RuntimeError("socket")

        recorder = Recorder(broken)
        with pytest.raises(RuntimeError, match="socket"):
            await Exchange().run(recorder, self.scope())

        assert recorder.notes[-1] == "a.finish upstream_failed"

    async def test_upgrade_whose_app_fails_has_the_status_that_the_server_answers(self) -> None:
        async def broken(scope: Scope, receive: Receive, send: Send) -> None:
            raise RuntimeError("socket")

        scope = self.scope()
        with pytest.raises(RuntimeError, match="socket"):
            await Exchange().run(Recorder(broken), scope)

        assert scope["tollbridge"].status == 500

    @pytest.mark.parametrize(
        ("code", "outcome"),
        [(1000, "complete"), (1001, "complete"), (1005, "client_gone"), (1006, "client_gone")],
    )
    @pytest.mark.parametrize("raises", [True, False])
    async def test_caller_who_closes_the_socket_is_no_failure_whatever_the_app_makes_of_it(
        self, code: int, outcome: str, raises: bool
    ) -> None:
        async def chat(scope: Scope, receive: Receive, send: Send) -> None:
            socket = WebSocket(scope, receive, send)
            await socket.accept()
            await socket.receive_text()
            if raises:
                await socket.receive_text()
            else:
                await socket.receive()

        leaving = {"type": "websocket.disconnect", "code": code}
        exchange = Exchange({"type": "websocket.connect"}, {"type": "websocket.receive", "text": "abc"}, leaving)
        scope = self.scope()
        recorder = Recorder(chat)

        with pytest.raises(WebSocketDisconnect) if raises else nullcontext():
            await exchange.run(recorder, scope)

        assert recorder.notes[-1] == f"a.finish {outcome}"
        assert scope["tollbridge"].status == 101

    async def test_caller_found_gone_while_the_app_sends_is_no_failure(self) -> None:
        async def talk(scope: Scope, receive: Receive, send: Send) -> None:
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.send", "text": "hello"})

        class Gone(Exchange):
            async def send(self, message: Message) -> None:
                if message["type"] == "websocket.send":
                    raise OSError("nobody")

        recorder = Recorder(talk)
        with pytest.raises(OSError, match="nobody"):
            await Gone().run(recorder, self.scope())

        assert recorder.notes[-1] == "a.finish client_gone"

    async def test_socket_that_the_app_closed_is_complete_whatever_the_server_says_then(self) -> None:
        async def hang_up(scope: Scope, receive: Receive, send: Send) -> None:
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": 1000})
            await receive()

        recorder = Recorder(hang_up)
        await Exchange({"type": "websocket.disconnect", "code": 1005}).run(recorder, self.scope())

        assert recorder.notes[-1] == "a.finish complete"

    async def test_socket_that_the_server_cuts_off_is_truncated(self) -> None:
        begun = asyncio.Event()

        async def forever(scope: Scope, receive: Receive, send: Send) -> None:
            begun.set()
            await asyncio.Event().wait()

        recorder = Recorder(forever)
        task = asyncio.create_task(Exchange().run(recorder, self.scope()))
        await begun.wait()
        task.cancel()
        await asyncio.wait([task])
        await recorder.plan.settled()

        assert recorder.notes[-1] == "a.finish truncated"


class Mixed(Layer):
    """A layer whose phases wait, fail, refuse or just do as each call's path says: `/1.head.waits,3.feed.fails`."""

    feeds_services = True

    def __init__(self, app: ASGIApp, *, label: str, notes: list[str]) -> None:
        super().__init__(app)
        self.label = label
        self.notes = notes

    def _do(self, call: Call, phase: str) -> Any:
        self.notes.append(f"{call.client} {self.label}.{phase}")
        if f"{self.label}.{phase}.fails" in call.path:
            raise RuntimeError("broken")
        if f"{self.label}.{phase}.refuses" in call.path:
            raise Denied("not today", code="closed")
        return self._wait(call, phase) if f"{self.label}.{phase}.waits" in call.path else None

    async def _wait(self, call: Call, phase: str) -> None:
        await asyncio.sleep(0)
        self.notes.append(f"{call.client} {self.label}.{phase} waited")
        if f"{self.label}.{phase}.waits and refuses" in call.path:
            raise Denied("not today", code="closed")

    def head(self, call: Call) -> Any:
        return self._do(call, "head")

    def body(self, call: Call) -> Any:
        return self._do(call, "body")

    def response_head(self, call: Call, head: ResponseHead) -> Any:
        head.headers.append((b"x-seen", self.label.encode()))
        return self._do(call, "response_head")

    def feed(self, call: Call, chunk: bytes) -> list[bytes]:
        waiting = self._do(call, "feed")
        if waiting is not None:
            waiting.close()  # this phase cannot wait
        return [chunk + self.label.encode()] if chunk else []


DEEDS = ("", "waits", "fails", "refuses", "waits and refuses")
PHASES = ("head", "body", "response_head", "feed")
PATHS = st.lists(st.tuples(st.sampled_from("123"), st.sampled_from(PHASES), st.sampled_from(DEEDS)), max_size=3).map(
    lambda deeds: "/" + ",".join(".".join(deed) for deed in deeds)
)


async def crossed(
    paths: Sequence[str], *, together: bool, ready: bool = False, model: bool = False
) -> tuple[list[list[Any]], dict[str, list[str]]]:
    """Give what was sent and noted for each request, all of them at once or one after another."""
    notes: list[str] = []
    app: ASGIApp = hello
    for label in "321":
        app = Mixed(app, label=label, notes=notes)
    if model:
        app = AsModelCall(app)
    exchanges = [Ready() if ready else Exchange() for _ in paths]
    running = [
        exchange.run(app, http_scope(path=path, client=(str(number), 1)))
        for number, (exchange, path) in enumerate(zip(exchanges, paths, strict=True))
    ]
    if together:
        await asyncio.gather(*running)
    else:
        for one in running:
            await one
    await asyncio.sleep(0)
    own = {str(number): [note for note in notes if note.startswith(f"{number} ")] for number in range(len(paths))}
    sent = [[(message["type"], message.get("status"), message.get("body")) for message in e.sent] for e in exchanges]
    return sent, own


@given(st.lists(PATHS, min_size=1, max_size=6), st.booleans(), st.booleans())
def test_calls_that_go_abreast_fare_as_each_by_itself(paths: list[str], ready: bool, model: bool) -> None:
    with structlog.testing.capture_logs():
        abreast = asyncio.run(crossed(paths, together=True, ready=ready, model=model))
        assert abreast == asyncio.run(crossed(paths, together=False, model=model))


@pytest.mark.parametrize("waits", ["1.head.waits", "1.response_head.waits", "nothing waits"])
async def test_call_that_is_cancelled_among_others_disturbs_none_of_them(waits: str) -> None:
    notes: list[str] = []
    tasks: list[asyncio.Task[None]] = []

    class Canceller(Mixed):
        """Cancels the first call when it comes to the last."""

        def _do(self, call: Call, phase: str) -> Any:
            if call.client == "3" and phase in ("head", "response_head"):
                tasks[0].cancel()
            return super()._do(call, phase)

    app = Canceller(hello, label="1", notes=notes)
    exchanges = [Exchange() for _ in range(4)]
    tasks += [
        asyncio.create_task(exchange.run(app, http_scope(path=f"/{waits}", client=(str(number), 1))))
        for number, exchange in enumerate(exchanges)
    ]

    results = await asyncio.gather(*tasks, return_exceptions=True)

    assert [type(result) for result in results] == [asyncio.CancelledError, *[type(None)] * 3]
    assert [exchange.body for exchange in exchanges[1:]] == [b"hi1"] * 3


class OnlyFeeds(Layer):
    """Looks at no head."""

    feeds_services = True

    def feed(self, call: Call, chunk: bytes) -> list[bytes]:
        return [chunk.upper()] if chunk else []


async def test_layer_that_looks_at_no_head_takes_streams_and_whole_answers() -> None:
    whole, streamed = Exchange(), Exchange()

    await whole.run(OnlyFeeds(hello))
    await streamed.run(OnlyFeeds(streaming))

    assert (whole.body, streamed.body) == (b"HI", b"ABCD")
