"""What a provider can do wrong while its answers are translated: the same as without, in the caller's dialect."""

from collections.abc import Iterator

import pytest
from tests.live.test_faults import (
    AFTER_THE_HEAD,
    BEFORE_THE_HEAD,
    BOMB,
    CHAT,
    CHUNKED,
    END,
    FAILED,
    GROWTH,
    HALF,
    HEAD,
    JSON,
    MESSAGES,
    NEVER,
    PATIENCE_S,
    TIMEOUT,
    Bridge,
    Wire,
    begin,
    bridge,
    chunk,
    last_error,
    message,
    play,
)

CROSSED = {
    "chat to messages": Wire(CHAT.path, MESSAGES.model, MESSAGES.event, MESSAGES.whole, MESSAGES.error),
    "messages to chat": Wire(MESSAGES.path, CHAT.model, CHAT.event, CHAT.whole, CHAT.error),
}

FIRST = {
    CHAT.model: CHAT.event,
    MESSAGES.model: MESSAGES.event
    + b'event: content_block_start\ndata: {"type":"content_block_start","index":0,'
    + b'"content_block":{"type":"text","text":""}}\n\n',
}
WORDS = {
    CHAT.model: CHAT.event,
    MESSAGES.model: b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,'
    + b'"delta":{"type":"text_delta","text":"words"}}\n\n',
}
"""How a stream begins, and goes on with words, in the dialect of the provider behind a model."""


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bridge]:
    with bridge(tmp_path_factory.mktemp("translated"), "http1") as made:
        yield made


@pytest.fixture(params=CROSSED.values(), ids=CROSSED)
def wire(request: pytest.FixtureRequest) -> Wire:
    found: Wire = request.param
    return found


@pytest.mark.parametrize("name", BEFORE_THE_HEAD)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_provider_that_fails_before_its_head_is_a_named_error_and_settled_once(live, wire, name, stream) -> None:
    fault = BEFORE_THE_HEAD[name]
    play(live, wire, fault)

    answer = live.ask(wire, stream=stream)

    assert answer.status_code == (504 if fault.error == TIMEOUT else 502)
    assert message(wire, answer.json())
    assert live.row()["error"] == fault.error


@pytest.mark.parametrize("name", AFTER_THE_HEAD)
def test_stream_that_breaks_ends_with_the_callers_error_event_and_is_settled_once(live, wire, name) -> None:
    fault = AFTER_THE_HEAD[name]
    play(live, wire, fault)

    answer = live.ask(wire, stream=True)

    assert answer.status_code == 200
    assert ("fell silent" if fault.error == TIMEOUT else "ended before it was complete") in last_error(
        wire, answer.content
    )
    assert HALF not in answer.content
    assert wire.event not in answer.content
    row = live.row()
    assert (row["error"], row["outcome"] == "complete") == (fault.error, False)
    assert row["cost"] > 0


def test_error_after_the_200_is_told_once_and_the_call_is_not_complete(live, wire) -> None:
    live.script(CHUNKED, chunk(wire.event), chunk(wire.error), END)

    answer = live.ask(wire, stream=True)

    assert last_error(wire, answer.content) == "overloaded"
    assert answer.content.count(b"overloaded") <= 2  # its type and its message
    assert live.row()["outcome"] == "truncated"


@pytest.mark.parametrize(
    ("steps", "status"),
    [
        ((JSON + b"content-length: 9\r\n\r\n", b"{}"), 502),
        ((JSON + b"content-length: 99\r\n\r\n", b"{", NEVER), 504),
        ((JSON + b"content-length: 0\r\n\r\n",), 502),
        ((JSON + b"content-length: 4\r\n\r\n", b"\xff\xfe\x00\x01"), 502),
        ((JSON + b"content-length: 2\r\n\r\n", b"{}"), 502),
        ((JSON + b"content-length: 200000\r\n\r\n", b"[" * 200_000), 502),
    ],
    ids=["too short", "stall", "nothing", "garbage", "no answer", "nested too deep"],
)
def test_whole_answer_that_is_none_is_an_error_in_the_callers_dialect(live, wire, steps, status) -> None:
    live.script(*steps)

    answer = live.ask(wire, stream=False)

    assert answer.status_code == status
    assert message(wire, answer.json())
    assert live.row()["outcome"] != "complete"


def test_event_of_a_gigabyte_is_cut_off_at_its_bound(live, wire) -> None:
    live.script(CHUNKED, chunk(wire.event), *[chunk(b"x" * 1_000_000)] * 1_000)
    before = live.memory()

    answer = live.ask(wire, stream=True)

    assert last_error(wire, answer.content) == "the provider sent an event over 16777216 bytes"
    assert live.memory() - before < GROWTH
    assert live.upstream.requests[-1].gone.wait(PATIENCE_S)
    assert (live.row()["error"], live.row()["outcome"]) == (FAILED, "upstream_failed")


@pytest.mark.parametrize("kind", [JSON, HEAD], ids=["whole", "stream"])
def test_compressed_answer_that_nobody_asked_for_is_not_inflated(live, wire, kind) -> None:
    live.script(kind + b"content-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(BOMB), BOMB)
    before = live.memory()

    answer = live.ask(wire, stream=kind is HEAD)

    assert answer.status_code == 502
    assert "compressed" in message(wire, answer.json())
    assert live.memory() - before < GROWTH
    assert live.row()["outcome"] != "complete"


def test_caller_that_reads_nothing_makes_the_provider_wait_and_not_the_memory_grow(live, wire) -> None:
    live.script(CHUNKED, chunk(FIRST[wire.model]), *[chunk(WORDS[wire.model] * 10_000)] * 1_000)
    before = live.memory()

    with begin(live, wire) as connection:
        assert connection.recv(12) == b"HTTP/1.1 200"
        sent = live.upstream.requests[-1]
        assert sent.gone.wait(PATIENCE_S)

    assert not sent.answered.is_set()
    assert live.memory() - before < GROWTH
    assert live.row()["outcome"] != "complete"
