"""Making, listing and revoking tokens from the command line."""

import asyncio
import re
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from tollbridge import Gateway
from tollbridge.cli.output import labelled, print_fields, when
from tollbridge.cli.tokenwords import read_budget, read_expiry
from tollbridge.metering.budgets import period_of
from tollbridge.tokens.model import TokenBudget

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)


def test_token_is_made_and_its_secret_shown_once(tollbridge) -> None:
    made = tollbridge("token", "create", "--name", "laptop")
    secret = next(line for line in made.out.splitlines() if line.startswith("tb_"))
    listed = tollbridge("token", "list")

    assert made.code == 0
    assert "Keep it now: it is not shown again." in made.out
    assert "ai:* model:*" in made.out
    assert secret not in listed.out
    assert "laptop" in listed.out
    assert "never" not in listed.out
    principal = asyncio.run(identify(secret))
    assert principal == "laptop"


@pytest.mark.parametrize(
    "wish",
    [("--scope", "bad scope"), ("--scope", "ai:chat", "--scope", "x:y"), ("--expires", "1999-01-01"), ("--name", " ")],
)
def test_token_that_cannot_be_made_leaves_no_database_behind(tollbridge, tmp_path, wish) -> None:
    ran = tollbridge("token", "create", "--name", "laptop", *wish)

    assert ran.code == 1
    assert ran.err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["tollbridge.toml"]


def test_secret_alone_is_printed_for_a_script(tollbridge) -> None:
    made = tollbridge("token", "create", "--name", "script", "--quiet")

    assert asyncio.run(identify(made.out.removesuffix("\n"))) == "script"


async def identify(secret: str) -> str | None:
    async with Gateway() as gateway:
        found = await gateway.tokens.identify(secret.encode())
        return found.name if found is not None else None


def test_every_option_of_a_token_arrives(tollbridge) -> None:
    made = tollbridge(
        *("token", "create", "--name", "shop", "--scope", "ai:chat", "--scope", "model:gpt-*", "--owner", "ann"),
        *("--team", "sales", "--expires", "2099-01-01T00:00", "--rpm", "30", "--tpm", "1000", "--concurrency", "2"),
        *("--budget", "25/day", "--from", "10.0.0.0/8", "--from", "192.0.2.1", "--hours", "mon-fri 08:00-18:00 UTC"),
        *(
            "--tag",
            "eu",
            "--tag",
            "batch",
            "--metadata",
            "ticket=OPS-1",
            "--metadata",
            "why=a=b",
            "--rotate-days",
            "30",
        ),
        *("--test", "--canary", "--json"),
    ).json
    shown = tollbridge("token", "show", made["id"], "--json").json

    assert made.pop("token").startswith("tb_test_")
    assert made == shown
    assert (shown["name"], shown["owner"], shown["team"]) == ("shop", "ann", "sales")
    assert (shown["scopes"], shown["state"], shown["kind"]) == (["ai:chat", "model:gpt-*"], "active", "bearer")
    assert shown["expires_at"] == "2099-01-01T00:00:00Z"
    assert (shown["requests_per_minute"], shown["tokens_per_minute"], shown["concurrency"]) == (30, 1000, 2)
    assert shown["budget"] == {"usd": "25", "period": "day"}
    assert (shown["from"], shown["hours"]) == (["10.0.0.0/8", "192.0.2.1/32"], "mon-fri 08:00-18:00 UTC")
    assert (shown["tags"], shown["metadata"]) == (["eu", "batch"], {"ticket": "OPS-1", "why": "a=b"})
    assert (shown["environment"], shown["canary"], shown["rotate_days"]) == ("test", True, 30)
    (secret,) = shown["secrets"]
    created, ends = (datetime.fromisoformat(secret[name]) for name in ("created_at", "expires_at"))
    assert ends - created == timedelta(days=30)


def test_token_is_shown_for_people(tollbridge) -> None:
    plain = tollbridge("token", "create", "--name", "plain", "--json").json["id"]
    rich = tollbridge("token", "create", "--name", "rich", "--budget", "1.50", "--json").json["id"]

    lines = dict(re.split("  +", line, maxsplit=1) for line in tollbridge("token", "show", plain).out.splitlines())

    assert lines["scopes"] == "ai:* model:*"
    assert [lines[name] for name in ("budget", "expires", "owner", "rotate days")] == ["-", "-", "-", "-"]
    assert lines["canary"] == "no"
    assert lines["created"].endswith(" UTC")
    assert "1.5 USD a month" in tollbridge("token", "show", rich).out


