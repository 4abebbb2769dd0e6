"""The same commands, in the store of a configuration and on a gateway elsewhere, print the same."""

import io
import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.middleware.cli.conftest import Ran
from tests.support.live import LiveGateway, mock_config

from tollbridge.cli.app import run

EVERYTHING = ("admin:*", "ai:*", "model:*", "service:*")
FULL = (
    *("--scope", "ai:chat", "--scope", "model:gpt-*", "--owner", "ann", "--expires", "2099-01-01T00:00"),
    *("--rpm", "30", "--tpm", "1000", "--concurrency", "2", "--budget", "25/day", "--from", "10.0.0.0/8"),
    *("--hours", "mon-fri 08:00-18:00 UTC", "--tag", "eu", "--metadata", "ticket=OPS-1", "--rotate-days", "30"),
    *("--test", "--canary"),
)
EDITS = (
    ("--name", "renamed", "--scope", "ai:*", "--rpm", "7", "--budget", "1/total", "--from", "192.0.2.1"),
    ("--metadata", "other=1", "--hours", "sat,sun 00:00-24:00 UTC", "--tag", "x", "--tag", "y"),
    tuple(word for name in ("expires", "budget", "rpm", "tpm", "concurrency") for word in ("--no", name)),
    tuple(word for name in ("from", "hours", "tag", "metadata", "rotate-days") for word in ("--no", name)),
    ("--name", "again", "--no", "metadata"),
)
OWN = {"id", "token", "hint", "parent", "created_at", "disabled_at", "revoked_at", "secrets"}
"""What is another of each token."""

Way = Callable[..., Ran]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    with LiveGateway(tmp_path_factory.mktemp("live"), mock_config("http://127.0.0.1:9")) as gateway:
        secret = gateway.token(*(word for scope in EVERYTHING for word in ("--scope", scope)))["token"]
        (gateway.folder / "token").write_text(secret + "\n")
        yield gateway


@pytest.fixture
def ways(live: LiveGateway, capsys: pytest.CaptureFixture[str]) -> tuple[Way, Way]:
    """Give what runs a command here and what runs it there."""

    def way(*where: str) -> Way:
        def command(*words: str) -> Ran:
            capsys.readouterr()
            return Ran(run([*words, *where]), *capsys.readouterr())

        return command

    return way("--config", str(live.config)), way("--url", live.url, "--token", f"@{live.folder / 'token'}")


def same(found: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if name not in OWN}


def shape(text: str) -> str:
    """Give a text with ids, secrets and times of one length each."""
    text = re.sub(r"(tok|req)_[0-9a-f]{28}", "ID", text)
    text = re.sub(r"tb_\S+", "SECRET", text)
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC|parent +\S+", "TIME", text)


@pytest.mark.parametrize("wish", [(), FULL], ids=["bare", "full"])
def test_token_is_made_alike(ways: tuple[Way, Way], wish: tuple[str, ...]) -> None:
    made = [way("token", "create", "--name", "x", *wish, "--json") for way in ways]
    told = [way("token", "create", "--name", "x", *wish) for way in ways]
    quiet = [way("token", "create", "--name", "x", *wish, "--quiet") for way in ways]

    assert [ran.code for ran in (*made, *told, *quiet)] == [0] * 6
    assert same(made[0].json) == same(made[1].json)
    assert list(made[0].json) == list(made[1].json)
    assert shape(told[0].out) == shape(told[1].out)
    assert [shape(ran.out) for ran in quiet] == ["SECRET\n"] * 2


def test_tokens_are_listed_and_shown_alike(ways: tuple[Way, Way]) -> None:
    ids = [ways[0]("token", "create", "--name", f"listed-{n}", *FULL, "--json").json["id"] for n in range(3)]
    commands = [
        ("list", "--search", "listed-"),
        ("list", "--limit", "2", "--search", "listed-"),
        ("list", "--before", ids[1], "--search", "listed-"),
        ("list", "--state", "revoked", "--parent", ids[0]),
        ("show", ids[0]),
        ("report", "--days", "30"),
    ]

    for words in commands:
        for more in ((), ("--json",)):
            here, there = (way("token", *words, *more) for way in ways)
            assert here.out == there.out, words
            assert (here.code, here.err) == (there.code, there.err) == (0, "")
    assert [one["name"] for one in ways[1]("token", *commands[2], "--json").json] == ["listed-0"]


def test_tokens_are_edited_alike(ways: tuple[Way, Way]) -> None:
    ids = [ways[0]("token", "create", "--name", "x", *FULL, "--json").json["id"] for _ in ways]

    for edit in EDITS:
        here, there = (way("token", "edit", id, *edit, "--json") for way, id in zip(ways, ids, strict=True))
        assert (here.code, there.code) == (0, 0), there.err
        assert same(here.json) == same(there.json)
    assert (there.json["name"], there.json["metadata"], there.json["from"]) == ("again", {}, [])


