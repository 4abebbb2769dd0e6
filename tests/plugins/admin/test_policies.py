"""The rules that hold, over the API."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import time
from typing import Any

from tests.plugins.admin.conftest import an_admin

from tollbridge.testing import GatewayUnderTest
from tollbridge_admin.policies import options_of

CONFIG = {
    "tokens": {"rotation_days": 60, "warn_days": 10},
    "limits": {"requests_per_minute": 100},
    "budgets": {"monthly_usd": "500", "token_daily_usd": "1.50", "unpriced": "refuse"},
}


@dataclass(frozen=True)
class Curfew:
    """A policy with options of every kind."""

    opens: time = time(8)
    days: tuple[str, ...] = ("mon", "fri")
    limits: dict[str, Any] = field(default_factory=lambda: {"eu": 3, "password": "hunter2"})
    api_key: str = "do not show"
    hidden: str = field(default="nor this", repr=False)
    note: str = "Authorization: Bearer tb_0123456789abcdefghijABCDEFGHIJ0123456789"

    async def head(self, call: object) -> None:
        """Let everything pass."""


async def test_rules_are_those_of_the_configuration(gateway: Callable[..., GatewayUnderTest]) -> None:
    under = gateway(CONFIG, plugins=[Curfew()])
    admin = await an_admin(under)

    found = (await admin.get("/policies")).json()

    assert found["rotation"] == {"days": 60, "team_days": None, "warn_days": 10}
    assert found["limits"] == {"requests_per_minute": 100, "tokens_per_minute": 0, "concurrency": 0}
    assert found["budgets"] == {
        "bridge": [{"usd": "500", "period": "month"}],
        "token": [{"usd": "1.5", "period": "day"}],
        "unpriced": "refuse",
        "cap_output": False,
    }
    (policy,) = found["policies"]
    assert policy["name"] == "curfew"
    assert policy["options"] == {
        "opens": "08:00:00",
        "days": "mon, fri",
        "limits": "eu = 3",
        "note": options_of(Curfew())["note"],
    }


async def test_who_has_a_team_sees_how_long_its_secrets_live(gateway: Callable[..., GatewayUnderTest]) -> None:
    under = gateway(CONFIG)
    admin = await an_admin(under)
    await admin.post("/teams", {"name": "blue", "rotate_days": 7})
    blue, green = await an_admin(under, team="blue"), await an_admin(under, team="green")

    assert (await blue.get("/policies")).json()["rotation"] == {"days": 60, "team_days": 7, "warn_days": 10}
    assert (await green.get("/policies")).json()["rotation"]["team_days"] is None


def test_secrets_are_no_options_that_are_shown() -> None:
    shown = str(options_of(Curfew()))

    for secret in ("do not show", "nor this", "hunter2", "0123456789abcdefghij"):
        assert secret not in shown
    assert options_of(object()) == {}
