"""The answer's half of a crossing: whole, streamed, fed, or broken on the way."""

import asyncio

import pytest
from starlette.types import Message, Receive, Scope, Send
from tests.middleware.layers.crossing_support import (
    AsModelCall,
    Exchange,
    ForServices,
    Prompt,
    Recorder,
    hello,
    http_scope,
    streaming,
)

from tollbridge.call import Call, Outcome
from tollbridge.errors import Denied
from tollbridge.layers import answering as answering_module
from tollbridge.layers.layer import Layer


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


async def test_feed_that_breaks_within_an_answer_leaves_it_without_an_end_and_the_app_is_not_disturbed() -> None:
    class Late(ForServices):
        def feed(self, call: Call, chunk: bytes) -> list[bytes]:
            if chunk == b"cd":
                raise RuntimeError("late")
            return [chunk]

    exchange = Exchange()
    await exchange.run(Late(streaming))

    assert exchange.status == 200
    assert exchange.body == b"ab"
    assert exchange.sent[-1]["more_body"] is True


async def test_error_of_an_app_within_its_answer_leaves_that_without_an_end() -> None:
    async def breaking(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise Denied("no more")

    exchange = Exchange()
    await exchange.run(Recorder(breaking))

    assert (exchange.status, exchange.body) == (200, b"half")
    assert exchange.sent[-1]["more_body"] is True


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


async def test_caller_who_takes_nothing_is_not_waited_for_with_the_last_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering_module, "LAST_WORD_S", 0.01)

    async def stuck(message: Message) -> None:
        await asyncio.Event().wait()

    recorder = Recorder(hello, fails="deny head")
    exchange = Exchange()
    await recorder(http_scope(), exchange.receive, stuck)

    assert recorder.notes == ["a.head", "a.finish refused"]


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


@pytest.mark.parametrize(("layer", "given"), [(ForServices, ["trailers"]), (Recorder, ["trailers", "pathsend"])])
async def test_file_is_sent_by_the_server_only_where_no_layer_looks_at_bodies(
    layer: type[Recorder], given: list[str]
) -> None:
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.extend(scope["extensions"])
        await hello(scope, receive, send)

    offered: dict[str, object] = {"http.response.trailers": {}, "http.response.pathsend": {}}
    await Exchange().run(layer(app), http_scope(extensions=offered))

    assert seen == [f"http.response.{name}" for name in given]
    assert list(offered) == ["http.response.trailers", "http.response.pathsend"]
