"""Streams over the wire: what breaks is said, what is cut is charged, what is whole is untouched."""

import asyncio
import json
import random
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import httpx2
import pytest
from tests.live.looking import bearer, chat, eventually, settled
from tests.support.live import LiveGateway, mock_config

from tollbridge.testing.upstream import DONE, USAGE, ScriptedUpstream, chat_events, event

PATH = "/v1/chat/completions"
FAST = "[upstream]\nfirst_byte_timeout_s = 0.5\nidle_timeout_s = 0.5\nmax_answer_bytes = 8000000\n"
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n"


class Bridge:
    """A gateway before a scripted upstream, with a token of it."""

    def __init__(self, gateway: LiveGateway, upstream: ScriptedUpstream) -> None:
        self.gateway = gateway
        self.upstream = upstream
        self.client = httpx2.Client(base_url=gateway.url, headers=bearer(gateway.token()["token"]), timeout=20)
        self.calls = 0

    def ask(self, **more: object) -> httpx2.Response:
        self.calls += 1
        return self.client.post(PATH, json=chat(**more))

    def row(self) -> dict[str, object]:
        """Wait until every call so far is settled; gives the last one's row."""
        return settled(self.gateway.folder, self.calls)[-1]


@contextmanager
def bridge(folder, more: str = "") -> Iterator[Bridge]:
    with (
        ScriptedUpstream.in_thread() as upstream,
        LiveGateway(folder, mock_config(upstream.url, more)) as gateway,
    ):
        made = Bridge(gateway, upstream)
        with made.client:
            yield made


@pytest.fixture(scope="module")
def fast(tmp_path_factory) -> Iterator[Bridge]:
    with bridge(tmp_path_factory.mktemp("streams"), FAST) as made:
        yield made


def data(text: bytes) -> list[bytes]:
    return [part for part in text.split(b"\n\n") if part.startswith(b"data: ")]


def last_error(response: httpx2.Response) -> dict[str, str]:
    """Give the error in a stream's last event, and prove that nothing says the answer is complete."""
    assert b"[DONE]" not in response.content
    assert b'"finish_reason":"stop"' not in response.content
    found: dict[str, str] = json.loads(data(response.content)[-1].removeprefix(b"data: "))["error"]
    return found


def chunk(piece: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(piece), piece)


def test_whole_stream_passes_byte_for_byte(fast) -> None:
    events = [
        b": a comment\r\n\r\n",
        b"event: odd\ndata: {}\n\n",
        *chat_events("H\u00e9", "llo", usage=True),
    ]
    fast.upstream.stream(events)

    answer = fast.ask(stream=True, stream_options={"include_usage": True})

    assert answer.content == b"".join(events)
    assert answer.headers["content-type"] == "text/event-stream"
    row = fast.row()
    assert (row["outcome"], row["usage_source"], row["input_tokens"], row["output_tokens"]) == (
        "complete",
        "provider",
        10,
        5,
    )
    assert row["cost"] == 10 * 150 + 5 * 600  # nano-dollars: 0.15 and 0.60 USD a million


def test_usage_is_asked_for_and_its_event_kept_from_who_did_not_ask(fast) -> None:
    fast.upstream.stream(chat_events("a", usage=True))

    answer = fast.ask(stream=True)

    sent = fast.upstream.requests[-1].json()
    assert sent["stream_options"]["include_usage"] is True
    assert answer.content == b"".join(chat_events("a"))
    assert fast.row()["usage_source"] == "provider"


def test_usage_event_reaches_who_asked(fast) -> None:
    answer = fast.ask(stream=True, stream_options={"include_usage": True})

    assert json.loads(data(answer.content)[-2].removeprefix(b"data: "))["usage"] == USAGE
    assert fast.row()["usage_source"] == "provider"


