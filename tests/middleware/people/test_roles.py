"""Roles are made, changed and given by who may do as much."""

import asyncio

import pytest
from tests.middleware.people.conftest import Bridge

from tollbridge.errors import BadRequest, Denied
from tollbridge.people.builtin import BUILT_IN
from tollbridge.people.model import Role


async def test_roles_are_the_built_in_ones_and_those_of_ones_own(bridge: Bridge) -> None:
    made = await bridge.people.roles.add("builder", ["ai:*", "ai:*"], description=" Builds. ")

    assert (made.name, made.scopes, made.description, made.built_in) == ("builder", ("ai:*",), "Builds.", False)
    assert [role.name for role in await bridge.people.roles.list()] == [*BUILT_IN, "builder"]
    assert await bridge.people.roles.get("builder") == made
    assert await bridge.people.roles.get("viewer") == BUILT_IN["viewer"]
    assert await bridge.people.roles.get("other") is None
    assert await bridge.people.roles.expand(["consumer", "builder"]) == ("ai:*", "model:*", "service:*")
    with pytest.raises(BadRequest, match=r"known: platform-admin, .*, builder"):
        await bridge.people.roles.expand(["consumer", "other"])


@pytest.mark.parametrize(
    ("name", "scopes", "about", "param"),
    [
        ("A", ["ai:*"], "", "name"),
        ("a", [], "", "scopes"),
        ("a", ["ai"], "", "scopes"),
        ("a", ["ai:*"], "\0", "description"),
    ],
)
async def test_role_that_cannot_be_is_refused(
    bridge: Bridge, name: str, scopes: list[str], about: str, param: str
) -> None:
    with pytest.raises(BadRequest) as caught:
        await bridge.people.roles.add(name, scopes, description=about)
    assert caught.value.param == param


async def test_built_in_role_is_neither_made_changed_nor_removed(bridge: Bridge) -> None:
    roles = bridge.people.roles

    with pytest.raises(BadRequest) as taken:
        await roles.add("viewer", ["ai:*"])
    assert (taken.value.status, taken.value.code) == (409, "already_exists")
    for change in (roles.change("viewer", scopes=["ai:*"]), roles.remove("viewer")):
        with pytest.raises(BadRequest) as caught:
            await change
        assert (caught.value.status, caught.value.code) == (409, "built_in")


async def test_what_is_not_said_of_a_role_stays(bridge: Bridge) -> None:
    await bridge.people.roles.add("builder", ["ai:*"], description="Builds.")

    first = await bridge.people.roles.change("builder", description="")
    second = await bridge.people.roles.change("builder", scopes=["model:*"])

    assert first is not None
    assert (first.scopes, first.description) == (("ai:*",), "")
    assert second is not None
    assert (second.scopes, second.description) == (("model:*",), "")
    assert await bridge.people.roles.remove("builder") == second
    assert await bridge.people.roles.change("builder", description="x") is None
    assert await bridge.people.roles.remove("builder") is None


async def test_no_change_of_a_role_undoes_another_at_the_same_time(bridge: Bridge) -> None:
    roles = bridge.people.roles
    await roles.add("builder", ["ai:*"], description="Builds.")

    changes = (roles.change("builder", description="Else."), roles.change("builder", scopes=["model:*"]))
    done = await asyncio.gather(*changes, return_exceptions=True)

    first, second = done
    found = await roles.get("builder")
    assert found is not None
    assert (found.description == "Else.") is isinstance(first, Role)
    assert (found.scopes == ("model:*",)) is isinstance(second, Role)
    assert {one.status for one in done if isinstance(one, BadRequest)} <= {409}
    assert found in done


async def test_nobody_makes_changes_or_removes_a_role_beyond_their_own(bridge: Bridge) -> None:
    roles = bridge.people.roles
    giver = await bridge.somebody("ai:*", "admin:roles:write")
    await roles.add("strong", ["ai:chat", "model:*"])
    await roles.add("weak", ["ai:chat"], giver=giver)

    for change in (
        roles.add("other", ["ai:*", "model:*"], giver=giver),
        roles.change("strong", scopes=["ai:chat"], giver=giver),
        roles.change("strong", description="mine", giver=giver),
        roles.change("weak", scopes=["ai:chat", "admin:*"], giver=giver),
        roles.remove("strong", giver=giver),
    ):
        with pytest.raises(Denied) as caught:
            await change
        assert caught.value.code == "scope_beyond"
    assert (await roles.change("weak", scopes=["ai:*"], giver=giver)) is not None
    assert (await roles.remove("weak", giver=giver)) is not None


async def test_roles_belong_to_nobody_in_a_team(bridge: Bridge) -> None:
    roles = bridge.people.roles
    giver = await bridge.somebody("ai:*", "admin:*", team="blue")
    await roles.add("weak", ["ai:chat"])

    for change in (
        roles.add("other", ["ai:chat"], giver=giver),
        roles.change("weak", description="x", giver=giver),
        roles.remove("weak", giver=giver),
    ):
        with pytest.raises(Denied) as caught:
            await change
        assert caught.value.code == "out_of_reach"
