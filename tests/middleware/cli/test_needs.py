"""`tollbridge check` sees the secrets that are missing."""

import asyncio
import io
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.support.keyed import OLD_KEY

from tollbridge import ConfigError, Gateway, PluginError, hookimpl, load_config
from tollbridge.cli.needs import key_findings, start_findings
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


def test_key_in_the_database_is_no_missing_one_in_the_list_of_providers(
    tollbridge: Any, stored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def state(name: str) -> str:
        (found,) = (one for one in tollbridge("models", "--all", "--json").json["providers"] if one["provider"] == name)
        return str(found["state"])

    assert state("mock") == "no key"
    assert not (tmp_path / ".tollbridge").exists()
    set_key(tollbridge, monkeypatch)
    assert (state("mock"), state("anthropic")) == ("key in the database", "no key")
    with closing(sqlite3.connect(".tollbridge/tollbridge.db")) as db, db:
        db.execute("DROP TABLE stored_secret")
    assert state("mock") == "no key, but perhaps in the database, which cannot be read"


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
        ("env:MOCK_KEY", "ok", "it has what it needs"),
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


PUBLIC = '[server]\npublic_url = "https://gw.example.com"\n'
OIDC = '[signin.oidc.acme]\nissuer = "{}"\nclient_id = "x"\nclient_secret = "{}"\n'


@pytest.mark.parametrize(
    ("more", "what", "sentence"),
    [
        ("[identity.signed]\n", "identity signed", "identity.signed needs [server] public_url"),
        (
            '[server]\nhost = "0.0.0.0"\n[oauth]\nenabled = true\n',
            "plugin oauth",
            "oauth.enabled needs server.public_url",
        ),
        (OIDC.format("https://id.example.com", "env:MOCK_KEY"), "plugin signin", "signin.oidc: it needs server.public"),
        (PUBLIC + OIDC.format("http://id.example.com", "env:MOCK_KEY"), "plugin signin", "signin.oidc.acme: "),
        (
            PUBLIC + OIDC.format("https://id.example.com", "env:NONE"),
            "plugin signin",
            "the environment variable NONE is not set",
        ),
        ('[tokens]\nimported = ["hmac:old"]\n', "imported tokens", "tokens.imported: no secret 'old' is stored"),
        (
            '[providers.two]\nbase_url = "https://two.example"\nrotator = "none"\n',
            "rotators",
            "providers.two",
        ),
    ],
)
def test_what_a_start_is_refused_for_is_found_and_nothing_is_written(
    tollbridge, config, more: str, what: str, sentence: str
) -> None:
    config.write_text(config.read_text() + more)

    ran = tollbridge("check", "--json")

    code, level, result = finding(ran, what)
    assert (code, level) == (1, "error")
    assert result.startswith(sentence)
    assert not (config.parent / ".tollbridge").exists()
    with pytest.raises(ConfigError) as refused:
        asyncio.run(Gateway(config).start())
    assert str(refused.value) == result


def test_library_that_is_not_there_is_found(tollbridge, config, monkeypatch) -> None:
    config.write_text(f"{config.read_text()}{PUBLIC}[identity.signed]\n")
    assert finding(tollbridge("check", "--json"), "identity signed")[1:] == ("ok", "it has what it needs")
    monkeypatch.setattr("tollbridge_signed.signed.find_spec", lambda name: None)

    found = finding(tollbridge("check", "--json"), "identity signed")

    assert found[:2] == (1, "error")
    assert "pip install 'tollbridge[signed]'" in found[2]


def test_all_that_plugins_refuse_is_found_and_a_start_is_refused_before_anything_is_opened(tmp_path) -> None:
    class One:
        @hookimpl
        def check(self, gateway: Gateway) -> None:
            raise ConfigError("one cannot")

    class Two:
        @hookimpl
        def check(self) -> None:
            raise ValueError("two is broken")

    gateway = Gateway({}, plugins=[One(), Two()], env={"TOLLBRIDGE_DATA": str(tmp_path / "data")})

    found = [one.result for one in start_findings(gateway) if one.what.startswith("plugin ")]

    assert sorted(found)[0] == "one cannot"
    assert "plugin 'Two' failed in check: two is broken" in sorted(found)[1]
    with pytest.raises((ConfigError, PluginError)):
        asyncio.run(gateway.start())
    assert not (tmp_path / "data").exists()


def test_check_says_whether_keys_and_peppers_are_those_of_the_database_and_makes_none(tollbridge, tmp_path) -> None:
    assert not [one for one in tollbridge("check", "--json").json if one["what"] == "keys and peppers"]
    tollbridge("token", "create", "--name", "x")
    assert finding(tollbridge("check", "--json"), "keys and peppers") == (0, "ok", "those of the database")

    for name, said in (("pepper", "1 secret is hashed with the pepper 1, and"), ("kek", "does not open")):
        kept = (tmp_path / ".tollbridge" / name).read_bytes()
        (tmp_path / ".tollbridge" / name).unlink()
        code, level, result = finding(tollbridge("check", "--json"), "keys and peppers")
        assert (code, level) == (1, "error")
        assert said in result
        assert not (tmp_path / ".tollbridge" / name).exists()
        (tmp_path / ".tollbridge" / name).touch(0o600)
        (tmp_path / ".tollbridge" / name).write_bytes(kept)


def test_database_that_gives_no_keys_is_an_error(tollbridge) -> None:
    tollbridge("token", "create", "--name", "x")
    with closing(sqlite3.connect(".tollbridge/tollbridge.db")) as db, db:
        db.execute("ALTER TABLE own_key RENAME TO lost")

    code, level, result = finding(tollbridge("check", "--json"), "keys and peppers")

    assert (code, level) == (1, "error")
    assert "no such table: own_key" in result
