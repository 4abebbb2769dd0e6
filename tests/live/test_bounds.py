"""The bounds as they are shipped: at each a call passes, over it none does, and neither costs the others anything."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from tests.live.looking import bearer, chat, eventually, rows
from tests.support.live import LiveGateway, mock_config

from tollbridge.config import ServerConfig
from tollbridge.sanity import HeaderLimits
from tollbridge.testing.upstream import USAGE, ScriptedUpstream

PATH = "/v1/chat/completions"
SHIPPED, HEADERS = ServerConfig(), HeaderLimits()
MOST = SHIPPED.max_body_bytes
ANSWER = {"id": "1", "choices": [], "usage": USAGE}
PATIENCE_S = 60.0
GROWTH = 100_000_000
"""Bytes that calls may add to the memory that the first ones of their size took."""


@dataclass(frozen=True, slots=True)
class Bridge:
    gateway: LiveGateway
    upstream: ScriptedUpstream
    client: httpx2.Client

    def post(self, body: bytes | Iterator[bytes], headers: list[tuple[str, str]] | None = None) -> httpx2.Response:
        self.upstream.answer(ANSWER)
        return self.client.post(PATH, content=body, headers=headers)

    def memory(self) -> int:
        """The most memory the gateway ever held, in bytes."""
        status = Path(f"/proc/{self.gateway.process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) * 1024


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bridge]:
    folder = tmp_path_factory.mktemp("bounds")
    with ScriptedUpstream.in_thread() as upstream, LiveGateway(folder, mock_config(upstream.url)) as gateway:
        headers = {"content-type": "application/json", **bearer(gateway.token()["token"])}
        with httpx2.Client(base_url=gateway.url, headers=headers, timeout=PATIENCE_S) as client:
            yield Bridge(gateway, upstream, client)


def filled(size: int, begin: bytes, unit: bytes, end: bytes) -> bytes:
    """Give a call of exactly `size` bytes whose `metadata` is `begin`, as many of `unit` as fit, spaces, and `end`."""
    head = json.dumps(chat()).encode().removesuffix(b"}") + b', "metadata": ' + begin
    room = size - len(head) - len(end) - 1
    count, left = divmod(room, len(unit))
    return head + unit * count + b" " * left + end + b"}"


FILLINGS = {
    "one string": (b'"', b"x", b'"'),
    "escapes": (b'"', b"\\u0041", b'"'),
    "backslashes": (b'"', b"\\\\", b'"'),
    "numbers": (b"[0", b",1", b"]"),
    "one number": (b"1", b"1", b""),
    "flat lists": (b"[[]", b",[]", b"]"),
    "objects": (b"[{}", b',{"a":{}}', b"]"),
    "strings": (b'[""', b',""', b"]"),
    "keys": (b'{"a":0', b',"b":1', b"}"),
    "spaces": (b"0", b" ", b""),
    "deep, in turns": (b"[[]", b"," + b"[" * 125 + b"]" * 125, b"]"),
}


@pytest.mark.parametrize("filling", FILLINGS.values(), ids=FILLINGS)
def test_body_of_the_allowed_size_passes_and_a_byte_more_does_not(live, filling) -> None:
    fits, over = filled(MOST, *filling), filled(MOST + 1, *filling)
    assert (len(fits), len(over)) == (MOST, MOST + 1)
    asked = len(live.upstream.requests)

    passed, refused = live.post(fits), live.post(over)

    assert passed.status_code == 200, passed.text
    assert refused.status_code == 413
    assert refused.json()["error"]["code"] == "body_too_large"
    assert [request.body for request in live.upstream.requests[asked:]] == [fits]


@pytest.mark.parametrize(("more", "status"), [(-1, 200), (0, 200), (1, 413)])
def test_body_that_comes_in_chunks_has_the_same_bound(live, more, status) -> None:
    body = filled(MOST + more, *FILLINGS["one string"])

    answer = live.post(body[start : start + 100_000] for start in range(0, len(body), 100_000))

    assert "content-length" not in answer.request.headers
    assert answer.status_code == status


@pytest.mark.parametrize(("more", "status"), [(-1, 200), (0, 200), (1, 400)])
@pytest.mark.parametrize(("left", "right"), [(b"[", b"]"), (b'{"a":', b"}")], ids=["lists", "objects"])
def test_nesting_has_its_bound(live, left, right, more, status) -> None:
    inside = SHIPPED.max_json_depth + more - 1  # one level is the body itself
    body = json.dumps(chat()).encode().removesuffix(b"}") + b', "metadata": ' + left * inside + b"0" + right * inside

    answer = live.post(body + b"}")

    assert answer.status_code == status
    assert status == 200 or answer.json()["error"]["code"] == "body_too_large"


SMALL = json.dumps(chat()).encode()


def size(request: httpx2.Request) -> int:
    """Count the bytes of names and values, and one between two of each."""
    return sum(len(name) + len(value) + 2 for name, value in request.headers.raw) - 2


@pytest.mark.parametrize(("more", "status"), [(-1, 200), (0, 200), (1, 431)])
def test_headers_have_their_bound_in_number(live, more, status) -> None:
    own = len(live.post(SMALL).request.headers.raw)
    count = SHIPPED.max_header_count + more

    answer = live.post(SMALL, [(f"x-{number}", "1") for number in range(count - own)])

    assert len(answer.request.headers.raw) == count
    assert answer.status_code == status


@pytest.mark.parametrize(("more", "status"), [(-1, 200), (0, 200), (1, 431)])
def test_headers_have_their_bound_in_bytes(live, more, status) -> None:
    wanted = SHIPPED.max_header_bytes + more
    names = [f"x-{number}" for number in range(8)]  # several, for each has a bound of its own
    left = wanted - size(live.post(SMALL, [(name, "") for name in names]).request)
    lengths = [left // 8 + (number < left % 8) for number in range(8)]

    answer = live.post(SMALL, [(name, "a" * length) for name, length in zip(names, lengths, strict=True)])

    assert size(answer.request) == wanted
    assert answer.status_code == status


@pytest.mark.parametrize(("more", "status"), [(-1, 200), (0, 200), (1, 431)])
def test_one_header_has_its_bound(live, more, status) -> None:
    assert live.post(SMALL, [("x-a", "a" * (HEADERS.value + more))]).status_code == status


@pytest.mark.parametrize(("more", "status"), [(-1, 200), (0, 200), (1, 414)])
@pytest.mark.parametrize("begin", [f"{PATH}?", "/v1/models/"], ids=["query", "path"])
def test_target_has_its_bound(live, begin, more, status) -> None:
    if begin == "/v1/models/":
        answer = live.client.get(begin + "a" * (HEADERS.target + more - len(begin)))
        status = 404 if status == 200 else status
    else:
        answer = live.client.post(begin + "a" * (HEADERS.target + more), content=SMALL)

    assert answer.status_code == status


@pytest.mark.parametrize("more", [0, 1], ids=["passed", "refused"])
def test_memory_does_not_grow_with_the_number_of_large_calls(live, more) -> None:
    body = filled(MOST + more, *FILLINGS["numbers"])
    for _ in range(3):
        live.post(body)
    before = live.memory()

    statuses = {live.post(body).status_code for _ in range(12)}

    assert statuses == {413 if more else 200}
    assert live.memory() - before < GROWTH


def test_body_without_an_end_is_refused_where_it_passes_the_bound(live) -> None:
    before = live.memory()

    def endless() -> Iterator[bytes]:
        for _ in range(1_000):
            yield b" " * 1_000_000

    try:
        status = live.post(endless()).status_code
    except httpx2.TransportError:  # the gateway closed while we were still sending
        status = 413
    assert status == 413
    assert live.memory() - before < GROWTH


HOSTILE: dict[str, Callable[[int], bytes]] = {
    "brackets": lambda size: b"[" * size,
    "brackets in turns": lambda size: b"[]" * (size // 2),
    "quotes": lambda size: b'"' * size,
    "one open string": lambda size: b'{"a":"' + b"x" * (size - 6),
    "backslashes": lambda size: b'{"a":"' + b"\\" * (size - 6),
    "keys that weigh": lambda size: b'{"model":"x"' + b',"model":"x"' * ((size - 13) // 12) + b"}",
    "escaped keys": lambda size: b'{"model":"x"' + b',"\\u006dodel":1' * ((size - 13) // 15) + b"}",
    "messages": lambda size: b'{"model":"x","messages":[{}' + b",{}" * ((size - 29) // 3) + b"]}",
    "zeros": lambda size: b"\0" * size,
    "no text": lambda size: b"\xff" * size,
}


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE)
def test_others_are_answered_while_a_hostile_body_of_the_allowed_size_is_judged(live, make) -> None:
    body = make(MOST)
    assert MOST - 20 < len(body) <= MOST
    found: list[int] = []
    caller = threading.Thread(target=lambda: found.append(live.post(body).status_code))

    caller.start()
    healthy = []
    while caller.is_alive():
        healthy.append(live.client.get("/healthz").status_code)
    caller.join(PATIENCE_S)

    assert found in ([400], [404])
    assert set(healthy) <= {200}


def test_nothing_is_left_open_by_any_of_it(live) -> None:
    live.post(SMALL)

    eventually(lambda: not rows(live.gateway.folder, "reservation"), "the last settlement")