def test_list_can_be_narrowed_and_paged(tollbridge) -> None:
    ids = [tollbridge("token", "create", "--name", name, "--json").json["id"] for name in ("one", "two", "three")]
    tollbridge("token", "revoke", ids[0], "--yes")

    def listed(*arguments: str) -> list[str]:
        return [token["name"] for token in tollbridge("token", "list", "--json", *arguments).json]

    assert listed() == ["three", "two", "one"]
    assert listed("--state", "revoked") == ["one"]
    assert listed("--search", "THR") == ["three"]
    assert listed("--limit", "1") == ["three"]
    assert listed("--before", ids[1]) == ["one"]
    team = tollbridge("token", "create", "--name", "theirs", "--team", "blue", "--json").json
    assert listed("--team", "blue") == ["theirs"]
    assert tollbridge("token", "show", team["id"], "--json").json["team"] == "blue"
    assert "revoked" in tollbridge("token", "list").out


def test_empty_list_says_how_to_make_a_token(tollbridge, laid) -> None:
    assert "make one with: tollbridge token create --name NAME" in tollbridge("token", "list").out


@pytest.mark.parametrize(
    "filter",
    [("--search", "x"), ("--state", "ending"), ("--team", "red"), ("--parent", "tok_1"), ("--before", "tok_1")],
)
def test_filter_that_nothing_fits_does_not_say_that_there_is_no_token(tollbridge, laid, filter) -> None:
    assert tollbridge("token", "list", *filter).out == "No token fits.\n"


def test_budget_for_tokens_without_one_counts_for_the_states_that_it_makes(tollbridge, config) -> None:
    made = tollbridge("token", "create", "--name", "thrifty", "--json").json
    config.write_text(config.read_text() + '[budgets]\ntoken_daily_usd = "1"\n')
    day = datetime.now(UTC).date()
    with sqlite3.connect(config.parent / ".tollbridge" / "tollbridge.db") as db:
        period = period_of("day", day)
        row = (f"token:{made['id']}:{period}", 0, 950_000_000)
        db.execute("INSERT INTO budget (id, reserved, spent) VALUES (?, ?, ?)", row)

    listed = {
        state: [one["name"] for one in tollbridge("token", "list", "--state", state, "--json").json]
        for state in ("near-budget", "over-budget", "ending", "unused")
    }

    assert listed == {"near-budget": ["thrifty"], "over-budget": [], "ending": [], "unused": []}


def test_revoking_again_is_no_further_record(tollbridge) -> None:
    made = tollbridge("token", "create", "--name", "gone", "--json").json

    ends = [tollbridge("token", "revoke", made["id"], "--json").json["revoked_at"] for _ in range(2)]

    assert ends[0] == ends[1]
    assert len(tollbridge("audit", "list", "--action", "token.revoke", "--json").json) == 1


def test_revoked_token_opens_nothing(tollbridge) -> None:
    made = tollbridge("token", "create", "--name", "gone", "--json").json

    revoked = tollbridge("token", "revoke", made["id"], "--yes")

    assert revoked.code == 0
    assert "state                revoked\n" in revoked.out
    assert asyncio.run(identify(made["token"])) is None


@pytest.mark.parametrize(
    ("answer", "code", "state"), [("y\n", 0, "revoked"), ("n\n", 130, "active"), ("", 130, "active")]
)
def test_revoking_is_asked_for_unless_told_not_to(tollbridge, monkeypatch, answer, code, state) -> None:
    import io

    made = tollbridge("token", "create", "--name", "asked", "--json").json
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))

    ran = tollbridge("token", "revoke", made["id"])

    assert ran.code == code
    assert f"Revoke {made['id']}?" in ran.out + ran.err
    assert ran.err.endswith("tollbridge: nothing was changed\n") == (state == "active")
    assert tollbridge("token", "show", made["id"], "--json").json["state"] == state


