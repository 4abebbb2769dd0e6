"""The driver of a WebSocket: an upgrade is admitted by the same phases."""

import asyncio
from contextlib import nullcontext
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect
from tests.middleware.layers.crossing_support import Exchange, Recorder, hello, http_scope

from tollbridge.errors import Denied


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
            await send({"type": "websocket.send", "bytes": b"\xff"})
            await send({"type": "websocket.close", "code": 1000})

        exchange = Exchange({"type": "websocket.connect"}, {"type": "websocket.receive", "text": "ab\u20ac"})
        scope = self.scope()
        recorder = Recorder(echo)

        await exchange.run(recorder, scope)

        call = scope["tollbridge"]
        assert (call.status, call.bytes_in, call.bytes_out) == (101, 5, 11)
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

    async def test_refusal_by_the_app_of_a_socket_that_it_accepted_passes_through(self) -> None:
        async def late(scope: Scope, receive: Receive, send: Send) -> None:
            await send({"type": "websocket.accept"})
            raise Denied("too late")

        exchange, scope = Exchange(), self.scope()
        with pytest.raises(Denied):
            await exchange.run(Recorder(late), scope)

        assert [message["type"] for message in exchange.sent] == ["websocket.accept"]
        assert scope["tollbridge"].status == 101

    async def test_caller_who_leaves_before_the_socket_is_accepted_was_answered_nothing(self) -> None:
        async def waits(scope: Scope, receive: Receive, send: Send) -> None:
            while (await receive())["type"] != "websocket.disconnect":
                pass
            raise WebSocketDisconnect(1006)

        exchange = Exchange({"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1006})
        scope, recorder = self.scope(), Recorder(waits)
        with pytest.raises(WebSocketDisconnect):
            await exchange.run(recorder, scope)

        assert recorder.notes[-1] == "a.finish client_gone"
        assert scope["tollbridge"].status == 0

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
