"""The roles that are there from the beginning, each with the least its work needs.

platform-admin      everything, in the whole bridge: who gives must hold what they give
team-admin          calls, and administers one team: its members, applications, tokens, clients, webhooks and services
service-developer   calls, writes the services, applications and subscriptions of the team, and sees what else is there
consumer            calls models and services
viewer              calls nothing, and sees what there is but the audit log
"""

from collections.abc import Iterable

from tollbridge.people.model import Role

PLATFORM_ADMIN = "platform-admin"
TEAM_ADMIN = "team-admin"
_CALLS = ("ai:*", "model:*", "service:*")


def _to(what: str, *areas: str) -> tuple[str, ...]:
    return tuple(f"admin:{area}:{what}" for area in areas)


def _roles() -> Iterable[Role]:
    yield Role(PLATFORM_ADMIN, (*_CALLS, "admin:*"), "Administers the whole bridge.", built_in=True)
    yield Role(
        TEAM_ADMIN,
        (
            *_CALLS,
            *_to("write", "tokens", "applications", "teams", "members", "clients", "webhooks", "services"),
            *_to("write", "publishing", "subscriptions"),
            *_to("read", "people", "roles", "policies", "audit", "explain", "models", "providers", "usage"),
        ),
        "Administers one team.",
        built_in=True,
    )
    yield Role(
        "service-developer",
        (
            *_CALLS,
            *_to("write", "services", "applications", "subscriptions"),
            *_to("read", "tokens", "clients", "webhooks", "policies", "explain", "models", "usage"),
        ),
        "Builds services and applications, and sees what calls them.",
        built_in=True,
    )
    yield Role("consumer", _CALLS, "Calls models and services.", built_in=True)
    yield Role(
        "viewer",
        (
            *_to("read", "tokens", "applications", "teams", "members", "people", "roles", "policies", "clients"),
            *_to("read", "webhooks", "services", "subscriptions", "models", "providers", "usage"),
        ),
        "Sees what there is, and calls nothing.",
        built_in=True,
    )


BUILT_IN = {role.name: role for role in _roles()}
TEAM_SCOPES = BUILT_IN[TEAM_ADMIN].scopes
"""What a team may do at most where nothing else was said."""
