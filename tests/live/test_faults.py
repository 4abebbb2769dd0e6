"""What a provider can do wrong, in both dialects over both transports: it is said, bounded, and charged once."""

import asyncio
import gzip
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.live.looking import bearer, chat, settled
from tests.support.live import LiveGateway, mock_config

from tollbridge.testing.upstream import ScriptedUpstream, chat_events

TRANSPORTS = ("http1", "httpx2")
SETTINGS = """
[upstream]
transport = "{transport}"
first_byte_timeout_s = 0.5
idle_timeout_s = 0.5
[providers.claude]
base_url = "{url}/v1"
dialect = "anthropic-messages"
api_key = "env:MOCK_KEY"
allow_private = true
[models.haiku]
targets = ["claude/haiku"]
price = {{ input = "0.15", output = "0.60" }}
"""
GROWTH = 200_000_000
"""Bytes of memory that no fault may cost: an event as long as allowed is held, joined and passed on."""
PATIENCE_S = 60.0
GIGABYTE = 1_000_000_000
BOMB = gzip.compress(bytes(512_000_000), 9)
"""Half a gigabyte in half a megabyte."""

Part = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wire:
    """A caller's dialect and a provider's: `event` is the first event of its stream; `whole` a whole answer."""

    path: str
    model: str
    event: bytes
    whole: bytes
    error: bytes

    @property
    def messages(self) -> bool:
        """Whether the caller speaks Messages."""
        return self.path == "/v1/messages"

    def body(self, *, stream: bool) -> dict[str, object]:
        return chat(model=self.model, stream=stream)


CHAT = Wire(
    "/v1/chat/completions",
    "gpt-4o-mini",
    chat_events("a")[0],
    b'{"id":"1","choices":[],"usage":{"prompt_tokens":10,"completion_tokens":5}}',
    b'data: {"error":{"message":"overloaded","type":"server_error","param":null,"code":null}}\n\n',
)
MESSAGES = Wire(
    "/v1/messages",
    "haiku",
    b'event: message_start\ndata: {"type":"message_start","message":{"usage":{"input_tokens":10}}}\n\n',
    b'{"id":"1","type":"message","content":[],"usage":{"input_tokens":10,"output_tokens":5}}',
    b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"overloaded"}}\n\n',
)
WIRES = {"chat": CHAT, "messages": MESSAGES}
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n"
JSON = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
END = b"0\r\n\r\n"
NEVER: Any = object()
"""Stands for an event that nobody sets."""


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


