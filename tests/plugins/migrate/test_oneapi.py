"""The SQLite file of one-api, and of new-api."""

import hashlib
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge import SystemClock
from tollbridge_migrate.channels import Channels
from tollbridge_migrate.gathering import Gathering
from tollbridge_migrate.oneapi import Read, read_one_api
from tollbridge_migrate.reporting import Report

CHANNEL = {"type": 1, "key": "sk-upstream-one", "status": 1, "name": "Open AI", "weight": 0, "base_url": "",
           "other": "", "models": "gpt-4o,gpt-4o-mini", "group": "default", "model_mapping": "", "priority": 0,
           "config": ""}  # fmt: skip
TOKEN = {"user_id": 1, "key": "a" * 48, "status": 1, "name": "laptop", "expired_time": -1, "remain_quota": 0,
         "unlimited_quota": 1, "models": None, "subnet": ""}  # fmt: skip
USER = {"username": "ada", "role": 1, "status": 1, "email": "a@x.example", "quota": 0, "group": "default"}
HASH = f"sha256:{hashlib.sha256(b'sk-' + b'a' * 48).hexdigest()}"


def write(path: Path, tables: Mapping[str, list[Mapping[str, Any]]]) -> Path:
    with closing(sqlite3.connect(path)) as database:
        for table, rows in tables.items():
            columns = list(dict.fromkeys(name for row in rows for name in row))
            database.execute(f'CREATE TABLE "{table}" (id INTEGER PRIMARY KEY, {", ".join(map(quoted, columns))})')
            for row in rows:
                marks = ", ".join("?" for _ in row)
                names = ", ".join(map(quoted, row))
                database.execute(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', list(row.values()))
        database.commit()
    return path


def quoted(name: str) -> str:
    return f'"{name}"'


@pytest.fixture
def read(migrate, tmp_path):
    """Give a function that migrates some channels and keys."""
    numbers = iter(range(100))

    def read(*, channels=(), tokens=(), users=({},), options=(), new=False, fails=False):
        more = {"channel_info": "{}"} if new else {}
        tables = {
            "channels": [{**CHANNEL, **more, **one} for one in channels or ({},)],
            "tokens": [{**TOKEN, **one} for one in tokens or ({"status": 2},)],
            "users": [{**USER, **one} for one in users],
            "options": [{"key": key, "value": value} for key, value in options or [("Theme", "x")]],
        }
        path = write(tmp_path / f"one-api-{next(numbers)}.db", tables)
        return migrate("one-api", path, fails=fails)

    return read


def test_channels_are_targets_by_priority_then_weight(read, starts) -> None:
    done = read(
        channels=[
            {"name": "low", "key": "sk-1", "priority": 0},
            {"name": "high", "key": "sk-2", "priority": 5, "type": 14, "models": "gpt-4o"},
            {"name": "heavy", "key": "sk-3", "weight": 9, "base_url": "https://proxy.example/"},
        ]
    )

    assert done.targets("gpt-4o") == ["anthropic/gpt-4o", "heavy/gpt-4o", "openai/gpt-4o"]
    assert done.config["providers"]["heavy"] == {
        "base_url": "https://proxy.example/v1",
        "api_key": "env:CHANNEL_HEAVY",
    }
    assert "by weight in order" in done.report
    assert starts(done)


def test_names_of_models_at_the_host_are_those_of_the_mapping(read) -> None:
    done = read(channels=[{"model_mapping": '{"gpt-4o": "gpt-4o-2024"}'}])

    assert done.targets("gpt-4o") == ["openai/gpt-4o-2024"]
    assert done.targets("gpt-4o-mini") == ["openai/gpt-4o-mini"]


def test_types_are_counted_as_the_program_that_wrote_them_does(read, migrate, tmp_path) -> None:
    old = read(channels=[{"type": 28, "models": "a"}, {"type": 4, "models": "b"}])

    assert old.targets("a") == ["mistral/a"]  # 28 is Mistral in one-api
    assert "channels of type 4 have no counterpart" in old.report


def test_types_of_new_api_are_its_own(read) -> None:
    new = read(new=True, channels=[{"type": 42, "models": "a"}, {"type": 28, "models": "b"}])

    assert new.targets("a") == ["mistral/a"]  # 42 is Mistral in new-api, Vertex in one-api
    assert "channels of type 28 have no counterpart" in new.report


def test_each_key_of_a_channel_is_a_host_of_its_own(read) -> None:
    done = read(new=True, channels=[{"key": "sk-one\nsk-two", "models": "m"}])

    assert len(done.targets("m")) == 2


def test_a_channel_that_gives_no_model_is_left_and_names_what_it_lacks(read) -> None:
    done = read(channels=[{"models": "*,gpt-*"}])

    assert "channel Open AI: 2 of its models are not taken: \\*, gpt-\\*" in done.report
    assert "channel Open AI" not in done.report.partition("## Carried over")[2]


def test_keys_of_a_channel_that_are_too_many_are_said_to_be_left(read) -> None:
    done = read(channels=[{"key": "\n".join(f"sk-{number}" for number in range(25)), "models": "m"}])

    assert len(done.targets("m")) == 20
    assert "5 of its keys are not taken" in done.report


@pytest.mark.parametrize(
    ("channel", "reason"),
    [
        ({"status": 2}, "it is disabled"),
        ({"type": 33}, "more than a key"),
        ({"type": 8, "base_url": ""}, "no URL that can be used"),
        ({"base_url": "https://user:pass@h"}, "no URL that can be used"),
        ({"type": 3, "base_url": "https://x.openai.azure.com", "other": ""}, "Azure needs"),
    ],
)
def test_a_channel_that_cannot_be_used_is_left_with_its_reason(read, channel, reason) -> None:
    done = read(channels=[channel])

    assert reason in done.report
    assert done.text("tollbridge.toml") == ""


SCOPES = ["ai:*", "model:gpt-4o", "model:gpt-4o-mini"]


def test_a_key_opens_as_callers_show_it(read) -> None:
    (line,) = read(tokens=[{}]).tokens

    assert line == {"name": "laptop", "hash": HASH, "scopes": SCOPES, "owner": "ada"}


@pytest.mark.parametrize(
    ("token", "line"),
    [
        ({"unlimited_quota": 0, "remain_quota": 750_000}, {"budget": "1.5/total"}),  # 500,000 a dollar
        ({"models": "gpt-4o, gone"}, {"scopes": ["ai:*", "model:gpt-4o"]}),
        ({"subnet": "10.0.0.0/8, 192.168.1.7/32"}, {"from": ["10.0.0.0/8", "192.168.1.7/32"]}),
        ({"expired_time": 32_503_680_000}, {"expires": "3000-01-01T00:00:00+00:00"}),
    ],
)
def test_bounds_of_a_key_come_along(read, token, line) -> None:
    (made,) = read(tokens=[token]).tokens

    assert {key: made[key] for key in line} == line


def test_bounds_of_a_key_of_new_api_come_along(read) -> None:
    token = {"model_limits_enabled": 1, "model_limits": "gpt-4o", "allow_ips": "10.1.2.3\n10.2.0.0/16"}
    (made,) = read(new=True, tokens=[token]).tokens

    assert made["scopes"] == ["ai:*", "model:gpt-4o"]
    assert made["from"] == ["10.1.2.3/32", "10.2.0.0/16"]


def test_a_key_calls_the_models_of_its_group_alone(read) -> None:
    channels = [{"models": "cheap", "group": "default,vip"}, {"models": "dear", "group": "vip"}]
    users = [{"username": "ada"}, {"username": "eve", "group": "vip"}, {"username": "bob", "group": "gone"}]
    tokens = [{"name": "one"}, {"name": "two", "user_id": 2}, {"name": "three", "user_id": 3}]

    done = read(channels=channels, users=users, tokens=tokens)

    assert {line["name"]: line["scopes"] for line in done.tokens} == {
        "one": ["ai:*", "model:cheap"],
        "two": ["ai:*", "model:cheap", "model:dear"],
    }


@pytest.mark.parametrize(
    "token",
    [
        {"status": 2},
        {"status": 3},
        {"status": 4},
        {"expired_time": 1_000},
        {"expired_time": "x"},
        {"unlimited_quota": 0, "remain_quota": 0},
        {"unlimited_quota": 0, "remain_quota": -1},
        {"models": "gone"},
        {"subnet": "somewhere"},
        {"user_id": 9},
        {"key": "short"},
        {"deleted_at": "2026-01-01", "status": 1},
        {"model_limits_enabled": 1, "model_limits": ""},
    ],
)
def test_a_key_that_would_be_wider_is_left(read, token) -> None:
    assert read(tokens=[token]).tokens == []


def test_keys_of_a_disabled_user_are_left(read) -> None:
    assert read(tokens=[{}], users=[{"status": 2}]).tokens == []


def test_no_key_in_clear_is_in_any_file(read) -> None:
    done = read(channels=[{}], tokens=[{}], options=[("SMTPToken", "smtp-secret-value")])

    assert not [secret for secret in ("sk-upstream-one", "a" * 48, "smtp-secret-value") if secret in done.everything]
    assert "option SMTPToken" in done.report


def test_the_file_stays_as_it_was_and_nothing_stands_beside_it(migrate, tmp_path) -> None:
    folder = tmp_path / "there"
    folder.mkdir()
    path = write(folder / "one-api.db", {"channels": [CHANNEL], "tokens": [TOKEN], "users": [USER]})
    before = path.read_bytes()
    path.chmod(0o400)

    migrate("one-api", path)

    assert path.read_bytes() == before
    assert [each.name for each in folder.iterdir()] == ["one-api.db"]


def test_changes_that_wait_in_a_journal_are_not_passed_over(migrate, tmp_path) -> None:
    path = write(tmp_path / "one-api.db", {"channels": [CHANNEL], "tokens": [TOKEN]})
    path.with_name("one-api.db-wal").write_bytes(b"x")

    assert "holds changes that are not in one-api.db yet" in str(migrate("one-api", path, fails=True).failed)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE VIEW channels AS SELECT 1 AS type, 'k' AS key, 'm' AS models",
        "CREATE VIRTUAL TABLE channels USING fts5(type, key, models)",
    ],
)
def test_only_plain_tables_are_read(migrate, tmp_path, statement) -> None:
    path = write(tmp_path / "bad.db", {"tokens": [TOKEN]})
    with closing(sqlite3.connect(path)) as database:
        database.execute(statement)
        database.commit()

    assert "it lacks their tables" in str(migrate("one-api", path, fails=True).failed)


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + b"\xff" * 4096])
def test_what_is_no_database_is_refused(migrate, tmp_path, content) -> None:
    path = tmp_path / "bad.db"
    path.write_bytes(content)

    assert migrate("one-api", path, fails=True).failed is not None


