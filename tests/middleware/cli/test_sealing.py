"""The keys that everything sealed is sealed with."""

import io
import re
from datetime import datetime, timedelta

import pytest
from tests.support.rings import NEW, OLD, write_secret


@pytest.fixture
def kek(tmp_path):
    """Give the ring's file: one key of long ago."""
    return write_secret(tmp_path / ".tollbridge" / "kek", f"{OLD}\n")


@pytest.fixture
def stored(tollbridge, monkeypatch, kek):
    """Store a provider's key."""
    monkeypatch.setattr("sys.stdin", io.StringIO("sk-stored-secret\n"))
    assert tollbridge("secret", "set", "mine").code == 0


def age(kek) -> None:
    """Let every key of the ring be older by two minutes."""
    text = kek.read_text()
    for time in re.findall(r"\d{4}-[^ ]+Z", text):
        earlier = datetime.fromisoformat(time) - timedelta(minutes=2)
        text = text.replace(time, f"{earlier:%Y-%m-%dT%H:%M:%SZ}")
    kek.write_text(text)


def test_key_is_rotated_values_are_moved_and_the_old_key_is_dropped(tollbridge, config, kek, stored) -> None:
    made = tollbridge("secret", "rotate-key")

    id = made.out.split()[3].rstrip(",")
    assert made.out == (
        f"made the key {id}, in use from now on; move what others sealed to it with: tollbridge secret rewrap\n"
    )
    assert [row["id"] for row in tollbridge("secret", "keys", "--json").json] == [id, "1"]
    early = tollbridge("secret", "drop-key", "1")
    assert (early.code, "running gateways may still seal with the key 1" in early.err) == (1, True)
    age(kek)
    needed = tollbridge("secret", "drop-key", "1")
    assert (needed.code, "1 value needs the key 1; move" in needed.err) == (1, True)

    assert tollbridge("secret", "rewrap").out == "sealed anew: 1\n"
    assert tollbridge("secret", "rewrap", "--json").json == {"rewrapped": 0, "failed": []}
    assert tollbridge("secret", "drop-key", "1").out == "dropped\n"

    assert [row["id"] for row in tollbridge("secret", "keys", "--json").json] == [id]
    config.write_text(config.read_text().replace("env:MOCK_KEY", "stored:mine"))
    assert tollbridge("check").code == 0
    assert OLD not in kek.read_text()


def test_keys_are_listed_with_what_needs_them(tollbridge, stored, kek) -> None:
    made = tollbridge("secret", "rotate-key", "--json").json
    before = "2026-01-05T12:00:00Z"

    listed = tollbridge("secret", "keys", "--json").json

    assert listed == [
        {"id": made["id"], "made_at": made["made_at"], "source": "", "state": "in use", "values": 0},
        {"id": "1", "made_at": before, "source": "", "state": "older", "values": 1},
    ]
    table = tollbridge("secret", "keys").out
    assert [line.split() for line in table.splitlines()[-1:]] == [
        ["1", "2026-01-05", "12:00", "UTC", "-", "older", "1"]
    ]
    assert OLD not in table


def test_key_that_is_gone_and_still_needed_is_listed(tollbridge, stored, kek) -> None:
    kek.write_text(f"2a {NEW}")

    rows = tollbridge("secret", "keys", "--json").json

    assert [(row["id"], row["state"], row["values"]) for row in rows] == [("2a", "in use", 0), ("1", "missing", 1)]
    failed = tollbridge("secret", "rewrap")
    assert (failed.code, failed.out) == (1, "sealed anew: 0\n")
    assert "tollbridge: the stored secret 'mine' does not decrypt" in failed.err
    assert "none of that id" in failed.err


def test_no_key_is_made_by_looking(tollbridge, config, tmp_path) -> None:
    assert tollbridge("secret", "keys").out == "No key was made yet.\n"
    assert tollbridge("secret", "keys", "--json").json == []
    assert not (tmp_path / ".tollbridge" / "kek").exists()


def test_keys_of_a_variable_are_used_and_changed_by_hand(tollbridge, config, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("RING", f"1 {OLD}")
    monkeypatch.setenv("TOLLBRIDGE_SECRETS__KEYS", "env:RING")
    monkeypatch.setattr("sys.stdin", io.StringIO("sk-stored-secret\n"))
    assert tollbridge("secret", "set", "mine").code == 0
    assert not (tmp_path / ".tollbridge" / "kek").exists()

    refused = tollbridge("secret", "rotate-key")
    assert (refused.code, "which only you can change" in refused.err) == (1, True)

    monkeypatch.setenv("RING", f"1 {OLD}, 2a {NEW}")
    assert tollbridge("secret", "rewrap").out == "sealed anew: 1\n"
    monkeypatch.setenv("RING", f"2a {NEW}")
    assert [(row["id"], row["values"]) for row in tollbridge("secret", "keys", "--json").json] == [("2a", 1)]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("", "the environment variable RING is empty or too short"),
        ("ab", "the environment variable RING: key 1 is empty or too short"),
        ("ab" * 32, "the environment variable RING: key 1 is one byte over and over"),
    ],
)
def test_key_that_protects_nothing_is_refused_before_anything_starts(tollbridge, monkeypatch, value, said) -> None:
    monkeypatch.setenv("RING", value)
    monkeypatch.setenv("TOLLBRIDGE_SECRETS__KEYS", "env:RING")

    ran = tollbridge("check")

    assert ran.code == 1
    assert said in ran.err


def test_source_that_nothing_offers_is_named(tollbridge, config) -> None:
    config.write_text(config.read_text() + '[secrets]\nkeys = "lockbox"\n')

    ran = tollbridge("secret", "keys")

    assert ran.code == 1
    assert "secrets.lockbox: no installed plugin offers it" in ran.err


def test_commands_show_no_key(tollbridge, stored, kek) -> None:
    shown = [tollbridge("secret", *words) for words in (("rotate-key",), ("keys",), ("rewrap",), ("keys", "--json"))]

    keys = [line.split()[-1] for line in kek.read_text().splitlines()]
    assert len(keys) == 2
    assert not [key for key in keys for ran in shown if key in ran.out + ran.err]


def test_nothing_is_sealed_anew_without_the_key_of_the_database_and_none_is_made(tollbridge, tmp_path) -> None:
    tollbridge("token", "create", "--name", "x")
    assert tollbridge("secret", "rewrap").out == "sealed anew: 0\n"
    (tmp_path / ".tollbridge" / "kek").unlink()

    ran = tollbridge("secret", "rewrap")

    assert (ran.code, ran.out) == (1, "")
    assert "does not open: it was sealed with the key 1, and the secret" in ran.err
    (row,) = tollbridge("secret", "keys", "--json").json
    assert (row["id"], row["state"], row["values"]) == ("1", "missing", 2)
    assert not (tmp_path / ".tollbridge" / "kek").exists()
