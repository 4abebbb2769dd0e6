"""Peppers from the command line."""

import asyncio
import io
import re
from datetime import UTC, datetime, timedelta

import pytest

from tollbridge import Gateway, SetupError


async def opens(secret: str) -> bool:
    async with Gateway() as gateway:
        return await gateway.tokens.identify(secret.encode()) is not None


@pytest.fixture
def aged(tmp_path):
    """Give a function that makes every key of the pepper ring two minutes older."""

    def age() -> None:
        (file,) = tmp_path.rglob("pepper")

        def earlier(found: re.Match[str]) -> str:
            moment = datetime.fromisoformat(found[0].replace("Z", "+00:00")) - timedelta(minutes=2)
            return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")

        file.write_text(re.sub(r"\d{4}-\d\d-\d\dT[0-9:.]+(?:Z|\+00:00)", earlier, file.read_text()))

    return age


def states(tollbridge) -> list[tuple[str, int]]:
    return [(row["state"], row["secrets"]) for row in tollbridge("token", "peppers", "--json").json]


def test_secrets_move_to_a_new_pepper_as_they_are_used_and_the_old_one_is_dropped(tollbridge, aged) -> None:
    used, unused = (tollbridge("token", "create", "--name", name, "--json").json for name in ("used", "unused"))
    assert states(tollbridge) == [("in use", 2)]

    made = tollbridge("token", "rotate-pepper", "--json").json
    aged()
    assert asyncio.run(opens(used["token"]))

    assert states(tollbridge) == [("in use", 1), ("older", 1)]
    refused = tollbridge("token", "drop-pepper", "1")
    assert (refused.code, refused.out) == (1, "")
    assert "1 secret is hashed with the pepper 1; rotate or revoke" in refused.err
    assert refused.err.endswith(f". Among them: {unused['id']}\n")
    tollbridge("token", "revoke", unused["id"], "--yes")
    assert tollbridge("token", "drop-pepper", "1").out == "dropped\n"
    assert [row["id"] for row in tollbridge("token", "peppers", "--json").json] == [made["id"]]
    assert asyncio.run(opens(used["token"]))


def test_pepper_in_use_is_not_dropped_and_the_command_for_another_named(tollbridge) -> None:
    tollbridge("token", "create", "--name", "x")

    ran = tollbridge("token", "drop-pepper", "1")

    assert ran.code == 1
    assert "make another first with: tollbridge token rotate-pepper" in ran.err


def test_pepper_that_a_gateway_may_still_use_is_not_dropped(tollbridge) -> None:
    tollbridge("token", "create", "--name", "x")
    tollbridge("token", "rotate-pepper")

    ran = tollbridge("token", "drop-pepper", "1")

    assert ran.code == 1
    assert "running gateways may still hash with the pepper 1" in ran.err
    assert "has no pepper 'ff'" in tollbridge("token", "drop-pepper", "ff").err


def test_peppers_are_written_for_people(tollbridge) -> None:
    tollbridge("token", "create", "--name", "x")

    assert "made the pepper" in tollbridge("token", "rotate-pepper").out
    shown = tollbridge("token", "peppers").out
    assert "in use" in shown
    assert "older" in shown


# a pepper that is not that of the database


@pytest.fixture
def lost(tollbridge, tmp_path):
    """Make a token, and take its pepper away."""
    made = tollbridge("token", "create", "--name", "x", "--json").json
    (tmp_path / ".tollbridge" / "pepper").unlink()
    return made["token"]


@pytest.mark.parametrize(
    "command", [("token", "list"), ("token", "peppers"), ("token", "create", "--name", "y"), ("team", "list")]
)
def test_no_command_goes_on_without_the_pepper_or_makes_another(tollbridge, lost, tmp_path, command) -> None:
    ran = tollbridge(*command)

    assert (ran.code, ran.out) == (1, "")
    (line,) = ran.err.splitlines()
    assert "1 secret is hashed with the pepper 1, and the secret" in line
    assert "is not there; restore it from a backup, or copy it from a machine that has it" in line
    assert not (tmp_path / ".tollbridge" / "pepper").exists()


def test_gateway_without_its_pepper_does_not_start(lost) -> None:
    with pytest.raises(SetupError, match=r"is hashed with the pepper 1, and the secret .* is not there"):
        asyncio.run(opens(lost))


def test_lost_pepper_is_given_up_knowingly(tollbridge, lost, monkeypatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert tollbridge("token", "accept-peppers").code == 130
    assert tollbridge("token", "list").code == 1

    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert tollbridge("token", "accept-peppers").out.endswith("accepted\n")

    assert tollbridge("token", "list").code == 0
    assert not asyncio.run(opens(lost))


def test_pepper_that_is_gone_beside_another_is_named_as_given_up(tollbridge, lost, tmp_path) -> None:
    tollbridge("token", "rotate-pepper")

    assert tollbridge("token", "accept-peppers", "--yes").out == "accepted; given up: 1\n"
    assert states(tollbridge) == [("in use", 0)]


def test_there_is_no_pepper_to_accept_before_there_is_a_database(tollbridge, tmp_path) -> None:
    ran = tollbridge("token", "accept-peppers", "--yes")

    assert (ran.code, ran.out) == (1, "")
    assert "there is no database yet" in ran.err
    assert not (tmp_path / ".tollbridge").exists()
