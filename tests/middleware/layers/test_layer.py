"""The base of every layer."""

from starlette.types import Receive, Scope, Send

from tollbridge.call import Call, ResponseHead, open_call
from tollbridge.clock import SystemClock
from tollbridge.errors import BadRequest
from tollbridge.layers.layer import Layer
from tollbridge.layers.refusal import refusal_body


async def nothing(scope: Scope, receive: Receive, send: Send) -> None:
    raise AssertionError("not called")


def a_call() -> Call:
    return open_call({"type": "http", "path": "/", "headers": [(b"a", b"1")]}, SystemClock())


def test_feed_of_the_base_passes_everything_on() -> None:
    layer = Layer(nothing)

    assert layer.feed(a_call(), b"x") == [b"x"]
    assert layer.feed(a_call(), b"") == []


def test_layers_directly_inside_are_driven_together_once() -> None:
    inner = Layer(nothing)
    outer = Layer(inner)

    assert outer.plan.layers == (outer, inner)
    assert outer.plan is outer.plan
    assert outer.plan.app is nothing


def test_refusal_without_a_dialect_names_the_field() -> None:
    body = refusal_body(a_call(), BadRequest("no", param="name"))

    assert body == b'{"error":{"code":"invalid_request","message":"no","param":"name"}}'


def test_headers_are_found_by_name() -> None:
    call = a_call()
    head = ResponseHead(200, [(b"b", b"2")])

    assert (call.header(b"a"), call.header(b"z"), head.get(b"b"), head.get(b"z")) == (b"1", None, b"2", None)
