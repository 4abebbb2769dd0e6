"""Peppers from the command line."""

import asyncio
import re
from datetime import UTC, datetime, timedelta

import pytest

from tollbridge import Gateway


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
    tollbridge("token", "revoke", unused["id"], "--yes")
    assert tollbridge("token", "drop-pepper", "1").out == "dropped\n"
    assert [row["id"] for row in tollbridge("token", "peppers", "--json").json] == [made["id"]]
    assert asyncio.run(opens(used["token"]))


def test_pepper_in_use_is_not_dropped_and_the_command_for_another_named(tollbridge) -> None:
    tollbridge("token", "create", "--name", "x")

    ran = tollbridge("token", "drop-pepper", "1")

    assert ran.code == 1
    assert "make another first with: tollbridge token rotate-pepper" in ran.err


def test_peppers_are_written_for_people(tollbridge) -> None:
    tollbridge("token", "create", "--name", "x")

    assert "made the pepper" in tollbridge("token", "rotate-pepper").out
    shown = tollbridge("token", "peppers").out
    assert "in use" in shown
    assert "older" in shown
