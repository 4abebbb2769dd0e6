"""The options that say where a command works."""

import io
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from tollbridge.cli.places import Where, placed

app = typer.Typer()
found: list[object] = []


@app.command("one")
@placed
def one(where: Where, name: str, also: Annotated[int, typer.Option()] = 1) -> None:
    """Do one thing."""
    found.append((where, name, also))


@app.command("bare")
@placed
def bare(where: Where) -> None:
    """Do nothing."""
    found.append(where)


def test_command_gets_its_own_words_and_where_it_works() -> None:
    found.clear()

    ran = CliRunner().invoke(
        app, ["one", "ada", "--url", "https://x.example", "--token", "@f", "--json", "--also", "2"]
    )

    assert ran.exit_code == 0, ran.output
    assert found == [(Where(None, "https://x.example", "@f", True), "ada", 2)]


def test_nothing_said_is_this_machine(monkeypatch) -> None:
    for name in ("TOLLBRIDGE_URL", "TOLLBRIDGE_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    found.clear()

    assert CliRunner().invoke(app, ["bare"]).exit_code == 0
    assert found == [Where()]


def test_options_stand_behind_the_commands_own_in_its_help() -> None:
    told = CliRunner().invoke(app, ["one", "--help"]).output

    assert "Do one thing." in told
    places = [told.index(name) for name in ("--also", "--config", "--url", "--token", "--json")]
    assert places == sorted(places)
    assert "--where" not in told


LOCAL = (
    *(("token", word) for word in ("peppers", "rotate-pepper")),
    ("token", "drop-pepper", "1"),
    ("token", "accept-peppers", "--yes"),
    *(("secret", word) for word in ("list", "keys", "rotate-key", "rewrap")),
    *(("secret", word, "x") for word in ("set", "remove", "drop-key")),
    *(("db", word) for word in ("status", "upgrade")),
)


@pytest.mark.parametrize("command", LOCAL, ids=" ".join)
def test_command_for_this_machine_alone_is_wrong_usage_for_who_means_a_gateway_elsewhere(
    tollbridge, monkeypatch, tmp_path, command
) -> None:
    monkeypatch.setenv("TOLLBRIDGE_URL", "https://gw.example.com")
    monkeypatch.setenv("TOLLBRIDGE_TOKEN", "tb_live_x")

    ran = tollbridge(*command)

    assert (ran.code, ran.out) == (2, "")
    assert "works on the gateway's own machine alone, and TOLLBRIDGE_URL names a gateway elsewhere" in ran.err
    assert not (tmp_path / ".tollbridge").exists()


def test_configuration_that_is_named_is_this_machine_s(tollbridge, monkeypatch, config) -> None:
    monkeypatch.setenv("TOLLBRIDGE_URL", "https://gw.example.com")

    assert tollbridge("secret", "list", "--config", str(config)).out == "Nothing is stored.\n"


LOOKING = (
    *(("token", word) for word in ("list", "report", "peppers")),
    *(("token", word, "tok_1") for word in ("show", "rotate", "disable", "enable", "revoke --yes")),
    ("audit", "list"),
    ("audit", "verify"),
    ("team", "list"),
    ("me",),
    ("explain", "operator", "small"),
    ("api", "GET", "/tokens"),
    ("api", "HEAD", "/tokens"),
)


@pytest.mark.parametrize("command", LOOKING, ids=" ".join)
def test_looking_makes_no_database(tollbridge, tmp_path, command) -> None:
    ran = tollbridge(*(word for words in command for word in words.split()))

    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        "tollbridge: there is no database yet, and looking makes none; the first start does (tollbridge serve), or the "
        "first token (tollbridge token create)\n"
    )
    assert not (tmp_path / ".tollbridge").exists()


@pytest.mark.parametrize("words", [("secret", "keys"), ("secret", "rewrap"), ("secret", "list"), ("db", "status")])
def test_no_secret_command_makes_a_database(tollbridge, tmp_path, words, monkeypatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("sk-1\n"))
    assert tollbridge("secret", "set", "mine").code == 0

    assert tollbridge(*words).code == 0

    assert sorted(path.name for path in (tmp_path / ".tollbridge").iterdir()) == ["kek", "vault"]


def test_first_write_makes_the_database(tollbridge, tmp_path) -> None:
    assert tollbridge("team", "create", "ops").code == 0

    assert "ops" in tollbridge("team", "list").out