def test_stream_without_usage_is_charged_by_its_pieces_and_never_free(fast) -> None:
    fast.upstream.stream(chat_events("a", "b", "c"))

    fast.ask(stream=True)

    row = fast.row()
    assert row["usage_source"] == "estimated"
    assert row["output_tokens"] >= 3
    assert row["cost"] > 0


def test_events_reach_the_caller_as_they_come(fast) -> None:
    gates = [asyncio.Event(), asyncio.Event()]
    first, *rest = chat_events("a", usage=True)
    fast.upstream.stream([gates[0], first, gates[1], *rest])
    fast.upstream.release(gates[0])

    fast.calls += 1
    with fast.client.stream("POST", PATH, json=chat(stream=True)) as answer:
        parts = answer.iter_raw()
        assert next(parts) == first
        fast.upstream.release(gates[1])
        assert b"".join(parts).endswith(DONE)
    assert fast.row()["outcome"] == "complete"


def test_stall_before_the_head_is_a_timeout(fast) -> None:
    fast.upstream.raw(asyncio.Event())
    begun = time.monotonic()

    answer = fast.ask(stream=True)

    assert (answer.status_code, answer.json()["error"]["code"]) == (504, "upstream_timeout")
    assert time.monotonic() - begun < 3
    assert fast.upstream.requests[-1].gone.wait(5)
    fast.row()


BROKEN = {
    "stall between events": ([CHUNKED, chunk(chat_events("a")[0]), asyncio.Event()], "upstream_timeout"),
    "stall inside an event": (
        [CHUNKED, chunk(chat_events("a")[0] + b'data: {"cho'), asyncio.Event()],
        "upstream_timeout",
    ),
    "end without the last chunk": ([CHUNKED, chunk(chat_events("a")[0])], "upstream_truncated"),
    "chunk shorter than it says": ([CHUNKED, b"fff\r\n" + chat_events("a")[0]], "upstream_truncated"),
    "body shorter than it says": ([HEAD + b"content-length: 9999\r\n\r\n", chat_events("a")[0]], "upstream_truncated"),
    "chunk length that is none": ([CHUNKED, chunk(chat_events("a")[0]), b"zz\r\nno\r\n"], "upstream_truncated"),
    "clean end without [DONE]": ([CHUNKED, chunk(chat_events("a")[0]), b"0\r\n\r\n"], "upstream_truncated"),
    "end inside an event": ([CHUNKED, chunk(chat_events("a")[0] + b'data: {"cho'), b"0\r\n\r\n"], "upstream_truncated"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_stream_that_breaks_ends_with_an_error_and_is_charged_once(fast, name) -> None:
    steps, code = BROKEN[name]
    fast.upstream.raw(*steps)

    answer = fast.ask(stream=True)

    assert answer.status_code == 200
    assert last_error(answer)["code"] == code
    row = fast.row()
    assert (row["error"], row["outcome"] == "complete") == (code, False)
    assert 0 < row["cost"] <= ceiling(fast)
    eventually(lambda: fast.upstream.requests[-1].gone.is_set() or name[:5] != "stall", "the close", patience_s=5)


def ceiling(made: Bridge) -> int:
    """What a call of `chat` can cost at most: a token for each byte of input, and 100 of output."""
    return (len(made.upstream.requests[-1].body) + 100) * 150 + 100 * 600


def test_reset_in_a_stream_is_an_error(fast) -> None:
    gate = asyncio.Event()
    fast.upstream.raw(CHUNKED, chunk(chat_events("a")[0]), gate, reset=True)

    fast.calls += 1
    with fast.client.stream("POST", PATH, json=chat(stream=True)) as answer:
        parts = answer.iter_raw()
        seen = next(parts)
        fast.upstream.release(gate)
        seen += b"".join(parts)

    assert b'"upstream_truncated"' in seen
    assert b"[DONE]" not in seen
    assert fast.row()["outcome"] == "truncated"


def test_error_of_the_provider_inside_a_stream_is_passed_on_and_not_completed(fast) -> None:
    error = event({"error": {"message": "overloaded", "type": "server_error", "code": None, "param": None}})
    fast.upstream.stream([chat_events("a")[0], error])

    answer = fast.ask(stream=True)

    assert last_error(answer)["message"] == "overloaded"
    assert fast.row()["outcome"] != "complete"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\x16\x03\x01garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 7\r\n\r\ngarbage",
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\r\n<html>",
    ],
)
def test_answer_that_is_none_is_a_502_and_never_a_200(fast, answer) -> None:
    fast.upstream.raw(answer)

    got = fast.ask()

    assert got.status_code == 502
    assert got.json()["error"]["code"].startswith("upstream_")
    row = fast.row()
    assert row["outcome"] in ("upstream_failed", "truncated")


