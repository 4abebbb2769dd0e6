"""Malformed and ambiguous requests under each server, and the next caller behind them on the same connection."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from tests.live.looking import eventually, rows
from tests.support.live import LiveGateway, mock_config
from tests.support.malformed import BODY, CALLED, FIRST, LENIENT, MALFORMED, OTHER, request, sized
from tests.support.requires import requires
from tests.support.servers import SERVERS, under
from tests.support.wire import WireAnswer, answers, exchange

from tollbridge.testing.upstream import Received, ScriptedUpstream

PROBE_BODY = BODY.replace(CALLED, b"a well-formed request")
PROBE = request(b"Content-Length: %d" % len(PROBE_BODY), b"Connection: close", body=PROBE_BODY)
CALLERS = {BODY: "first", PROBE_BODY: "other"}
HTTP2 = b"\x00\x00\x18\x04\x00\x00\x00\x00\x00"
"""How a server of HTTP/2 greets: the frame SETTINGS of 24 bytes."""

LLHTTP = frozenset(
    (
        "two spaces",  # RFC 9112 section 3: a server may split the first line at any white space
        "absolute form",  # section 3.2.2: a server must take it; the path alone decides here
        "absolute form of another host",
        "absolute form of another scheme",
        "empty lines first",  # section 2.2
        "fragment",
        "trailer of somebody else",  # section 6.5: a trailer is no header
    )
)

TAKEN: Mapping[str, frozenset[str]] = {
    "ours": LLHTTP,
    "httptools": LLHTTP,
    "h11": frozenset(
        (
            "the same length twice",  # section 6.3: equal lengths may be taken as one
            "list of lengths",
            "folded length",  # section 5.2: a fold may be read as a space
            "chunked folded",
            "folded field",
            "folded field with a tab",
            "bare feeds",  # section 2.2: a bare line feed may end a line
            "bare feed in the head",
            "space after the chunk size",  # section 7.1.1: extensions, and what is no extension, are skipped
            "chunk extension with a NUL",
            "trailer of somebody else",
        )
    ),
    "granian": frozenset(
        (
            "length and chunked",  # section 6.1: may be read as chunked if the connection is closed after it
            "chunked and length",
            "length of nothing and chunked",
            "length of four and chunked",
            "the same length twice",
            "absolute form",
            "absolute form of another host",
            "absolute form of another scheme",
            "bare feeds",
            "bare feed in the head",
            "space after the chunk size",
            "chunk extension with a NUL",
            "empty lines first",
            "fragment",
            "trailer of somebody else",
        )
    ),
}
"""What a server's parser may take in one reading and hand on in plain form, so that no app can tell."""

ALONE = frozenset(name for name in MALFORMED if name.endswith("and chunked")) | {"chunked and length"}
"""Behind these nothing may be answered where they were taken."""


@dataclass(slots=True)
class Battery:
    """A gateway, its upstream, and two callers: the first sends what is malformed, the other what follows."""

    gateway: LiveGateway
    upstream: ScriptedUpstream
    tokens: dict[bytes, bytes]
    names: dict[str, str]
    plain: Received
    looked: int = 0

    def send(self, data: bytes, *, quiet_s: float = 0.5) -> list[WireAnswer]:
        for place, token in self.tokens.items():
            data = data.replace(place, token)
        received = exchange(self.gateway.port, data, quiet_s=quiet_s)
        return [] if received.startswith(HTTP2) else answers(received)

    def caller(self, answer: WireAnswer) -> str:
        """Say in whose name a call was made, by the usage that was recorded."""
        call_id = answer.headers["x-request-id"]
        (row,) = eventually(
            lambda: [row for row in rows(self.gateway.folder, "usage") if row["call_id"] == call_id], "the usage row"
        )
        return self.names[row["token_id"]]

    def called(self) -> list[str]:
        """Say in whose name the upstream was called since the last look; each call is what its caller sent."""
        new = self.upstream.requests[self.looked :]
        self.looked += len(new)
        for received in new:
            assert received.body in CALLERS
            assert (received.method, received.path) == (self.plain.method, self.plain.path)
            own = ("x-a", "x-b") if received.body == BODY else ()
            assert heads(received, without=own) == heads(self.plain)
        eventually(lambda: self._recorded() == self._sent(), "a usage row of the right caller for each call")
        return [CALLERS[received.body] for received in new]

    def _recorded(self) -> Counter[str]:
        return Counter(self.names[row["token_id"]] for row in rows(self.gateway.folder, "usage") if row["provider"])

    def _sent(self) -> Counter[str]:
        return Counter(CALLERS[received.body] for received in self.upstream.requests)


def heads(received: Received, *, without: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    found = [(name.lower(), value) for name, value in received.headers]
    return [(name, value) for name, value in found if name not in ("content-length", *without)]


@contextmanager
def battery_under(server: str, folder: Path) -> Iterator[Battery]:
    with ScriptedUpstream.in_thread() as upstream, under(server, folder, mock_config(upstream.url)) as gateway:
        first, other = gateway.token("--name", "first"), gateway.token("--name", "other")
        tokens = {FIRST: first["token"].encode(), OTHER: other["token"].encode()}
        assert [len(token) for token in tokens.values()] == [len(FIRST), len(OTHER)]
        names = {first["id"]: "first", other["id"]: "other"}
        exchange(gateway.port, sized(b"Connection: close").replace(FIRST, tokens[FIRST]), quiet_s=20)
        yield Battery(gateway, upstream, tokens, names, upstream.requests[0], 1)


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Battery]]:
    """Give what starts a server once, when the first test needs it."""
    with ExitStack() as stack:
        yield cache(lambda server: stack.enter_context(battery_under(server, tmp_path_factory.mktemp(server))))


def on(server: str, *more: object, name: str = "") -> object:
    marks = [requires("granian")] if server == "granian" else []
    return pytest.param(server, *more, marks=marks, id=f"{server}-{name}" if name else server)


@pytest.mark.parametrize("server", [on(server) for server in SERVERS])
def test_two_callers_on_one_connection_are_each_themselves(start: Callable[[str], Battery], server: str) -> None:
    battery = start(server)

    found = battery.send(sized() + PROBE.replace(FIRST, OTHER), quiet_s=20)

    assert [answer.status for answer in found] == [200, 200]
    assert [battery.caller(answer) for answer in found] == ["first", "other"]
    assert battery.called() == ["first", "other"]


@pytest.mark.parametrize(
    ("server", "name"), [on(server, name, name=name) for server in SERVERS for name in {**MALFORMED, **LENIENT}]
)
def test_malformed_request_calls_no_model_and_the_next_caller_is_nobody_else(
    start: Callable[[str], Battery], server: str, name: str
) -> None:
    battery = start(server)
    taken = name in TAKEN[server]
    malformed = {**MALFORMED, **LENIENT}[name]

    found = battery.send(malformed + PROBE.replace(FIRST, OTHER))
    after = battery.send(PROBE.replace(FIRST, OTHER), quiet_s=20)
    called = battery.called()

    assert [answer.status for answer in found if answer.status != 200 and not 400 <= answer.status < 500] == []
    callers = [battery.caller(answer) for answer in found if answer.status == 200]
    assert callers in ([], ["other"], *((["first"], ["first", "other"]) if taken else ()))
    assert callers != ["first", "other"] or name not in ALONE
    assert [answer.status for answer in after] == [200]
    assert [battery.caller(answer) for answer in after] == ["other"]
    assert called.count("first") == callers.count("first")
    assert called.count("other") >= callers.count("other") + 1
