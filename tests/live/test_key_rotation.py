"""Keys and pepper are changed and the old ones dropped while callers come and go (T08)."""

import io
import json
import os
import re
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.live.looking import bearer, eventually
from tests.support.live import LiveGateway, mock_config

from tollbridge.cli.app import run
from tollbridge.sealing.ring import LOOK_S

PATH = "/v1/responses"
CALLERS = 8


@pytest.fixture
def config(upstream) -> str:
    return mock_config(upstream.url, "[answers]\nkeep = true\n")


class Callers:
    """Callers who get answers and come back to them, until `with` ends; what went wrong is in `failures`."""

    def __init__(self, gateway: LiveGateway, token: str) -> None:
        self._gateway, self._token = gateway, token
        self._over = threading.Event()
        self.failures: list[tuple[int, str]] = []
        self.answered: list[str] = []

    def _call(self) -> None:
        client = httpx2.Client(base_url=self._gateway.url, headers=bearer(self._token), timeout=20)
        with client:
            before: dict[str, str] = {}
            while not self._over.is_set():
                made = client.post(PATH, json={"model": "gpt-4o-mini", "input": "2 + 2?", **before})
                self._note(made)
                id = made.json().get("id", "")
                self._note(client.get(f"{PATH}/{id}"))
                self.answered.append(id)
                before = {"previous_response_id": id} if len(self.answered) % 5 else {}

    def _note(self, reply: httpx2.Response) -> None:
        if reply.status_code != 200:
            self.failures.append((reply.status_code, reply.text))

    @contextmanager
    def at_work(self) -> Iterator[None]:
        threads = [threading.Thread(target=self._call) for _ in range(CALLERS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in threads:
                thread.join(30)

    def work(self, more: int) -> None:
        """Wait for so many more answers."""
        goal = len(self.answered) + more
        eventually(lambda: len(self.answered) >= goal, f"{more} more answers", patience_s=30)


def program(gateway: LiveGateway, *words: str) -> tuple[int, str]:
    """Run the program as an operator beside the gateway would; gives its exit status and what it said."""
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        code = run([*words, "--config", str(gateway.config)])
    return code, said.getvalue()


def secret(gateway: LiveGateway, *words: str) -> tuple[int, str]:
    return program(gateway, "secret", *words)


def peppers(gateway: LiveGateway) -> dict[str, int]:
    """Give how many secrets are hashed with each pepper, the one in use first."""
    rows: list[dict[str, Any]] = json.loads(program(gateway, "token", "peppers", "--json")[1])
    return {row["id"]: row["secrets"] for row in rows}


def keys(gateway: LiveGateway) -> dict[str, int]:
    """Give how many values need each key, the key in use first."""
    rows: list[dict[str, Any]] = json.loads(secret(gateway, "keys", "--json")[1])
    return {row["id"]: row["values"] for row in rows}


def two_minutes_later(ring: Path) -> None:
    """Make every key of a ring two minutes older, as if so much time had passed."""
    text = ring.read_text()
    for made in set(re.findall(r"\d{4}-\S+Z", text)):
        text = text.replace(made, f"{datetime.fromisoformat(made) - timedelta(minutes=2):%Y-%m-%dT%H:%M:%SZ}")
    draft = ring.with_name(".draft")
    draft.touch(0o600)
    draft.write_text(text)
    os.replace(draft, ring)


def test_key_is_changed_under_load_and_no_request_fails(tmp_path, config) -> None:
    ring = tmp_path / ".tollbridge" / "kek"
    with LiveGateway(tmp_path, config, workers=2) as gateway:
        token = gateway.token()["token"]
        callers = Callers(gateway, token)
        with callers.at_work():
            callers.work(20)
            made = json.loads(secret(gateway, "rotate-key", "--json")[1])["id"]
            eventually(lambda: keys(gateway)[made] > 0, "an answer under the new key", patience_s=30)
            assert secret(gateway, "rewrap")[0] == 0
            code, said = secret(gateway, "drop-key", "1")
            assert (code, "running gateways may still seal with the key 1" in said) == (1, True)
            known = time.monotonic() + LOOK_S + 1
            eventually(lambda: time.monotonic() > known, "the time after which no worker seals with the old key")
            two_minutes_later(ring)
            callers.work(20)
            eventually(lambda: secret(gateway, "rewrap") and not keys(gateway)["1"], "the last of the old key")
            assert secret(gateway, "drop-key", "1") == (0, "dropped\n")
            callers.work(20)
        assert callers.failures == []
        assert list(keys(gateway)) == [made]
        assert "key_ring_not_read" not in gateway.text

    assert len(ring.read_text().splitlines()) == 1
    with LiveGateway(tmp_path, config) as again, httpx2.Client(base_url=again.url, headers=bearer(token)) as client:
        found = {client.get(f"{PATH}/{id}").status_code for id in callers.answered}
    assert found == {200}


def test_row_that_is_copied_over_another_does_not_open(tmp_path, config) -> None:
    with LiveGateway(tmp_path, config) as gateway:
        ids = []
        for token in (gateway.token()["token"], gateway.token()["token"]):
            with httpx2.Client(base_url=gateway.url, headers=bearer(token), timeout=20) as client:
                ids.append(client.post(PATH, json={"model": "gpt-4o-mini", "input": f"of {len(ids)}"}).json()["id"])
                assert client.get(f"{PATH}/{ids[-1]}").status_code == 200
        with closing(sqlite3.connect(tmp_path / ".tollbridge" / "tollbridge.db")) as db, db:
            (content,) = db.execute("SELECT content FROM kept_answer WHERE id = ?", ids[:1]).fetchone()
            assert db.execute("UPDATE kept_answer SET content = ? WHERE id = ?", (content, ids[1])).rowcount == 1

        refused = httpx2.get(f"{gateway.url}{PATH}/{ids[1]}", headers=bearer(token), timeout=20)

        assert refused.status_code == 503
        assert "of 0" not in refused.text


def test_pepper_is_changed_under_load_and_no_request_fails(tmp_path, config) -> None:
    ring = tmp_path / ".tollbridge" / "pepper"
    with LiveGateway(tmp_path, config, workers=2) as gateway:
        callers = Callers(gateway, gateway.token()["token"])
        with callers.at_work():
            callers.work(10)
            made = json.loads(program(gateway, "token", "rotate-pepper", "--json")[1])["id"]
            known = time.monotonic() + LOOK_S + 1
            eventually(lambda: time.monotonic() > known, "the time after which every worker knows the new pepper")
            assert peppers(gateway) == {made: 0, "1": 1}
            two_minutes_later(ring)
            eventually(lambda: peppers(gateway) == {made: 1, "1": 0}, "the secret's move to the new pepper")
            assert program(gateway, "token", "drop-pepper", "1") == (0, "dropped\n")
            callers.work(10)
        assert callers.failures == []
        assert peppers(gateway) == {made: 1}
