"""What the claims of a caller give it."""

from hashlib import sha256
from typing import Any

import pytest

from tollbridge_jwt.grants import Grants
from tollbridge_jwt.showing import caller_id


def scopes(claims: dict[str, Any], **options: Any) -> tuple[str, ...]:
    return Grants(**options).principal("x", claims).scopes.scopes


@pytest.mark.parametrize(
    ("options", "claims", "expected"),
    [
        ({}, {"scope": "ai:chat model:small"}, ("ai:chat", "model:small")),
        ({}, {"scope": ["ai:chat", "model:small"]}, ("ai:chat", "model:small")),
        ({}, {"scope": "openid  ai:chat ai:chat profile"}, ("ai:chat",)),
        ({}, {"scope": ["ai:chat model:*", 5, None, ["ai:*"], {"ai:*": 1}]}, ()),
        ({}, {"scope": {"ai:chat": True}}, ()),
        ({}, {"scope": 7}, ()),
        ({}, {}, ()),
        ({}, {"scope": "ai: model: nonsense:all *"}, ()),
        ({}, {"scope": "admin:* admin:tokens:read ai:chat"}, ("ai:chat",)),
        ({"scopes_claim": "scp"}, {"scope": "ai:chat", "scp": "ai:images"}, ("ai:images",)),
        ({"scopes_claim": "realm_access.roles"}, {"realm_access": {"roles": ["ai:chat"]}}, ("ai:chat",)),
        ({"scopes_claim": "a.b"}, {"a.b": "ai:chat", "a": {"b": "ai:images"}}, ("ai:chat",)),
        ({"scopes_claim": "a.b.c"}, {"a": {"b": ["ai:chat"]}}, ()),
        ({"scopes": ("ai:chat", "model:*")}, {}, ("ai:chat", "model:*")),
        ({"scopes": ("ai:chat",)}, {"scope": "ai:chat model:a"}, ("ai:chat", "model:a")),
        ({"scope_prefix": "gw/"}, {"scope": "gw/ai:chat ai:images gw/admin:* gw/ gw/x"}, ("ai:chat",)),
        (
            {"scope_map": {"dev": ("ai:*", "model:*"), "ops": ("admin:*",), "ai:chat": ()}},
            {"scope": "dev ops ai:chat other"},
            ("ai:*", "model:*", "admin:*"),
        ),
        ({"scope_map": {"dev": ("ai:chat",)}, "scope_prefix": "gw/"}, {"scope": "dev gw/dev gw/ai:images"}, None),
    ],
)
def test_claim_gives_what_the_options_say_and_nothing_else(
    options: dict[str, Any], claims: dict[str, Any], expected: tuple[str, ...] | None
) -> None:
    assert scopes(claims, **options) == (("ai:chat", "ai:images") if expected is None else expected)


def test_caller_is_named_by_claims_that_are_texts() -> None:
    options = Grants(team_claim="org.team", owner_claim="email", name_claim="name")

    named = options.principal("x", {"org": {"team": "blue"}, "email": "a@b.example", "name": " Ada\n\x1b[31m\u202e "})
    unnamed = options.principal("corp:x", {"org": ["blue"], "email": 5, "name": "n" * 200})
    plain = Grants().principal("corp:x", {"": "what an option that is not set must not find"})

    assert (named.team, named.owner, named.name) == ("blue", "a@b.example", "Ada[31m")
    assert (unnamed.team, unnamed.owner, unnamed.name) == ("", "", "n" * 100)
    assert (plain.team, plain.owner, plain.name) == ("", "", "corp:x")


@pytest.mark.parametrize(
    "said", ["bl\u200bue", "blue\0", "\u202eblue", " blue ", "blue\n", "b" * 101, "", ["blue"], None]
)
def test_claim_that_is_not_as_it_came_makes_nobody_of_a_team_or_an_owner(said: Any) -> None:
    found = Grants(team_claim="team", owner_claim="team").principal("x", {"team": said})

    assert (found.team, found.owner) == ("", "")
    longest = Grants(team_claim="team").principal("x", {"team": "Bl\u00e4ue, " + "b" * 93})
    assert longest.team == "Bl\u00e4ue, " + "b" * 93


OF_E_ACUTE = "#" + sha256("é".encode()).hexdigest()
SUBJECTS = [
    OF_E_ACUTE,
    "a",
    "a:b",
    "#",
    "#a",
    "a#",
    "a b",
    "é",
    "",
    "a" * 128,
    "a" * 129,
    "A",
    "\n",
    "auth0|5f7c",
    "😀",
]


def test_no_two_subjects_and_no_two_realms_share_an_id_and_every_id_is_visible_ascii() -> None:
    ids = [caller_id(realm, subject) for realm in ("a", "a-b", "b") for subject in SUBJECTS]

    assert len(set(ids)) == len(ids)
    assert all(one.isascii() and one.isprintable() and " " not in one and len(one) <= 200 for one in ids)
    assert caller_id("corp", "auth0|5f7c") == "corp:auth0|5f7c"