def test_tokens_are_rotated_switched_and_ended_alike(ways: tuple[Way, Way]) -> None:
    ids = [ways[0]("token", "create", "--name", "x", "--json").json["id"] for _ in ways]

    for words, more in (
        (("rotate",), ("--overlap", "1h")),
        (("disable",), ()),
        (("enable",), ()),
        (("revoke",), ("-y",)),
    ):
        here, there = (way("token", *words, id, *more, "--json") for way, id in zip(ways, ids, strict=True))
        assert (here.code, there.code) == (0, 0), there.err
        assert same(here.json) == same(there.json)
        assert list(here.json) == list(there.json)
    assert there.json["state"] == "revoked"


@pytest.mark.parametrize(
    "words",
    [
        ("show", "tok_none"),
        ("rotate", "tok_none"),
        ("edit", "tok_none", "--name", "x"),
        ("edit", "tok_none", "--metadata", "a=b"),
        ("disable", "tok_none"),
        ("enable", "tok_none"),
        ("revoke", "tok_none", "--yes"),
    ],
)
def test_token_that_is_not_there_is_said_alike(ways: tuple[Way, Way], words: tuple[str, ...]) -> None:
    here, there = (way("token", *words) for way in ways)

    assert here == there
    assert (there.code, there.out) == (3, "")


def test_refusals_are_told_and_end_alike(ways: tuple[Way, Way]) -> None:
    id = ways[0]("token", "create", "--name", "x", "--json").json["id"]
    assert ways[0]("token", "rotate", id).code == 0

    here, there = (way("token", "rotate", id) for way in ways)

    assert here == there
    assert there.code == 1
    assert "secrets open" in there.err


def test_audit_log_is_listed_and_verified_alike(ways: tuple[Way, Way]) -> None:
    for words in (("--action", "token."), ("--limit", "2"), ("--before", "3"), ("--target", "tok_none")):
        for more in ((), ("--json",)):
            here, there = (way("audit", "list", *words, *more) for way in ways)
            assert here == there, words
            assert there.code == 0

    here, there = (way("audit", "verify") for way in ways)
    head = there.out.splitlines()[-1]
    noted = [way("audit", "verify", "--head", head, "--json") for way in ways]
    gone = [way("audit", "verify", "--head", "1:00", "--json") for way in ways]

    assert here == there
    assert [ran.code for ran in noted] == [0, 0]
    assert [(ran.code, ran.json["breaks"]) for ran in gone] == [
        (1, [{"number": 1, "why": "the record that was noted as the head is not there"}])
    ] * 2


def test_broken_log_is_told_by_a_gateway_elsewhere(ways: tuple[Way, Way], live: LiveGateway) -> None:
    number = json.loads(ways[0]("audit", "list", "--limit", "1", "--json").out)[0]["number"]
    with sqlite3.connect(live.folder / ".tollbridge" / "tollbridge.db") as db:
        db.execute("UPDATE audit SET target = 'tok_other' WHERE number = ?", (number,))

    here, there = (way("audit", "verify", "--json") for way in ways)

    assert here == there
    assert there.code == 1
    assert there.json["breaks"][0]["number"] == number


def test_two_places_are_wrong_usage(live: LiveGateway, capsys: pytest.CaptureFixture[str]) -> None:
    both = ("--config", str(live.config), "--url", live.url, "--token", "x")

    assert [run([*words, *both]) for words in (("token", "list"), ("audit", "list"))] == [2, 2]
    assert capsys.readouterr().err.count("name one") == 2


@pytest.mark.parametrize(
    "command", ["token list", "token import -", "audit verify", "me", "team list", "explain me gpt"]
)
@pytest.mark.parametrize("said", ["option", "environment", "beside --config"])
def test_token_for_no_gateway_is_wrong_usage_and_nobody_becomes_the_operator(
    tollbridge: Way, config: Path, monkeypatch: pytest.MonkeyPatch, command: str, said: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    where = {"option": ("--token", "tb_secret"), "beside --config": ("--config", str(config))}.get(said, ())
    if said != "option":
        monkeypatch.setenv("TOLLBRIDGE_TOKEN", "tb_secret")

    ran = tollbridge(*command.split(), *where)

    assert (ran.code, ran.out) == (2, "")
    assert "a token is for a gateway elsewhere: name that with --url or TOLLBRIDGE_URL" in ran.err
    assert "leave --token out, and unset TOLLBRIDGE_TOKEN" in ran.err
    assert "tb_secret" not in ran.err
    assert not (config.parent / ".tollbridge").exists()
