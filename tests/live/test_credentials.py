"""Hostile credentials: refused in every place a credential has, and nothing comes of them."""

import json
import sqlite3
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.live.looking import chat, eventually, rows, settled
from tests.support.live import LiveGateway, mock_config
from tests.support.naughty import LONG, credentials, damaged, unknown
from tests.support.wire import answers, exchange

from tollbridge.testing.upstream import ScriptedUpstream

BODY = json.dumps(chat()).encode()
REFUSED = {400, 401, 431}
PLACES: dict[str, Callable[[bytes], bytes]] = {
    "bearer": lambda secret: b"Authorization: Bearer " + secret,
    "no scheme": lambda secret: b"Authorization: " + secret,
    "basic, as a name": lambda secret: b"Authorization: Basic " + b64encode(secret + b":"),
    "basic, as a password": lambda secret: b"Authorization: Basic " + b64encode(b"x:" + secret),
    "basic, as it is": lambda secret: b"Authorization: Basic " + secret,
    "x-api-key": lambda secret: b"X-Api-Key: " + secret,
    "x-goog-api-key": lambda secret: b"X-Goog-Api-Key: " + secret,
}


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LiveGateway, ScriptedUpstream, bytes]]:
    folder = tmp_path_factory.mktemp("credentials")
    with ScriptedUpstream.in_thread() as upstream, LiveGateway(folder, mock_config(upstream.url)) as gateway:
        token = gateway.token("--budget", "5/month")["token"].encode()
        assert statuses(gateway, PLACES["bearer"](token)) == [200]
        settled(folder, 1)
        yield gateway, upstream, token


def statuses(gateway: LiveGateway, header: bytes) -> list[int]:
    """Ask for a model call with one more header, as raw bytes; none where the connection was just closed."""
    head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Type: application/json\r\n"
    data = head + b"Content-Length: %d\r\n" % len(BODY) + header + b"\r\n\r\n" + BODY
    return [answer.status for answer in answers(exchange(gateway.port, data, quiet_s=20))]


def content(folder: Path) -> dict[str, list[dict[str, object]]]:
    """Read every table of the database."""
    with closing(sqlite3.connect(folder / ".tollbridge" / "tollbridge.db", timeout=5)) as db:
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {name: rows(folder, name) for name in names}


def without_last_use(found: dict[str, list[dict[str, object]]]) -> dict[str, list[dict[str, object]]]:
    """Leave out when a token was last used, written some seconds after a good call, and when jobs are next due."""
    tokens = [{name: row[name] for name in row if name != "last_used_at"} for row in found["token"]]
    return {name: rows for name, rows in found.items() if name not in ("job", "turn")} | {"token": tokens}


def test_list_is_as_long_as_it_is_meant_to_be() -> None:
    assert len(credentials()) >= 700
    assert max(map(len, credentials())) == 1_000_000


@pytest.mark.parametrize("place", PLACES)
def test_hostile_credential_is_refused_and_changes_nothing(live, place) -> None:
    gateway, upstream, token = live
    eventually(lambda: rows(gateway.folder, "token")[0]["last_used_at"], "the time of the last use")
    eventually(lambda: not rows(gateway.folder, "usage_pending"), "sums that have taken over each row", patience_s=30)
    before, called, began_us = content(gateway.folder), len(upstream.requests), time.time_ns() // 1000
    assert {"token", "secret", "budget", "usage", "reservation"} <= before.keys()

    found = {secret: statuses(gateway, PLACES[place](secret)) for secret in (*credentials(), *unknown(20))}

    assert {secret[:50]: seen for secret, seen in found.items() if not REFUSED.issuperset(seen)} == {}
    assert [secret[:50] for secret, seen in found.items() if not seen and len(secret) <= LONG] == []
    assert len(upstream.requests) == called
    after = content(gateway.folder)
    assert without_last_use(after) == without_last_use(before)
    assert max(row["last_used_at"] for row in after["token"]) < began_us
    assert '"level":"error"' not in gateway.text
    assert "Traceback" not in gateway.text
    assert statuses(gateway, PLACES["bearer"](token)) == [200]
    settled(gateway.folder, len(before["usage"]) + 1)


@pytest.mark.parametrize("place", ["bearer", "basic, as it is", "basic, as a password", "x-api-key", "x-goog-api-key"])
def test_damaged_token_is_no_token(live, place) -> None:
    gateway, upstream, token = live
    called = len(upstream.requests)

    found = {secret: statuses(gateway, PLACES[place](secret)) for secret in damaged(token)}

    assert len(found) >= 100
    assert {secret: seen for secret, seen in found.items() if not seen or not REFUSED.issuperset(seen)} == {}
    assert len(upstream.requests) == called
