"""Running calls of a token that no longer opens: cut within a second, on every worker, where so configured."""

import asyncio
import json
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.live.looking import bearer, chat, eventually, rows, settled
from tests.live.test_revocation import by_a_store, by_the_program
from tests.support.live import LiveGateway, mock_config

from tollbridge.testing.upstream import ScriptedUpstream

CLAUDE = """
[providers.claude]
base_url = "{url}/v1"
dialect = "anthropic-messages"
api_key = "env:MOCK_KEY"
allow_private = true
[models.haiku]
targets = ["claude/haiku"]
price = {{ input = "0.15", output = "0.60" }}
[server]
cut_revoked_calls = {cut}
"""
CHAT_EVENT = b'data: {"id":"1","choices":[{"index":0,"delta":{"content":"a"}}]}\n\n'
CHAT_REST = b'data: {"id":"1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
MESSAGE_EVENT = (
    b'event: message_start\ndata: {"type":"message_start","message":{"usage":{"input_tokens":10}}}\n\n'
    b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,'
    b'"delta":{"type":"text_delta","text":"a"}}\n\n'
)
WIRES = {
    "chat": ("/v1/chat/completions", "gpt-4o-mini", CHAT_EVENT),
    "messages": ("/v1/messages", "haiku", MESSAGE_EVENT),
}
WITHIN_S = 1.0
"""What is promised; a revocation by the program counts from its return."""


@dataclass(slots=True)
class Reader:
    """One stream, read in a thread to whatever end it has; `token` may be what signs its body, in headers."""

    url: str
    token: str | Callable[[bytes], dict[str, str]]
    path: str
    model: str
    begun: threading.Event = field(default_factory=threading.Event)
    seen: bytes = b""
    ended_at: float = 0.0
    clean: bool = False

    def read(self) -> None:
        body = json.dumps(chat(model=self.model, stream=True)).encode()
        shown = bearer(self.token) if isinstance(self.token, str) else self.token(body)
        headers = {"content-type": "application/json", **shown}
        try:
            with httpx2.stream("POST", f"{self.url}{self.path}", content=body, headers=headers, timeout=60) as got:
                for part in got.iter_raw():
                    self.seen += part
                    self.begun.set()
            self.clean = True
        except httpx2.TransportError:
            pass
        self.ended_at = time.monotonic()


@contextmanager
def bridge(folder: Path, *, cut: str = "true", workers: int = 1) -> Iterator[tuple[LiveGateway, ScriptedUpstream]]:
    with ScriptedUpstream.in_thread() as upstream:
        config = mock_config(upstream.url, CLAUDE.format(url=upstream.url, cut=cut))
        with LiveGateway(folder, config, workers=workers) as gateway:
            yield gateway, upstream


@contextmanager
def streams(
    gateway: LiveGateway,
    upstream: ScriptedUpstream,
    token: str | Callable[[bytes], dict[str, str]],
    wire: str,
    count: int,
) -> Iterator[list[Reader]]:
    """Have so many streams running, each with its first event passed on and nothing more to come."""
    path, model, event = WIRES[wire]
    found = [Reader(gateway.url, token, path, model) for _ in range(count)]
    threads = [threading.Thread(target=reader.read) for reader in found]
    for _ in found:
        upstream.stream([event, asyncio.Event()])
    with ExitStack() as stack:
        for thread in threads:
            thread.start()
            stack.callback(thread.join, 60)
        for reader in found:
            assert reader.begun.wait(20)
        yield found


def error_of(reader: Reader, event: bytes) -> dict[str, Any]:
    """Check that a stream is what had come and one event, an error; gives its data."""
    assert reader.seen.startswith(event)
    last = reader.seen.removeprefix(event)
    assert last.endswith(b"\n\n")
    assert last.count(b"\n\n") == 1
    assert b"[DONE]" not in last
    found: dict[str, Any] = json.loads(last.rpartition(b"data: ")[2])
    return found


