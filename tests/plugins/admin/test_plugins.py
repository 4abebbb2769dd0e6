"""Plugins over the API."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from tests.plugins.admin.conftest import Admin, an_admin
from tests.support.answering import Answering

from tollbridge import Call, hookimpl
from tollbridge.testing import GatewayUnderTest
from tollbridge_admin.plugins import READ


@dataclass(frozen=True)
class Late:
    """A policy that breaks after each call, and before it where it is told to."""

    fails: bool = False

    async def head(self, call: Call) -> None:
        if self.fails:
            raise RuntimeError("it broke")

    async def finish(self, call: Call, outcome: object) -> None:
        raise RuntimeError("it broke")


class Curfew:
    """A plugin of code with a policy."""

    @hookimpl
    def register_policies(self, register: Any) -> None:
        register("late", Late)
        register("unused", Late)


async def found(admin: Admin) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    reply = await admin.get("/plugins")
    assert reply.status_code == 200, reply.text
    return reply.json(), {item["name"]: item for item in reply.json()["items"]}


async def test_installed_plugins_are_listed_with_what_each_registered(admin: Admin) -> None:
    whole, plugins = await found(admin)

    assert list(plugins) == sorted(plugins)
    mine = plugins["admin"]
    assert (mine["origin"], mine["distribution"], mine["module"], mine["enabled"], mine["off"]) == (
        *("installed", "tollbridge", "tollbridge_admin"),
        *(True, None),
    )
    assert {"register_apps", "register_commands", "register_events"} <= set(mine["hooks"])
    assert "/api/v1" in mine["registered"]["apps"]
    assert "provider-key" in mine["registered"]["commands"]
    assert plugins["openai"]["registered"]["providers"] == ["openai"]
    assert plugins["masking"]["registered"]["policies"] == ["masking"]
    assert whole["timeout_s"] == 5.0
    assert (await found(admin))[1] == plugins


async def test_plugin_of_code_has_no_distribution(admin: Admin) -> None:
    _, plugins = await found(admin)

    given = plugins[Answering.__name__]
    assert (given["origin"], given["distribution"], given["version"]) == ("code", None, None)
    assert given["module"] == "tests.support.answering"
    assert given["registered"] == {"service_kinds": ["answering"]}


@pytest.mark.parametrize(
    ("settings", "off"), [({"disabled": ["masking"]}, "disabled"), ({"allowed": ["admin"]}, "not_allowed")]
)
async def test_plugin_that_is_switched_off_says_by_what(
    gateway: Callable[..., GatewayUnderTest], settings: dict[str, Any], off: str
) -> None:
    admin = await an_admin(gateway({"plugins": settings}))

    masking = (await found(admin))[1]["masking"]

    assert (masking["enabled"], masking["off"], masking["hooks"], masking["registered"]) == (False, off, [], {})
    assert masking["distribution"] == "tollbridge"


async def test_failures_of_policies_are_counted_for_the_plugin_that_brought_them(
    gateway: Callable[..., GatewayUnderTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    admin = await an_admin(gateway({"policies": {"late": {}}}, plugins=[Curfew()]))
    before = (await found(admin))[1]["Curfew"]
    await admin.under.chat("openai/gpt-4o-mini")

    whole, plugins = await found(admin)

    assert (before["failures"], plugins["Curfew"]["failures"]) == (0, 1)
    assert (plugins["Curfew"]["in_use"], plugins["Curfew"]["registered"]) == (
        ["late"],
        {"policies": ["late", "unused"]},
    )
    assert (whole["policy_refusals"], whole["counted"]) == (0, "worker")


async def test_call_that_a_broken_policy_refused_is_counted(
    gateway: Callable[..., GatewayUnderTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-1")
    admin = await an_admin(gateway({"policies": {"late": {"fails": True}}}, plugins=[Curfew()]))
    assert (await admin.under.chat("openai/gpt-4o-mini")).status_code == 503

    whole, _ = await found(admin)

    assert whole["policy_refusals"] == 1


async def test_token_with_a_team_sees_none(under: GatewayUnderTest, admin: Admin) -> None:
    await admin.post("/teams", {"name": "blue", "scopes": ["admin:*"]})
    blue = await an_admin(under, READ, team="blue")

    refused = await blue.get("/plugins")

    assert (refused.status_code, refused.json()["code"]) == (403, "out_of_reach")