def test_a_value_that_is_too_long_is_refused(migrate, tmp_path) -> None:
    path = write(tmp_path / "big.db", {"channels": [{**CHANNEL, "models": "m" * 5_000_000}], "tokens": [TOKEN]})

    assert "can be read" in str(migrate("one-api", path, fails=True).failed)


VALUES = st.none() | st.integers() | st.floats() | st.text(max_size=30) | st.binary(max_size=10)


@given(
    channel=st.dictionaries(st.sampled_from(sorted(CHANNEL)), VALUES),
    token=st.dictionaries(st.sampled_from([*TOKEN, "model_limits_enabled", "model_limits", "allow_ips"]), VALUES),
    user=st.dictionaries(st.sampled_from(sorted(USER)), VALUES),
    new=st.booleans(),
)
def test_no_row_breaks_anything(channel, token, user, new) -> None:
    gathering = Gathering(Report("one-api"))
    users = {1: {"id": 1, **USER, **user}}

    read_one_api(Read(new, [{**CHANNEL, **channel}], [{**TOKEN, **token}], users, {}), gathering, SystemClock().now())

    assert all(line["hash"].startswith("sha256:") for line in gathering.tokens)


def test_a_star_in_a_channel_widens_no_key() -> None:
    gathering = Gathering(Report("one-api"))

    Channels(gathering, is_new=False).add({**CHANNEL, "models": "*,gpt-*"})

    assert not gathering.models
