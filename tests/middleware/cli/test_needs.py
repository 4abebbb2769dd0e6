"""`tollbridge check` sees the secrets that are missing."""

import io
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.support.keyed import OLD_KEY

from tollbridge import Gateway, hookimpl, load_config
from tollbridge.cli.needs import key_findings
from tollbridge.stores.sqlite import SqliteStore


@pytest.fixture
def stored(config: Path) -> Path:
    """Have the provider read its key from the database."""
    config.write_text(config.read_text().replace("env:MOCK_KEY", "stored:mine"))
    return config


def finding(ran: Any, what: str) -> tuple[int, str, str]:
    (found,) = (one for one in ran.json if one["what"] == what)
    return ran.code, found["level"], found["result"]


def set_key(tollbridge: Any, monkeypatch: Any, *words: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(OLD_KEY))
    assert tollbridge("provider-key", "set", "mock", *words).code == 0


MISSING = (
    "there is no key 'mine', neither in the database nor in the data folder; store it with: "
    "tollbridge provider-key set mock"
)


def test_missing_key_is_an_error_and_no_database_is_made_to_look_for_it(tollbridge, stored, tmp_path) -> None:
    ran = tollbridge("check", "--json")

    assert finding(ran, "provider mock") == (1, "error", MISSING)
    assert not (tmp_path / ".tollbridge").exists()


def test_key_in_the_database_is_found_there_and_one_of_another_name_or_time_is_none(
    tollbridge, stored, monkeypatch
) -> None:
    set_key(tollbridge, monkeypatch, "--name", "other")
    assert finding(tollbridge("check", "--json"), "provider mock")[1:] == ("error", MISSING)
    set_key(tollbridge, monkeypatch)

    code, level, result = finding(tollbridge("check", "--json"), "provider mock")
    assert (code, level) == (0, "ok")
    assert result.startswith("its key 'mine' is in the database")
    with closing(sqlite3.connect(".tollbridge/tollbridge.db")) as db, db:
        db.execute("UPDATE stored_secret SET expires_at = 1")
    assert finding(tollbridge("check", "--json"), "provider mock")[1:] == ("error", MISSING)


def test_key_in_the_data_folder_is_enough(tollbridge, stored, monkeypatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(OLD_KEY))
    tollbridge("secret", "set", "mine")

    assert finding(tollbridge("check", "--json"), "provider mock")[:2] == (0, "ok")


def test_database_that_cannot_be_read_is_told_with_why(tollbridge, stored, monkeypatch) -> None:
    set_key(tollbridge, monkeypatch)
    with closing(sqlite3.connect(".tollbridge/tollbridge.db")) as db, db:
        db.execute("ALTER TABLE stored_secret RENAME TO lost")

    code, level, result = finding(tollbridge("check", "--json"), "provider mock")

    assert (code, level) == (1, "error")
    assert "the keys in the database could not be read: store: no such table: stored_secret" in result


class Elsewhere:
    """A plugin whose store says nothing of its schema."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @hookimpl
    def register_stores(self, register: Any) -> None:
        register("elsewhere", lambda url, clock: SqliteStore(self._path, clock))


async def test_store_that_says_nothing_of_its_schema_is_asked_for_keys(tmp_path) -> None:
    section = {"base_url": "https://mock.example/v1", "api_key": "stored:mine"}
    config = {"store": {"url": "elsewhere:db"}, "providers": {"mock": section}}
    loaded = replace(load_config(config, {}), data=tmp_path / "data")
    gateway = Gateway(loaded, env={}, plugins=[Elsewhere(tmp_path / "other.db")])

    (found,) = await key_findings(gateway)

    assert (found.what, found.level, found.result) == ("provider mock", "error", MISSING)
    assert found.mark == "✗"


@pytest.mark.parametrize(
    ("secret", "level", "result"),
    [
        ("stored:introspection", "error", "no secret 'introspection' is stored"),
        ("env:MOCK_KEY", "ok", "its secrets are there"),
    ],
)
def test_secret_of_an_identity_source_is_looked_for(tollbridge, config, secret, level, result) -> None:
    section = f'[identity.introspection]\nurl = "https://id.example/i"\nclient_id = "gw"\nclient_secret = "{secret}"\n'
    config.write_text(f'{config.read_text()}\n{section}audience = "gw"\n')

    found = finding(tollbridge("check", "--json"), "identity introspection")

    assert found[1] == level
    assert result in found[2]


def test_identity_source_that_needs_no_secret_is_not_spoken_of(tollbridge, config) -> None:
    section = '[identity.jwt.issuers.work]\nissuer = "https://id.example"\naudience = "gw"\n'
    config.write_text(f"{config.read_text()}\n{section}")

    ran = tollbridge("check", "--json")

    assert [one for one in ran.json if one["what"].startswith("identity ")] == []
