"""`tollbridge provider-key`: on this machine and elsewhere, with a key that is read and never an argument."""

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.middleware.cli.conftest import Ran, config, tollbridge
from tests.support.keyed import NEW_KEY, OLD_KEY
from tests.support.live import LiveGateway, mock_config

from tollbridge.testing.upstream import ScriptedUpstream

__all__ = ["config", "tollbridge"]

Command = Callable[..., Ran]


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    return lambda text: monkeypatch.setattr("sys.stdin", io.StringIO(text))


@pytest.fixture
def stored(config: Path) -> Path:
    """Have the provider read its key from the database."""
    config.write_text(config.read_text().replace("env:MOCK_KEY", "stored:mock"))
    return config


def versions(key: Any) -> list[tuple[int, str]]:
    return [(one["version"], one["hint"]) for one in key["versions"]]


def test_key_is_set_rotated_shown_and_removed_on_this_machine(tollbridge: Command, stored: Path, say: Any) -> None:
    say(f"{OLD_KEY}\n")
    made = tollbridge("provider-key", "set", "mock", "--expires", "90d", "--json")
    assert (made.code, versions(made.json), made.json["in_use"]) == (0, [(1, "aaaa")], True)
    say(NEW_KEY)
    rotated = tollbridge("provider-key", "rotate", "mock", "--overlap", "1h", "--json").json
    assert versions(rotated) == [(2, "bbbb"), (1, "aaaa")]

    shown = tollbridge("provider-key", "show", "mock")
    listed = tollbridge("provider-key", "list")
    assert (shown.code, shown.out) == (0, listed.out)
    assert [line.split()[:5] for line in listed.out.splitlines()[2:]] == [
        ["mock", "mock", "2", "live", "bbbb"],
        ["mock", "mock", "1", "live", "aaaa"],
    ]
    assert tollbridge("provider-key", "list", "--json").json == [rotated]
    assert tollbridge("provider-key", "expire", "mock", "2030-01-01T00:00").code == 0
    assert tollbridge("provider-key", "expire", "mock", "never", "--version", "2").code == 0
    assert versions(tollbridge("provider-key", "remove", "mock", "--version", "1", "--yes", "--json").json) == [
        (2, "bbbb")
    ]
    assert tollbridge("provider-key", "remove", "mock", "-y").out == "No key is kept.\n"
    gone = tollbridge("provider-key", "show", "mock")
    assert (gone.code, gone.err) == (3, "tollbridge: there is no such key\n")
    records = tollbridge("audit", "list", "--target", "mock", "--json").json
    assert [record["action"] for record in records][-1] == "provider_key.set"
    assert not [word for word in (OLD_KEY, NEW_KEY) if word in json.dumps(records)]


def test_key_of_another_name_is_told_to_be_read_by_nobody(tollbridge: Command, stored: Path, say: Any) -> None:
    say(OLD_KEY)

    assert "mock (does not read it)" in tollbridge("provider-key", "set", "mock", "--name", "spare").out


def test_question_is_asked_before_a_key_is_forgotten(tollbridge: Command, stored: Path, say: Any) -> None:
    say(OLD_KEY)
    tollbridge("provider-key", "set", "mock")
    say("n\n")

    assert tollbridge("provider-key", "remove", "mock").code == 130
    assert tollbridge("provider-key", "show", "mock").code == 0


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("set", "mock"), "the key is empty"),
        (("rotate", "mock", "--overlap", "soon"), "'soon' is no overlap"),
        (("expire", "mock", "soon"), "'soon' is neither a span"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(
    tollbridge: Command, stored: Path, say: Any, words: tuple[str, ...], problem: str
) -> None:
    say(" \n")

    ran = tollbridge("provider-key", *words)

    assert ran.code == 2
    assert problem in ran.err


def test_key_that_is_set_elsewhere_opens_the_way_there_at_once(
    tollbridge: Command, tmp_path: Path, upstream: ScriptedUpstream, say: Any
) -> None:
    text = mock_config(upstream.url).replace("env:MOCK_KEY", "stored:mock")
    there_too = tmp_path / "live"
    there_too.mkdir()
    with LiveGateway(there_too, text) as live:
        there = ("--url", live.url, "--token", live.token("--scope", "admin:*")["token"])
        say(OLD_KEY)

        assert tollbridge("provider-key", "set", "mock", *there).code == 0

        found = tollbridge("provider-key", "check", "mock", "--json", *there)
        assert (found.code, found.json[0]["version"]) == (1, 1)
        assert upstream.requests[0].header("authorization") == f"Bearer {OLD_KEY}"


@pytest.fixture
def upstream() -> Iterator[ScriptedUpstream]:
    with ScriptedUpstream.in_thread() as started:
        yield started
