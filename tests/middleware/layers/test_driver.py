"""What is around the phases: the body, every layer's finish, and the winding up."""

import asyncio
from typing import Any

import pytest
import structlog
from starlette.types import Message, Receive, Scope, Send
from tests.middleware.layers.crossing_support import AsModelCall, Exchange, Ready, Recorder, hello, http_scope

from tollbridge.call import Call, Outcome
from tollbridge.errors import Denied
from tollbridge.formats.dialect import Operation
from tollbridge.layers.layer import Layer


async def test_layers_that_were_not_entered_do_not_finish() -> None:
    notes: list[str] = []

    await Exchange().run(Recorder(Recorder(hello, name="b", notes=notes), fails="deny head", notes=notes))

    assert notes == ["a.head", "a.finish refused"]


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


class Vouched(Layer):
    """Has the body checked, and does not wait to say so: only `hi` is taken.  Notes each body that it is given."""

    def __init__(self, app: Any, *, model: bool) -> None:
        super().__init__(app)
        self.model = model
        self.given: list[bytes | None] = []

    def head(self, call: Call) -> None:
        def check(body: bytes) -> None:
            if body != b"hi":
                raise Denied("this is another body", code="other_body")

        call.body_check = check
        call.operation = Operation("ai:chat", "chat") if self.model else None

    def body(self, call: Call) -> None:
        self.given.append(call.body)


@pytest.mark.parametrize("model", [True, False])
@pytest.mark.parametrize("kind", [Ready, Exchange])
@pytest.mark.parametrize("together", [1, 4])
async def test_body_that_is_to_be_checked_is_checked_before_any_layer_or_the_app_has_it(
    kind: type[Exchange], model: bool, together: int
) -> None:
    app = Vouched(hello, model=model)
    for body, status in ((b"hi", 200), (b"ho", 403)):
        exchanges = [kind({"type": "http.request", "body": body, "more_body": False}) for _ in range(together)]

        await asyncio.gather(*(exchange.run(app) for exchange in exchanges))

        assert [exchange.status for exchange in exchanges] == [status] * together
    assert app.given == [b"hi"] * together


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
