"""The audit log from the command line."""

import os
import pwd
import sqlite3

import pytest

from tollbridge.operators import operator


@pytest.fixture
def done(tollbridge):
    """Make a token, change it and revoke it; give its id."""
    id = tollbridge("token", "create", "--name", "job", "--json").json["id"]
    tollbridge("token", "edit", id, "--name", "new")
    tollbridge("token", "revoke", id, "--yes")
    return id


@pytest.fixture
def altered(tmp_path):
    """Give a function that does a statement of SQL behind the gateway's back."""

    def alter(statement: str) -> None:
        (file,) = tmp_path.rglob("tollbridge.db")
        with sqlite3.connect(file) as db:
            db.execute(statement)
        db.close()

    return alter


def test_what_was_done_is_listed_newest_first(tollbridge, done) -> None:
    records = tollbridge("audit", "list", "--json").json

    assert [(one["number"], one["action"], one["target"]) for one in records] == [
        (3, "token.revoke", done),
        (2, "token.change", done),
        (1, "token.issue", done),
    ]
    assert (records[1]["before"], records[1]["after"]) == ({"name": "job"}, {"name": "new"})
    assert (records[0]["actor"], records[0]["via"], records[0]["client"]) == (operator().id, "cli", None)


def test_list_is_narrowed_and_paged(tollbridge, done) -> None:
    def numbers(*arguments: str) -> list[int]:
        return [one["number"] for one in tollbridge("audit", "list", "--json", *arguments).json]

    assert numbers("--action", "token.re") == [3]
    assert numbers("--target", "tok_0") == []
    assert numbers("--actor", operator().id, "--limit", "1") == [3]
    assert numbers("--before", "3", "--limit", "1") == [2]


def test_list_is_written_for_people(tollbridge, done) -> None:
    shown = tollbridge("audit", "list").out

    assert "token.change" in shown
    assert "name: job -> new" in shown
    assert "state was active" in shown
    assert "name: job, " in shown


def test_what_comes_in_place_of_nothing_is_shown_beside_it(tollbridge, done) -> None:
    id = tollbridge("token", "create", "--name", "job", "--json").json["id"]
    tollbridge("token", "edit", id, "--name", "job", "--expires", "2098-01-01T00:00:00Z")

    first = tollbridge("audit", "list", "--target", id).out.splitlines()[2]

    assert first.rstrip().endswith("expires_at: - -> 2098-01-01T00:00:00Z")


def test_list_fits_on_a_screen_and_json_has_the_whole(tollbridge, done) -> None:
    made = ("--budget", "10/month", "--expires", "2098-01-01T00:00:00Z", "--metadata", "a=b")
    tollbridge("token", "create", "--name", "n" * 60, *made, "--scope", "ai:chat", "--scope", "model:gpt-4o-mini")

    shown, (record, *_) = tollbridge("audit", "list").out, tollbridge("audit", "list", "--json").json

    assert max(map(len, shown.splitlines())) <= 120
    title, head, first, *_ = (line.rstrip() for line in shown.splitlines())
    assert (title, head.split()) == ("Audit log", ["number", "when,", "UTC", "who", "action", "target", "what"])
    assert (first[0], first[-1]) == ("4", "…")
    assert f"{record['target'][:10]}…{record['target'][-8:]}" in first
    after = record["after"]
    assert (after["budget_amount"], after["expires_at"]) == ("10", "2098-01-01T00:00:00Z")
    assert after["metadata"] == {"a": "b"}


def test_empty_log_says_so_and_is_whole(tollbridge, laid) -> None:
    assert tollbridge("audit", "list").out == "Nothing was recorded.\n"
    ran = tollbridge("audit", "verify")
    assert (ran.code, ran.out) == (0, f"0 records, whole\n0:{'0' * 64}\n")


def test_whole_log_is_verified_page_by_page(tollbridge, done, monkeypatch) -> None:
    monkeypatch.setattr("tollbridge.cli.auditways._PAGE", 2)

    ran = tollbridge("audit", "verify")

    assert ran.code == 0
    assert ran.out.startswith("3 records, whole\n3:")


@pytest.mark.parametrize(
    ("statement", "number", "why"),
    [
        ("UPDATE audit SET actor = 'eve' WHERE number = 2", 2, "does not say what was recorded"),
        ("UPDATE audit SET after = '{}' WHERE number = 3", 3, "does not say what was recorded"),
        ("DELETE FROM audit WHERE number = 1", 1, "the records from 1 to 1 are missing"),
        ("DELETE FROM audit WHERE number = 2", 2, "the records from 2 to 2 are missing"),
    ],
)
def test_what_was_altered_is_named(tollbridge, done, altered, statement, number, why) -> None:
    altered(statement)

    ran = tollbridge("audit", "verify")
    as_json = tollbridge("audit", "verify", "--json")

    assert (ran.code, as_json.code) == (1, 1)
    assert f"record {number}: " in ran.err
    assert why in ran.err
    assert as_json.json["breaks"][0]["number"] == number


def test_last_records_taken_away_are_seen_by_the_head_that_was_noted(tollbridge, done, altered) -> None:
    head = tollbridge("audit", "verify", "--json").json["head"]
    assert tollbridge("audit", "verify", "--head", head).code == 0
    altered("DELETE FROM audit WHERE number = 3")

    assert tollbridge("audit", "verify").code == 0
    ran = tollbridge("audit", "verify", "--head", head)

    assert ran.code == 1
    assert "record 3: the record that was noted as the head is not there" in ran.err


def test_log_that_cannot_be_written_refuses_the_change(tollbridge, done, altered) -> None:
    altered("DROP TABLE audit")

    ran = tollbridge("token", "create", "--name", "unseen")

    assert (ran.code, ran.out) == (1, "")
    assert [token["name"] for token in tollbridge("token", "list", "--json").json] == ["new"]


@pytest.mark.parametrize("head", ["3", "x:ab", ":ab"])
def test_head_that_is_none_is_refused(tollbridge, head) -> None:
    ran = tollbridge("audit", "verify", "--head", head)

    assert ran.code == 2
    assert "is no head: NUMBER:DIGEST" in ran.err


def test_actor_is_the_user_of_the_machine_and_not_whom_the_environment_names(tollbridge, monkeypatch) -> None:
    for name in ("LOGNAME", "USER", "SUDO_USER"):
        monkeypatch.setenv(name, "mallory")
    tollbridge("token", "create", "--name", "x")

    actor = tollbridge("audit", "list", "--json").json[0]["actor"]

    assert actor.startswith(f"operator:{pwd.getpwuid(os.getuid()).pw_name}")
    assert "mallory" not in actor