@pytest.mark.parametrize("revoke", [by_the_program, by_a_store])
@pytest.mark.parametrize(("wire", "workers"), [("chat", 1), ("messages", 1), ("chat", 3)])
def test_revocation_ends_running_streams_within_a_second_with_an_error(tmp_path, wire, workers, revoke) -> None:
    event = WIRES[wire][2]
    count = 4 * workers
    with bridge(tmp_path, workers=workers) as (gateway, upstream):
        made, other = gateway.token("--budget", "1/total"), gateway.token()
        with streams(gateway, upstream, other["token"], wire, 1) as (spared,):
            with streams(gateway, upstream, made["token"], wire, count) as cut:
                called = revoke(gateway, made["id"])
            assert not spared.ended_at  # another token's stream goes on
            took = [reader.ended_at - called for reader in cut]
            assert all(request.gone.wait(5) for request in upstream.requests[1:]), "the upstream still works"
            revoke(gateway, other["id"])
        found = settled(tmp_path, count + 1)
        budget = next(row for row in rows(tmp_path, "budget") if made["id"] in row["id"])

    assert max(took) < WITHIN_S
    for reader in (*cut, spared):
        told = error_of(reader, event)
        assert "no longer opens" in told["error"]["message"]
        assert told["error"]["type"] == ("authentication_error" if wire == "messages" else "invalid_request_error")
    assert {(row["outcome"], row["error"]) for row in found} == {("refused", "token_ended")}
    assert all(row["cost"] > 0 for row in found)
    assert budget["reserved"] == 0
    assert budget["spent"] == sum(row["cost"] for row in found if row["token_id"] == made["id"])


def test_expiry_ends_a_running_stream_within_a_second(tmp_path) -> None:
    with bridge(tmp_path) as (gateway, upstream):
        expires = datetime.now(UTC) + timedelta(seconds=6)
        made = gateway.token("--expires", expires.strftime("%Y-%m-%dT%H:%M:%S+00:00"))
        with streams(gateway, upstream, made["token"], "chat", 1) as (cut,):
            begun = datetime.now(UTC)
        ended = datetime.now(UTC)
        (row,) = settled(tmp_path, 1)

    at = expires.replace(microsecond=0)
    assert begun < at <= ended < at + timedelta(seconds=WITHIN_S)
    assert error_of(cut, CHAT_EVENT)["error"]["code"] == "token_ended"
    assert (row["outcome"], row["error"]) == ("refused", "token_ended")


def test_call_that_waits_for_its_answer_is_refused_and_charged_its_reservation(tmp_path) -> None:
    answers: queue.Queue[httpx2.Response] = queue.Queue()
    with bridge(tmp_path) as (gateway, upstream):
        upstream.raw(asyncio.Event())
        made = gateway.token()

        def ask() -> None:
            url = f"{gateway.url}/v1/chat/completions"
            answers.put(httpx2.post(url, json=chat(), headers=bearer(made["token"]), timeout=60))

        thread = threading.Thread(target=ask)
        thread.start()
        eventually(lambda: upstream.requests, "the call")
        (held,) = rows(tmp_path, "reservation")
        called = by_a_store(gateway, made["id"])
        answer = answers.get(timeout=60)
        took = time.monotonic() - called
        thread.join(60)
        (row,) = settled(tmp_path, 1)

    assert took < WITHIN_S
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "token_ended")
    assert (row["usage_source"], row["cost"]) == ("reserved", held["amount"])


def test_running_stream_ends_by_itself_where_nothing_else_is_said(tmp_path) -> None:
    go = asyncio.Event()
    with bridge(tmp_path, cut="false") as (gateway, upstream):
        made = gateway.token()
        upstream.stream([CHAT_EVENT, go, CHAT_REST])
        reader = Reader(gateway.url, made["token"], "/v1/chat/completions", "gpt-4o-mini")
        thread = threading.Thread(target=reader.read)
        thread.start()
        assert reader.begun.wait(20)

        by_a_store(gateway, made["id"])
        refused = httpx2.get(f"{gateway.url}/v1/models", headers=bearer(made["token"]))
        upstream.release(go)
        thread.join(60)
        (row,) = settled(tmp_path, 1)

    assert refused.status_code == 401
    assert reader.seen == CHAT_EVENT + CHAT_REST
    assert row["outcome"] == "complete"