def test_revoking_as_json_does_not_ask(tollbridge) -> None:
    made = tollbridge("token", "create", "--name", "script", "--json").json

    assert tollbridge("token", "revoke", made["id"], "--json").json["state"] == "revoked"


@pytest.mark.parametrize("command", [("show",), ("revoke", "--yes"), ("show", "--json"), ("revoke", "--json")])
def test_token_that_does_not_exist_is_code_3(tollbridge, laid, command) -> None:
    ran = tollbridge("token", command[0], "tok_none", *command[1:])

    assert (ran.code, ran.out) == (3, "")
    assert ran.err == "tollbridge: there is no token 'tok_none'; see: tollbridge token list\n"


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("create", "--name", " "), 1, "a token needs a name"),
        (("create", "--name", "x", "--scope", "everything"), 1, "is no scope"),
        (("create", "--name", "x", "--expires", "2001-01-01"), 1, "the expiry lies in the past"),
        (("create", "--name", "x", "--expires", "soon"), 2, "neither an age such as 90d nor a time"),
        (
            ("create", "--name", "x", "--budget", "25/week"),
            2,
            "a budget is USD/day, USD/month or USD/total, and 25 is 25/month",
        ),
        (("create", "--name", "x", "--budget", "lots"), 2, "'lots' is not an amount in US dollars"),
        (("create", "--name", "x", "--rpm", "-1"), 2, "--rpm"),
        (
            ("list", "--state", "asleep"),
            2,
            "'asleep' is no state: active, disabled, revoked, expired, ending, near-budget, over-budget, unused",
        ),
        (("list", "--limit", "0"), 2, "--limit"),
        (("create", "--name", "x", "--from", "here"), 2, "'here' is no address or network"),
        (("create", "--name", "x", "--hours", "late"), 2, "'late' are no hours"),
        (("create", "--name", "x", "--metadata", "k"), 2, "'k' is not KEY=VALUE"),
        (("create", "--name", "x", "--metadata", "=v"), 2, "'=v' is not KEY=VALUE"),
        (("create", "--name", "x", "--tag", "two words"), 1, "tags are up to 32 words"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_line(tollbridge, arguments, code, sentence) -> None:
    ran = tollbridge("token", *arguments)

    assert (ran.code, ran.out) == (code, "")
    assert sentence in ran.err
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("12h", NOW + timedelta(hours=12)),
        ("90d", NOW + timedelta(days=90)),
        ("2w", NOW + timedelta(weeks=2)),
        ("2027-02-21T12:00", datetime(2027, 2, 21, 12, tzinfo=UTC)),
        ("2027-02-21T12:00+02:00", datetime(2027, 2, 21, 10, tzinfo=UTC)),
    ],
)
def test_expiry_is_an_age_or_a_time_in_utc(text, moment) -> None:
    assert read_expiry(text, NOW) == moment


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("25/month", TokenBudget(25_000_000_000, "month")),
        ("1.50/day", TokenBudget(1_500_000_000, "day")),
        ("100/total", TokenBudget(100_000_000_000, "total")),
        ("5", TokenBudget(5_000_000_000, "month")),
    ],
)
def test_budget_is_dollars_and_a_period(text, budget) -> None:
    assert read_budget(text) == budget


def test_fields_are_aligned_and_what_is_missing_is_a_dash(capsys) -> None:
    print_fields({"a": 1, "longer": None, "b": "", "c": 0})

    assert capsys.readouterr().out == "a       1\nlonger  -\nb       -\nc       0\n"


def test_fields_of_the_api_are_shown_in_words() -> None:
    shown = labelled({"rotate_days": 3, "built_in": True, "created_at": NOW, "ended_at": None, "scopes": ["a", "b"]})

    times = {"created": "2026-01-05 12:00 UTC", "ended": "-"}
    assert shown == {"rotate days": 3, "built in": True, **times, "scopes": "a b"}


def test_what_is_so_and_what_is_not_is_yes_and_no(capsys) -> None:
    print_fields({"a": True, "b": False})

    assert capsys.readouterr().out == "a  yes\nb  no\n"


def test_no_fields_print_nothing(capsys) -> None:
    print_fields({})

    assert capsys.readouterr().out == ""


def test_time_is_shown_to_the_minute() -> None:
    assert (when(NOW), when(None)) == ("2026-01-05 12:00 UTC", "-")