def test_whole_answer_that_stalls_is_a_timeout(fast) -> None:
    fast.upstream.raw(
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{", asyncio.Event()
    )

    assert fast.ask().status_code == 504
    fast.row()


def test_whole_answer_over_the_limit_is_refused(fast) -> None:
    fast.upstream.answer(b" " * 8_000_001)

    assert fast.ask().status_code == 502
    fast.row()


def test_event_without_an_end_is_bounded(fast) -> None:
    pieces = [b"x" * 1_000_000] * 40
    fast.upstream.stream([b"data: ", *pieces], end=False)
    before = memory(fast)

    answer = fast.ask(stream=True)

    assert len(answer.content) < 41_000_000
    assert b"[DONE]" not in answer.content
    assert fast.row()["outcome"] != "complete"
    assert memory(fast) - before < 60_000_000


def memory(made: Bridge) -> int:
    """The most memory the gateway ever held, in bytes."""
    with open(f"/proc/{made.gateway.process.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) * 1024


@pytest.mark.parametrize("transport", ["http1", "httpx2"])
def test_caller_that_leaves_before_the_head_is_seen_upstream_at_once_and_charged_its_reservation(
    tmp_path, transport
) -> None:
    with bridge(tmp_path, f'[upstream]\ntransport = "{transport}"\n') as made:
        made.upstream.raw(asyncio.Event())

        with pytest.raises(httpx2.ReadTimeout):
            made.client.post(PATH, json=chat(), timeout=1)

        assert made.upstream.requests[-1].gone.wait(1), "the upstream still works a second later"
        bound = ceiling(made)
        (row,) = settled(tmp_path, 1)

    assert (row["outcome"], row["usage_source"]) == ("client_gone", "reserved")
    assert 0 < row["cost"] <= bound


@pytest.mark.parametrize("transport", ["http1", "httpx2"])
def test_caller_that_leaves_is_seen_upstream_at_once_and_charged_once_within_its_reservation(
    tmp_path, transport
) -> None:
    chance = random.Random(31)
    seen, most = [], []
    with bridge(tmp_path, f'[upstream]\ntransport = "{transport}"\n') as made:
        with ExitStack() as running:
            for number in range(100):
                events = chat_events(*"abcdefgh")
                cut = chance.randrange(1, 8)
                made.upstream.stream([*events[:cut], asyncio.Event(), *events[cut:]])
                answer = running.enter_context(made.client.stream("POST", PATH, json=chat(stream=True)))
                parts, got = answer.iter_raw(), b""
                while got.count(b"\n\n") < cut:
                    got += next(parts)
                seen.append(cut)
                most.append(ceiling(made))
                assert len(made.upstream.requests) == number + 1
        end = time.monotonic() + 1
        for request in made.upstream.requests:
            assert request.gone.wait(end - time.monotonic()), "the upstream still sends a second later"

        rows = settled(tmp_path, 100)

    assert {row["outcome"] for row in rows} == {"client_gone"}
    assert all(0 < row["cost"] <= bound for row, bound in zip(rows, most, strict=True))
    assert [row["output_tokens"] for row in rows] == seen
