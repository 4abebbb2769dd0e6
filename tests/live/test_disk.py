"""A disk without room: calls are refused, and what calls did cost is not lost."""

import asyncio
import resource
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
from tests.live.looking import bearer, chat, eventually, rows, settled
from tests.support.live import LiveGateway, mock_config

from tollbridge.testing.upstream import chat_events

PATH = "/v1/chat/completions"


@contextmanager
def no_room(gateway: LiveGateway) -> Iterator[None]:
    """Let the process write no byte to any file meanwhile."""
    limit, pid = resource.RLIMIT_FSIZE, gateway.process.pid
    before = resource.prlimit(pid, limit)
    resource.prlimit(pid, limit, (0, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, limit, before)


def test_call_that_ends_while_the_disk_is_full_is_settled_when_there_is_room(tmp_path, upstream) -> None:
    go = asyncio.Event()
    first, *rest = chat_events("a", usage=True)
    upstream.stream([first, go, *rest])
    upstream.stream([first, *rest])
    with LiveGateway(tmp_path, mock_config(upstream.url)) as gateway:
        ask = {"json": chat(stream=True), "headers": bearer(gateway.token()["token"]), "timeout": 30}
        answers: list[httpx2.Response] = []
        caller = threading.Thread(target=lambda: answers.append(httpx2.post(f"{gateway.url}{PATH}", **ask)))
        caller.start()
        eventually(lambda: rows(tmp_path, "reservation"), "the call is on its way")

        with no_room(gateway):
            upstream.release(go)
            caller.join(20)
            eventually(lambda: "ledger_write_failed" in gateway.text, "the store fails")
            ready_full = httpx2.get(f"{gateway.url}/readyz").status_code
            refused = httpx2.post(f"{gateway.url}{PATH}", **ask)
        again = httpx2.post(f"{gateway.url}{PATH}", **ask)
        ready_again = httpx2.get(f"{gateway.url}/readyz").status_code

    assert [answer.status_code for answer in (*answers, refused, again)] == [200, 503, 200]
    assert (ready_full, ready_again) == (503, 200)
    found = settled(tmp_path, 3)
    assert [(row["outcome"], row["status"]) for row in found] == [
        ("complete", 200),
        ("refused", 503),
        ("complete", 200),
    ]
    assert [row["cost"] > 0 for row in found] == [True, False, True]
    assert "settlements_lost" not in gateway.text