class Bridge:
    """A gateway before a scripted upstream, and a caller of it."""

    def __init__(self, gateway: LiveGateway, upstream: ScriptedUpstream) -> None:
        self.gateway = gateway
        self.upstream = upstream
        self.secret = gateway.token()["token"]
        self.client = httpx2.Client(base_url=gateway.url, headers=bearer(self.secret), timeout=PATIENCE_S)
        self.calls = 0

    def script(self, *steps: Any, reset: bool = False) -> None:
        self.upstream.raw(*(asyncio.Event() if step is NEVER else step for step in steps), reset=reset)

    def ask(self, wire: Wire, *, stream: bool) -> httpx2.Response:
        self.calls += 1
        return self.client.post(wire.path, json=wire.body(stream=stream))

    def row(self) -> Part:
        """Wait until every call so far is settled, each once; gives the last one's row."""
        return settled(self.gateway.folder, self.calls)[-1]

    def memory(self) -> int:
        """The most memory the gateway ever held, in bytes."""
        status = Path(f"/proc/{self.gateway.process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) * 1024


@contextmanager
def bridge(folder: Path, transport: str, more: str = "") -> Iterator[Bridge]:
    with ScriptedUpstream.in_thread() as upstream:
        settings = SETTINGS.format(transport=transport, url=upstream.url) + more
        with LiveGateway(folder, mock_config(upstream.url, settings)) as gateway:
            made = Bridge(gateway, upstream)
            with made.client:
                yield made


@pytest.fixture(scope="module", params=TRANSPORTS)
def live(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Bridge]:
    with bridge(tmp_path_factory.mktemp("faults"), request.param) as made:
        yield made


@pytest.fixture(params=WIRES.values(), ids=WIRES)
def wire(request: pytest.FixtureRequest) -> Wire:
    found: Wire = request.param
    return found


def message(wire: Wire, found: Part) -> str:
    """Check an error's body against the dialect; gives its message."""
    error = found["error"]
    if wire.messages:
        assert found["type"] == "error"
        assert error["type"] in ("api_error", "timeout_error", "overloaded_error")
        assert "code" not in error
    else:
        assert error["type"] == "server_error"
        assert {"message", "type", "param", "code"} == error.keys()
    said: str = error["message"]
    return said


def last_error(wire: Wire, body: bytes) -> str:
    """Read a stream that must end with an error event and hold no mark of an end; gives the error's message."""
    assert body.endswith(b"\n\n")
    assert b"[DONE]" not in body
    assert b"message_stop" not in body
    *_, name, data = [b"", *body.removesuffix(b"\n\n").split(b"\n\n")[-1].split(b"\n")]
    assert name == (b"event: error" if wire.messages else b"")
    found: Part = json.loads(data.removeprefix(b"data: "))
    return message(wire, found)


@dataclass(frozen=True, slots=True)
class Fault:
    """What the provider sends, `EVENT` standing for an event; and what the ledger notes."""

    steps: tuple[Any, ...]
    error: str
    reset: bool = False


TRUNCATED, TIMEOUT, FAILED = "upstream_truncated", "upstream_timeout", "upstream_error"
EVENT = b"<event>"
HALF = b'data: {"choices":[{"delta":{"content":"ha'
BEFORE_THE_HEAD = {
    "stall": Fault((NEVER,), TIMEOUT),
    "stall inside the head": Fault((b"HTTP/1.1 200 OK\r\ncontent-ty", NEVER), TIMEOUT),
    "reset": Fault((), FAILED, reset=True),
    "reset inside the head": Fault((b"HTTP/1.1 200 OK\r\ncontent-ty",), FAILED, reset=True),
    "closed": Fault((), FAILED),
    "closed inside the head": Fault((b"HTTP/1.1 200 OK\r\ncontent-ty",), FAILED),
    "garbage": Fault((bytes(range(256)) * 4,), FAILED),
    "TLS": Fault((b"\x15\x03\x01\x00\x02\x02\x46",), FAILED),
    "two lengths": Fault((HEAD + b"content-length: 5\r\ncontent-length: 6\r\n\r\n", b"data:\n"), FAILED),
    "length that is none": Fault((HEAD + b"content-length: five\r\n\r\n", b"data:\n"), FAILED),
    "header without an end": Fault((HEAD + b"x-a: ", *[b"a" * 65_536] * 64), FAILED),
    "headers without an end": Fault((HEAD, *[b"x-a: b\r\n" * 8_192] * 64), FAILED),
}
AFTER_THE_HEAD = {
    "stall between events": Fault((CHUNKED, EVENT, NEVER), TIMEOUT),
    "stall inside an event": Fault((CHUNKED, EVENT, chunk(HALF), NEVER), TIMEOUT),
    "stall inside a chunk's length": Fault((CHUNKED, EVENT, b"1", NEVER), TIMEOUT),
    "no last chunk": Fault((CHUNKED, EVENT), TRUNCATED),
    "no last chunk, inside an event": Fault((CHUNKED, EVENT, chunk(HALF)), TRUNCATED),
    "reset": Fault((CHUNKED, EVENT, chunk(HALF)), TRUNCATED, reset=True),
    "length too large": Fault((HEAD + b"content-length: 9999\r\n\r\n", HALF), TRUNCATED),
    "length too small": Fault((HEAD + b"content-length: 10\r\n\r\n", HALF), TRUNCATED),
    "chunk too short": Fault((CHUNKED, EVENT, b"ffff\r\n" + HALF), TRUNCATED),
    "chunk too long": Fault((CHUNKED, EVENT, b"2\r\n" + HALF), TRUNCATED),
    "chunk length that is none": Fault((CHUNKED, EVENT, b"zz\r\n" + HALF), TRUNCATED),
    "no mark of an end": Fault((CHUNKED, EVENT, END), TRUNCATED),
    "garbage in place of events": Fault((CHUNKED, chunk(bytes(range(256)) * 40), END), TRUNCATED),
    "garbage in place of chunks": Fault((CHUNKED, EVENT, bytes(range(128, 256)) * 40), TRUNCATED),
    "nothing": Fault((CHUNKED, END), TRUNCATED),
}


def play(live: Bridge, wire: Wire, fault: Fault) -> None:
    live.script(*(chunk(wire.event) if step is EVENT else step for step in fault.steps), reset=fault.reset)


@pytest.mark.parametrize("name", BEFORE_THE_HEAD)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_provider_that_fails_before_its_head_is_a_named_error_and_settled_once(live, wire, name, stream) -> None:
    fault = BEFORE_THE_HEAD[name]
    play(live, wire, fault)

    answer = live.ask(wire, stream=stream)

    assert answer.status_code == (504 if fault.error == TIMEOUT else 502)
    assert message(wire, answer.json())
    assert live.row()["error"] == fault.error
    assert NEVER not in fault.steps or live.upstream.requests[-1].gone.wait(PATIENCE_S)


@pytest.mark.parametrize("name", AFTER_THE_HEAD)
def test_stream_that_breaks_ends_with_the_dialects_error_event_and_is_settled_once(live, wire, name) -> None:
    fault = AFTER_THE_HEAD[name]
    play(live, wire, fault)

    answer = live.ask(wire, stream=True)

    assert answer.status_code == 200
    assert ("fell silent" if fault.error == TIMEOUT else "ended before it was complete") in last_error(
        wire, answer.content
    )
    assert HALF not in answer.content
    assert answer.content.startswith(wire.event) or EVENT not in fault.steps
    row = live.row()
    assert (row["error"], row["outcome"] == "complete") == (fault.error, False)
    assert row["cost"] > 0


def test_error_after_the_200_is_passed_on_once_and_the_call_is_not_complete(live, wire) -> None:
    live.script(CHUNKED, chunk(wire.event), chunk(wire.error), END)

    answer = live.ask(wire, stream=True)

    assert answer.content == wire.event + wire.error
    assert last_error(wire, answer.content) == "overloaded"
    assert live.row()["outcome"] == "truncated"


@pytest.mark.parametrize(
    ("steps", "status"),
    [
        ((JSON + b"content-length: 9\r\n\r\n", b"{}"), 502),
        ((JSON + b"content-length: 99\r\n\r\n", b"{", NEVER), 504),
        ((JSON + b"transfer-encoding: chunked\r\n\r\n", chunk(b"{}")), 502),
        ((JSON + b"content-length: 0\r\n\r\n",), 502),
        ((JSON + b"content-length: 4\r\n\r\n", b"\xff\xfe\x00\x01"), 502),
    ],
    ids=["too short", "stall", "no last chunk", "nothing", "garbage"],
)
def test_whole_answer_that_is_none_is_an_error_in_the_dialect(live, wire, steps, status) -> None:
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
    assert answer.content.startswith(wire.event)
    assert len(answer.content) < 10_000
    assert live.memory() - before < GROWTH
    sent = live.upstream.requests[-1]
    assert sent.gone.wait(PATIENCE_S)
    assert not sent.answered.is_set()
    assert (live.row()["error"], live.row()["outcome"]) == (FAILED, "upstream_failed")


def test_whole_answer_of_a_gigabyte_is_cut_off_at_its_bound(live, wire) -> None:
    live.script(JSON + b"content-length: %d\r\n\r\n" % GIGABYTE, *[b" " * 1_000_000] * 1_000)
    before = live.memory()

    answer = live.ask(wire, stream=False)

    assert answer.status_code == 502
    assert message(wire, answer.json()) == "the provider's answer is over 67108864 bytes"
    assert live.memory() - before < GROWTH
    assert not live.upstream.requests[-1].answered.is_set()
    live.row()


@pytest.mark.parametrize("kind", [JSON, HEAD], ids=["whole", "stream"])
def test_compressed_answer_that_nobody_asked_for_is_not_inflated(live: Bridge, wire: Wire, kind: bytes) -> None:
    live.script(kind + b"content-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(BOMB), BOMB)
    before = live.memory()

    answer = live.ask(wire, stream=kind is HEAD)

    assert answer.status_code == 502
    assert "compressed" in message(wire, answer.json())
    assert live.memory() - before < GROWTH
    assert live.row()["outcome"] != "complete"


def test_others_are_served_while_an_event_has_no_end(live, wire) -> None:
    piece = chunk(b"x" * 1_000_000)
    live.script(CHUNKED, chunk(wire.event), *[piece] * 15, NEVER)
    live.calls += 1

    with live.client.stream("POST", wire.path, json=wire.body(stream=True)) as answer:
        parts = answer.iter_raw()
        first = next(parts)
        assert live.client.get("/_tollbridge/healthz").status_code == 200
        rest = b"".join(parts)

    assert "fell silent" in last_error(wire, first + rest)
    live.row()


def begin(live: Bridge, wire: Wire) -> socket.socket:
    """Send a call by hand, on a connection that takes little at a time."""
    body = json.dumps(wire.body(stream=True)).encode()
    head = f"POST {wire.path} HTTP/1.1\r\nhost: h\r\nauthorization: Bearer {live.secret}\r\n"
    connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    connection.settimeout(PATIENCE_S)
    connection.connect(("127.0.0.1", live.gateway.port))
    connection.sendall(head.encode() + b"content-length: %d\r\n\r\n" % len(body) + body)
    live.calls += 1
    return connection


def test_caller_that_reads_nothing_makes_the_provider_wait_and_not_the_memory_grow(live, wire) -> None:
    live.script(CHUNKED, *[chunk(wire.event * 10_000)] * 1_000)
    before = live.memory()

    with begin(live, wire) as connection:
        assert connection.recv(12) == b"HTTP/1.1 200"
        sent = live.upstream.requests[-1]
        assert sent.gone.wait(PATIENCE_S)  # given up after the idle time

    assert not sent.answered.is_set()
    assert live.memory() - before < GROWTH
    assert live.row()["outcome"] != "complete"


def test_caller_that_reads_nothing_and_stays_is_given_up_and_settled(live: Bridge, wire: Wire) -> None:
    live.script(CHUNKED, *[chunk(wire.event * 10_000)] * 1_000)

    with begin(live, wire) as connection:
        assert connection.recv(12) == b"HTTP/1.1 200"
        row = live.row()

    assert row["outcome"] != "complete"
    assert row["usage_source"] in ("estimated", "reserved")
