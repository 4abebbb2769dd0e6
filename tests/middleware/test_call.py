"""The record of one crossing."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tollbridge.call import Call, Estimate, ResponseHead, local_path, open_call
from tollbridge.testing import FixedClock

SCOPE: dict[str, Any] = {
    "type": "http",
    "method": "POST",
    "path": "/bridge/v1/models",
    "raw_path": b"/bridge/v1/models",
    "query_string": b"a=1",
    "headers": [(b"host", b"h"), (b"accept", b"a/b"), (b"accept", b"c/d")],
    "client": ("192.0.2.7", 4711),
}


def test_call_is_opened_from_what_the_server_says() -> None:
    clock = FixedClock(datetime(2026, 11, 24, tzinfo=UTC))
    clock.advance(5)

    call = open_call(SCOPE, clock, path="/v1/models")

    assert call.id.startswith("req_")
    assert (call.received, call.started_s) == (datetime(2026, 11, 24, 0, 0, 5, tzinfo=UTC), 5.0)
    assert (call.protocol, call.method, call.path) == ("http", "POST", "/v1/models")
    assert (call.raw_path, call.query, call.client) == (b"/bridge/v1/models", b"a=1", "192.0.2.7")
    assert call.native is SCOPE


@pytest.mark.parametrize("client", [None, ()])
def test_server_may_leave_out_what_it_does_not_know(client: object) -> None:
    scope = {"type": "websocket", "path": "/x", "raw_path": None, "headers": [], "client": client}

    call = open_call(scope, FixedClock())

    assert (call.method, call.path, call.raw_path, call.query, call.client) == ("GET", "/x", b"", b"", "")


def test_nothing_else_is_known_at_first() -> None:
    call = open_call(SCOPE, FixedClock())

    unknown = (call.principal, call.operation, call.model, call.body, call.usage, call.cost, call.outcome, call.error)
    assert set(unknown) == {None}


def test_calls_share_no_state() -> None:
    one, other = (open_call(SCOPE, FixedClock()) for _ in range(2))

    one.state["policy"] = 1

    assert other.state == {}


def test_header_of_a_request_is_the_first_of_its_name() -> None:
    call = open_call(SCOPE, FixedClock())

    assert call.header(b"accept") == b"a/b"
    assert call.header(b"none") is None


def test_header_of_an_answer_is_read_set_and_dropped() -> None:
    head = ResponseHead(200, [(b"a", b"1"), (b"b", b"2"), (b"a", b"3")])

    assert (head.get(b"b"), head.get(b"c")) == (b"2", None)

    head.set(b"a", b"4")
    assert head.headers == [(b"b", b"2"), (b"a", b"4")]

    head.set(b"c", b"5")
    assert head.headers == [(b"b", b"2"), (b"a", b"4"), (b"c", b"5")]

    head.drop(b"c")
    head.drop(b"b")
    assert head.headers == [(b"a", b"4")]


def test_estimate_adds_up() -> None:
    assert Estimate(3, 4).total == 7


def test_two_calls_are_never_the_same() -> None:
    assert open_call(SCOPE, FixedClock()) != open_call(SCOPE, FixedClock())
    assert isinstance(open_call(SCOPE, FixedClock()), Call)


@pytest.mark.parametrize(
    ("path", "root", "local"),
    [
        ("/a/b", "", "/a/b"),
        ("/sub/a", "/sub", "/a"),
        ("/sub", "/sub", "/"),
        ("/sub/", "/sub/", "/"),
        ("/subway", "/sub", "/subway"),
        ("/other", "/sub", "/other"),
    ],
)
def test_path_is_taken_below_the_mount_point(path: str, root: str, local: str) -> None:
    assert local_path({"path": path, "root_path": root}) == local


@pytest.mark.parametrize(
    ("preference", "strict"),
    [
        (None, False),
        (b"respond-async", False),
        (b"handling=lenient", False),
        (b"handling=strict", True),
        (b'wait=10, Handling = "Strict"', True),
    ],
)
def test_who_wants_all_or_nothing_says_so_by_a_preference(preference: bytes | None, strict: bool) -> None:
    headers = [] if preference is None else [(b"prefer", preference)]

    assert open_call({**SCOPE, "headers": headers}, FixedClock()).strict is strict
