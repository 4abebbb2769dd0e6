"""How long secrets open."""

from datetime import timedelta

import pytest

from tollbridge.testing.samples import NOON
from tollbridge.tokens.rotation import ROTATION_DAYS, Rotation, end_of


class Teams:
    """Teams of which blue says something."""

    async def rotation_of(self, name: str) -> int | None:
        return 30 if name == "blue" else None


async def teams() -> Teams:
    return Teams()


@pytest.mark.parametrize(
    ("own", "team", "days"),
    [(None, "", 60), (7, "blue", 7), (0, "blue", 0), (None, "blue", 30), (None, "red", 60)],
)
async def test_rule_of_the_token_goes_before_its_teams_and_that_before_the_general_one(
    own: int | None, team: str, days: int
) -> None:
    assert await Rotation(60, teams).days_of(own, team) == days  # type: ignore[arg-type]  # all that is asked of teams


async def test_where_no_team_is_known_the_general_rule_holds() -> None:
    assert await Rotation().days_of(None, "blue") == ROTATION_DAYS


def test_secret_without_an_end_never_ends() -> None:
    assert end_of(0, NOON) is None
    assert end_of(7, NOON) == NOON + timedelta(days=7)
