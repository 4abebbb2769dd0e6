"""The built-in roles have what their work needs."""

from pathlib import Path

import pytest

from tollbridge.people.builtin import BUILT_IN, PLATFORM_ADMIN, TEAM_ADMIN, TEAM_SCOPES
from tollbridge.tokens.scopes import ScopeSet, parse_scope

CALLS = {"ai:chat", "model:gpt-4o", "service:shop:GET:/orders"}


@pytest.mark.parametrize("role", BUILT_IN.values(), ids=lambda role: role.name)
def test_scopes_are_scopes_and_within_those_of_who_administers_the_bridge(role) -> None:
    assert [parse_scope(scope) for scope in role.scopes] == list(role.scopes)
    assert ScopeSet(BUILT_IN[PLATFORM_ADMIN].scopes).lacking(role.scopes) == ()
    assert role.built_in
    assert role.description


@pytest.mark.parametrize("name", ["service-developer", "consumer", "viewer"])
def test_who_administers_a_team_can_give_each_lesser_role(name: str) -> None:
    role = BUILT_IN[name]
    needed = [scope for scope in role.scopes if scope not in TEAM_SCOPES]

    assert ScopeSet(BUILT_IN[TEAM_ADMIN].scopes).lacking(needed) == ()


BUILDING = {"admin:services:write", "admin:applications:write", "admin:subscriptions:write"}


def test_nobody_but_administrators_writes_more_than_is_built_and_a_viewer_calls_nothing() -> None:
    writers = {
        name
        for name, role in BUILT_IN.items()
        if any(scope.endswith((":write", "admin:*")) for scope in set(role.scopes) - BUILDING)
    }
    callers = {name for name, role in BUILT_IN.items() if all(need in ScopeSet(role.scopes) for need in CALLS)}

    assert writers == {PLATFORM_ADMIN, TEAM_ADMIN}
    assert callers == set(BUILT_IN) - {"viewer"}
    assert not [scope for scope in BUILT_IN["viewer"].scopes if scope.startswith(("ai:", "model:", "service:"))]


@pytest.mark.parametrize("area", ["people", "roles", "policies"])
def test_what_belongs_to_the_whole_bridge_is_written_by_nobody_in_a_team(area: str) -> None:
    assert f"admin:{area}:write" not in ScopeSet(TEAM_SCOPES)


def test_who_builds_has_services_applications_and_subscriptions_and_publishes_nothing() -> None:
    scopes = ScopeSet(BUILT_IN["service-developer"].scopes)

    assert all(scope in scopes for scope in BUILDING)
    assert "admin:publishing:write" not in scopes


def test_documentation_has_the_roles_as_they_are() -> None:
    text = (Path(__file__).parents[3] / "docs" / "people.md").read_text()

    for name, role in BUILT_IN.items():
        (line,) = [line for line in text.splitlines() if line.startswith(f"| `{name}`")]
        assert set(line.split("|")[2].replace("`", "").split()) == set(role.scopes)
