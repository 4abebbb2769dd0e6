"""`tollbridge team`, `person` and `role`, on this machine and against a gateway elsewhere."""

import io
from collections.abc import Callable

import pytest
import typer
from tests.middleware.cli.conftest import Ran, config, laid, tollbridge

from tollbridge.cli.asking import PROBLEM, Asking, Reply
from tollbridge_admin.commands import people as people_commands
from tollbridge_admin.commands.acting import check_meant
from tollbridge_admin.commands.words import counts, money, money_said, wished

__all__ = ["config", "laid", "tollbridge"]

Command = Callable[..., Ran]
GOOD = "correct horse battery"
ADA = ("--email", "Ada@Example.com", "--name", "Ada Lovelace")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Give what is on standard input."""

    def type_in(text: str) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO(text))

    return type_in


def test_team_is_made_shown_changed_and_ended(tollbridge: Command) -> None:
    made = tollbridge(
        *("team", "create", "blue", "--title", "Blue", "--budget", "25/day", "--scope", "ai:*", "--rpm", "0"),
        *("--from", "10.0.0.0/8", "--hours", "mon-fri 08:00-18:00 UTC", "--rotate-days", "0", "--json"),
    ).json
    assert (made["name"], made["budget"], made["scopes"]) == ("blue", {"usd": "25", "period": "day"}, ["ai:*"])
    assert (made["requests_per_minute"], made["from"], made["rotate_days"]) == (0, ["10.0.0.0/8"], 0)

    shown = tollbridge("team", "show", "blue")
    assert "blue" in shown.out
    assert "25/day" in shown.out
    listed = tollbridge("team", "list", "--search", "BLU")
    assert "Blue" in listed.out
    assert [one["name"] for one in tollbridge("team", "list", "--json").json] == ["blue"]
    edited = tollbridge("team", "edit", "blue", "--title", "Bluer", "--no", "budget", "--no", "rpm", "--json").json
    assert (edited["title"], edited["budget"], edited["requests_per_minute"]) == ("Bluer", None, None)
    assert tollbridge("team", "disable", "blue", "--json").json["state"] == "disabled"
    assert tollbridge("team", "enable", "blue", "--json").json["state"] == "active"
    assert tollbridge("team", "end", "blue", "--yes", "--json").json["state"] == "revoked"
    assert tollbridge("team", "show", "red").code == 3


@pytest.mark.parametrize(
    "arguments",
    [
        ("team", "create", "blue", "--budget", "25/year"),
        ("team", "edit", "blue", "--no", "title"),
        ("person", "add", *ADA),
        ("person", "add", *ADA, "--password-stdin", "--no-password"),
    ],
)
def test_command_that_cannot_be_says_why(
    tollbridge: Command, typed: Callable[[str], None], arguments: tuple[str, ...]
) -> None:
    typed("")

    ran = tollbridge(*arguments)

    assert ran.code == 2
    assert "Invalid value" in ran.err


def test_what_was_not_meant_changes_nothing(tollbridge: Command, typed: Callable[[str], None]) -> None:
    tollbridge("team", "create", "blue")

    for answer in ("n\n", ""):
        typed(answer)
        ran = tollbridge("team", "end", "blue")
        assert (ran.code, "nothing was changed" in ran.err) == (130, True)
    assert tollbridge("team", "show", "blue", "--json").json["state"] == "active"
    typed("y\n")
    assert tollbridge("team", "end", "blue").code == 0


def test_first_administrator_is_made_with_a_password_that_is_read(
    tollbridge: Command, typed: Callable[[str], None]
) -> None:
    typed(f"{GOOD}\r\n")

    made = tollbridge("person", "add", *ADA, "--role", "platform-admin", "--password-stdin", "--json").json

    assert (made["email"], made["has_password"]) == ("ada@example.com", True)
    assert [(one["team"], one["role"]) for one in made["memberships"]] == [(None, "platform-admin")]
    shown = tollbridge("person", "show", "ADA@example.com")
    assert "the whole bridge" in shown.out
    assert GOOD not in shown.out
    last = tollbridge("person", "take", "ada@example.com", "--yes")
    assert (last.code, "nobody would administer" in last.err) == (1, True)


def test_password_is_asked_for_twice_at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, object]] = []

    def prompt(text: str, **how: object) -> str:
        asked.append(how)
        return GOOD

    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("typer.prompt", prompt)

    assert people_commands.read_password(stdin=False, without=False) == GOOD
    assert asked == [{"hide_input": True, "confirmation_prompt": True}]
    assert people_commands.read_password(stdin=False, without=True) is None


def test_no_option_takes_a_password(tollbridge: Command) -> None:
    for command in ("add", "password"):
        assert "--password " not in tollbridge("person", command, "--help").out


def test_person_is_changed_switched_and_removed(tollbridge: Command, typed: Callable[[str], None]) -> None:
    made = tollbridge("person", "add", *ADA, "--no-password", "--json").json
    assert made["has_password"] is False

    assert tollbridge("person", "edit", made["id"], "--name", "Ada", "--json").json["name"] == "Ada"
    typed(GOOD)
    assert tollbridge("person", "password", "ada@example.com", "--password-stdin", "--json").json["has_password"]
    assert not tollbridge("person", "password", made["id"], "--no-password", "--json").json["has_password"]
    assert tollbridge("person", "give", "ada@example.com", "--role", "viewer", "--json").json[0]["role"] == "viewer"
    assert "disabled" in tollbridge("person", "disable", made["id"]).out
    assert "active" in tollbridge("person", "enable", made["id"]).out
    assert "Ada" in tollbridge("person", "list", "--search", "ada").out
    assert tollbridge("person", "take", made["id"], "--yes", "--json").json[0]["role"] == "viewer"
    assert tollbridge("person", "remove", made["id"], "--yes", "--json").json["id"] == made["id"]
    assert tollbridge("person", "list", "--json").json == []
    assert "There is nobody." in tollbridge("person", "list").out
    gone = tollbridge("person", "show", "ada@example.com")
    assert (gone.code, "nobody has the address" in gone.err) == (3, True)


def test_members_join_and_leave(tollbridge: Command) -> None:
    tollbridge("team", "create", "blue")

    joined = tollbridge("team", "join", "blue", "ada@example.com", "--name", "Ada", "--json").json
    assert (joined[0]["role"], joined[0]["team"]) == ("consumer", "blue")
    again = tollbridge("team", "join", "blue", joined[0]["person"], "--role", "viewer", "--json").json
    assert again[0]["role"] == "viewer"
    assert "Ada" in tollbridge("team", "members", "blue").out
    assert [one["email"] for one in tollbridge("person", "list", "--team", "blue", "--json").json] == [
        "ada@example.com"
    ]
    assert tollbridge("team", "leave", "blue", "ada@example.com", "--yes").code == 0
    assert tollbridge("team", "members", "blue", "--json").json == []
    assert "There are no members." in tollbridge("team", "members", "blue").out


def test_roles_are_made_changed_and_removed(tollbridge: Command) -> None:
    made = tollbridge("role", "create", "builder", "--scope", "ai:*", "--description", "Builds.", "--json").json
    assert (made["scopes"], made["description"], made["built_in"]) == (["ai:*"], "Builds.", False)

    assert "Builds." in tollbridge("role", "show", "builder").out
    assert "viewer" in tollbridge("role", "list").out
    assert tollbridge("role", "list", "--json").json[-1] == made
    edited = tollbridge("role", "edit", "builder", "--scope", "model:*", "--json").json
    assert (edited["scopes"], edited["description"]) == (["model:*"], "Builds.")
    assert tollbridge("role", "remove", "builder", "--yes").code == 0
    built_in = tollbridge("role", "remove", "viewer", "--yes")
    assert (built_in.code, "built in" in built_in.err) == (1, True)
    assert tollbridge("role", "create", "empty").code == 1


def test_words_are_read_as_they_are_shown() -> None:
    assert money("25") == {"usd": "25", "period": "month"}
    assert money_said(money("1.50/day")) == "1.50/day"
    assert (money(""), money_said(None)) == (None, "")
    assert counts(a=0, b=None) == {"a": 0}
    assert wished({"a": "x", "b": ""}, ["gone"], {"gone": "c"}) == {"a": "x", "c": None}


def test_role_that_another_replaces_is_named(tollbridge: Command) -> None:
    tollbridge("team", "create", "blue")
    first = tollbridge("team", "join", "blue", "ada@example.com", "--name", "Ada", "--role", "viewer")
    again = tollbridge("team", "join", "blue", "ada@example.com", "--role", "viewer")
    other = tollbridge("team", "join", "blue", "ada@example.com")
    given = [tollbridge("person", "give", "ada@example.com", "--role", role) for role in ("viewer", "consumer")]
    told = tollbridge("team", "join", "blue", "ada@example.com", "--role", "viewer", "--json").json

    assert "signs in by a provider, or with a password: tollbridge person password ada@example.com" in first.out
    assert "person password" not in again.out
    assert [" before." in ran.out for ran in (first, again, given[0])] == [False, False, False]
    assert other.out.endswith("\nAda was viewer before.\n")
    assert given[1].out.endswith("\nAda was viewer before.\n")
    assert [(one["role"], one["replaced"]) for one in told] == [("viewer", "consumer")]


@pytest.mark.parametrize(
    "command",
    [
        ("role", "remove", "none"),
        ("team", "end", "none"),
        ("client", "revoke", "tok_none"),
        ("person", "remove", "per_none"),
        ("person", "take", "per_none"),
        ("team", "leave", "blue", "per_none"),
        ("webhook", "remove", "whk_none"),
    ],
)
def test_nobody_is_asked_about_what_is_not_there(tollbridge: Command, monkeypatch, command: tuple[str, ...]) -> None:
    tollbridge("team", "create", "blue")
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))

    ran = tollbridge(*command)

    assert (ran.code, ran.out) == (3, "")
    assert "?" not in ran.err
    assert "there is no such" in ran.err


def test_who_may_not_look_is_asked_all_the_same(monkeypatch, capsys) -> None:
    class Writes(Asking):
        def send(self, method, path, body=None, query=None, *, headers=None):
            problem = b'{"status": 403, "detail": "it needs admin:roles:read", "code": "insufficient_scope"}'
            return Reply(403, {"content-type": PROBLEM}, problem)

    monkeypatch.setattr("sys.stdin", Terminal("n\n"))

    with pytest.raises(typer.Exit):
        check_meant(Writes(), "/roles/x", "Remove the role x?", yes=False)

    assert "Remove the role x?" in capsys.readouterr().out


def test_who_has_a_role_in_the_whole_bridge_is_listed(tollbridge: Command) -> None:
    tollbridge("team", "create", "blue")
    tollbridge("team", "join", "blue", "ada@example.com", "--name", "Ada")
    tollbridge("team", "join", "blue", "bob@example.com", "--name", "Bob")
    tollbridge("person", "give", "bob@example.com", "--role", "viewer")

    assert [(one["name"], one["team"], one["role"]) for one in tollbridge("person", "roles", "--json").json] == [
        ("Bob", None, "viewer")
    ]
    assert "bob@example.com" in tollbridge("person", "roles").out


def test_rules_that_hold_are_shown(tollbridge: Command, config, laid: object) -> None:
    config.write_text(
        config.read_text() + '[limits]\nconcurrency = 3\n[budgets]\ndaily_usd = "5"\nmonthly_usd = "50"\n'
    )

    shown = tollbridge("policies").out

    assert "secrets open, days" in shown
    assert "concurrency of a token          3\n" in shown
    assert "requests per minute of a token  no limit\n" in shown
    assert "budget of the bridge            5/day, 50/month\n" in shown
    assert tollbridge("policies", "--json").json["limits"]["concurrency"] == 3


def test_objects_are_shown_with_words_and_yes_or_no(tollbridge: Command) -> None:
    tollbridge("team", "create", "blue", "--rotate-days", "30")
    team, role = tollbridge("team", "show", "blue").out, tollbridge("role", "show", "viewer").out

    assert "\nrotate days          30\n" in team
    assert "\ncreated              20" in team
    assert "\nrequests per minute  -\n" in team
    assert "\nbuilt in     yes\n" in role
    assert not any("_" in line.split("  ")[0] for line in (team + role).splitlines())
