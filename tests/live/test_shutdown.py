"""Ending: what can finish does, what is cut is charged, and nothing stays open."""

import asyncio
import signal
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import httpx2
from tests.live.looking import bearer, chat, eventually, rows, settled
from tests.support.live import LiveGateway, mock_config

from tollbridge.testing.upstream import chat_events

PATH = "/v1/chat/completions"
GRACE = "[server]\nshutdown_grace_s = 2\n"


def stream(url: str, token: str, answers: list[bytes], begun: threading.Semaphore) -> None:
    """Read one stream to whatever end it has."""
    seen = b""
    try:
        with httpx2.stream("POST", f"{url}{PATH}", json=chat(stream=True), headers=bearer(token), timeout=30) as answer:
            for part in answer.iter_raw():
                seen += part
                if seen == part:
                    begun.release()
    except httpx2.TransportError:
        pass
    answers.append(seen)


def test_streams_that_can_finish_in_the_grace_do_and_the_others_are_cut_and_charged(tmp_path, upstream) -> None:
    go, never = asyncio.Event(), asyncio.Event()
    first, *rest = chat_events("a", "b", usage=True)
    for number in range(30):
        upstream.stream([first, go if number < 15 else never, *rest])
    answers: list[bytes] = []
    begun = threading.Semaphore(0)
    with LiveGateway(tmp_path, mock_config(upstream.url, GRACE)) as gateway:
        token = gateway.token()["token"]
        arguments = (gateway.url, token, answers, begun)
        threads = [threading.Thread(target=stream, args=arguments) for _ in range(30)]
        for thread in threads:
            thread.start()
        for _ in threads:
            assert begun.acquire(timeout=20)
        assert len(rows(tmp_path, "reservation")) == 30

        signalled = time.monotonic()
        gateway.process.send_signal(signal.SIGTERM)
        eventually(lambda: refused(gateway.url), "no new connection is taken")
        upstream.release(go)
        status = gateway.stop(0)
        took = time.monotonic() - signalled
        for thread in threads:
            thread.join(20)

    assert status == -signal.SIGTERM
    assert 1 < took < 8
    whole = [answer for answer in answers if b"[DONE]" in answer]
    assert len(whole) == 15
    assert set(whole) == {b"".join(chat_events("a", "b"))}
    assert all(request.gone.wait(5) for request in upstream.requests[15:])
    found = settled(tmp_path, 30)
    assert [row["outcome"] for row in found].count("complete") == 15
    cut = [row for row in found if row["outcome"] != "complete"]
    assert {row["outcome"] for row in cut} <= {"truncated", "client_gone"}
    assert all(row["cost"] > 0 for row in found)


def refused(url: str) -> bool:
    try:
        httpx2.get(f"{url}/healthz", timeout=5)
    except httpx2.TransportError:
        return True
    return False


def test_calls_that_a_killed_gateway_left_open_are_charged_in_full_after_a_restart(tmp_path, upstream) -> None:
    config = mock_config(upstream.url, "[upstream]\ntotal_timeout_s = 5\n")
    first, *rest = chat_events("a")
    upstream.stream([first, asyncio.Event(), *rest])
    begun = threading.Semaphore(0)
    with LiveGateway(tmp_path, config) as gateway:
        made = gateway.token("--budget", "1/total")
        caller = threading.Thread(target=stream, args=(gateway.url, made["token"], [], begun))
        caller.start()
        assert begun.acquire(timeout=20)
        (held,) = rows(tmp_path, "reservation")
        gateway.stop(signal.SIGKILL)
        caller.join(20)
    assert rows(tmp_path, "reservation") == [held]
    assert held["amount"] > 0
    assert upstream.requests[0].gone.wait(5)

    with LiveGateway(tmp_path, config) as gateway:
        assert httpx2.get(f"{gateway.url}/readyz").status_code == 200
        assert rows(tmp_path, "reservation") == [held]  # its time is not over yet
        gateway.stop(signal.SIGKILL)
    expire(tmp_path)
    with LiveGateway(tmp_path, config) as gateway:
        (row,) = rows(tmp_path, "usage")  # it listens, so all is charged that was to be
        assert not rows(tmp_path, "reservation")

    assert (row["call_id"], row["cost"], row["error"]) == (held["call_id"], held["amount"], "reservation_expired")
    (budget,) = [row for row in rows(tmp_path, "budget") if made["id"] in row["id"]]
    assert (budget["spent"], budget["reserved"]) == (held["amount"], 0)


def expire(folder: Path) -> None:
    """Let the time of every reservation be over, as if the gateway had been down for so long."""
    with closing(sqlite3.connect(folder / ".tollbridge" / "tollbridge.db", timeout=5)) as db, db:
        db.execute("UPDATE reservation SET expires_at = 1")
