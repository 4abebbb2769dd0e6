"""What befalls tokens from the command line: rotated, changed, switched off and on."""

import asyncio
from datetime import timedelta

import pytest
import typer

from tollbridge import Gateway
from tollbridge.cli.tokenlives import read_overlap

FULL = (
    *("--scope", "ai:*", "--expires", "2099-01-01T00:00", "--rpm", "30", "--tpm", "1000", "--concurrency", "2"),
    *("--budget", "25/day", "--from", "10.0.0.0/8", "--hours", "mon 08:00-18:00 UTC", "--tag", "eu"),
    *("--metadata", "k=v", "--rotate-days", "30"),
)


@pytest.fixture
def made(tollbridge):
    """Give a token with everything set, as `token create --json` prints it."""
    return tollbridge("token", "create", "--name", "job", *FULL, "--json").json


async def opens(secret: str) -> bool:
    async with Gateway() as gateway:
        return await gateway.tokens.identify(secret.encode()) is not None


def test_rotated_token_opens_with_both_secrets(tollbridge, made) -> None:
    rotated = tollbridge("token", "rotate", made["id"], "--overlap", "7d", "--json").json

    assert rotated["id"] == made["id"]
    assert len(rotated["secrets"]) == 2
    assert asyncio.run(opens(rotated["token"]))
    assert asyncio.run(opens(made["token"]))


def test_new_secret_is_shown_once_and_alone_where_that_is_asked(tollbridge, made) -> None:
    shown = tollbridge("token", "rotate", made["id"])
    alone = tollbridge("token", "rotate", made["id"], "--overlap", "now", "--quiet").out.strip()

    assert "Keep it now: it is not shown again." in shown.out
    assert shown.out.count("opens until") == 2
    assert asyncio.run(opens(alone))
    assert not asyncio.run(opens(made["token"]))


def test_third_secret_is_refused_while_two_open(tollbridge, made) -> None:
    tollbridge("token", "rotate", made["id"])

    ran = tollbridge("token", "rotate", made["id"])

    assert (ran.code, ran.out) == (1, "")
    assert (
        "two of this token's secrets open; wait until the older one has ended, or rotate with --overlap now" in ran.err
    )


def test_only_what_is_named_changes(tollbridge, made) -> None:
    before = tollbridge("token", "show", made["id"], "--json").json

    after = tollbridge(
        "token", "edit", made["id"], "--name", "new", "--rpm", "5", "--hours", "tue 08:00-18:00 UTC", "--json"
    )

    changed = {"name": "new", "requests_per_minute": 5, "hours": "tue 08:00-18:00 UTC"}
    assert after.json == before | changed


def test_everything_can_be_changed(tollbridge, made) -> None:
    after = tollbridge(
        *("token", "edit", made["id"], "--scope", "model:*", "--scope", "ai:chat", "--expires", "2098-01-01T00:00"),
        *("--tpm", "7", "--concurrency", "8", "--budget", "1/month", "--from", "192.0.2.0/24", "--tag", "us"),
        *("--metadata", "a=b", "--rotate-days", "0", "--json"),
    ).json

    assert (after["scopes"], after["expires_at"]) == (["model:*", "ai:chat"], "2098-01-01T00:00:00Z")
    assert (after["requests_per_minute"], after["tokens_per_minute"], after["concurrency"]) == (30, 7, 8)
    assert (after["budget"], after["from"]) == ({"usd": "1", "period": "month"}, ["192.0.2.0/24"])
    assert (after["tags"], after["metadata"], after["rotate_days"]) == (["us"], {"a": "b"}, 0)
    assert after["hours"] == "mon 08:00-18:00 UTC"


def test_everything_can_be_taken_away(tollbridge, made) -> None:
    names = ("expires", "budget", "rpm", "tpm", "concurrency", "from", "hours", "tag", "metadata", "rotate-days")

    after = tollbridge("token", "edit", made["id"], *(word for name in names for word in ("--no", name)), "--json").json

    assert (after["expires_at"], after["budget"], after["rotate_days"], after["hours"]) == (None, None, None, None)
    assert (after["requests_per_minute"], after["tokens_per_minute"], after["concurrency"]) == (None, None, None)
    assert (after["from"], after["tags"], after["metadata"]) == ([], [], {})
    assert after["scopes"] == ["ai:*"]


def test_change_is_shown_for_people(tollbridge, made) -> None:
    shown = tollbridge("token", "edit", made["id"], "--tag", "x", "--tag", "y").out

    assert "x y" in shown
    assert "k=v" in shown
    assert "10.0.0.0/8" in shown


def test_disabled_token_opens_again_once_it_is_enabled(tollbridge, made) -> None:
    tollbridge("token", "edit", made["id"], "--no", "hours", "--no", "from")

    off = tollbridge("token", "disable", made["id"], "--json").json
    shut = asyncio.run(opens(made["token"]))
    on = tollbridge("token", "enable", made["id"], "--json").json

    assert (off["state"], shut, on["state"]) == ("disabled", False, "active")
    assert asyncio.run(opens(made["token"]))
    assert [token["id"] for token in tollbridge("token", "list", "--state", "active", "--json").json] == [made["id"]]


@pytest.mark.parametrize("command", ["rotate", "edit", "disable", "enable"])
def test_token_that_does_not_exist_is_code_3(tollbridge, laid, command) -> None:
    ran = tollbridge("token", command, "tok_none")

    assert (ran.code, ran.out) == (3, "")
    assert ran.err == "tollbridge: there is no token 'tok_none'; see: tollbridge token list\n"


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("rotate", "ID", "--overlap", "soon"), 2, "'soon' is no overlap: now, or a span such as 1h, 24h or 7d"),
        (("rotate", "ID", "--overlap", "31d"), 1, "the overlap is between none and 30 days"),
        (("edit", "ID", "--no", "sleep"), 2, "'sleep' cannot be taken away"),
        (("edit", "ID", "--from", "there"), 2, "'there' is no address or network"),
        (("edit", "ID", "--scope", "x"), 1, "is no scope"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_line(tollbridge, made, arguments, code, sentence) -> None:
    ran = tollbridge("token", *(made["id"] if word == "ID" else word for word in arguments))

    assert (ran.code, ran.out) == (code, "")
    assert sentence in ran.err
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "span"),
    [("now", timedelta(0)), ("30m", timedelta(minutes=30)), ("24h", timedelta(days=1)), ("7d", timedelta(days=7))],
)
def test_overlap_is_now_or_a_span(text, span) -> None:
    assert read_overlap(text) == span


def test_overlap_without_a_unit_is_refused() -> None:
    with pytest.raises(typer.BadParameter):
        read_overlap("24")
