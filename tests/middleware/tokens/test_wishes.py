"""What is wished of a token is checked field by field."""

from datetime import timedelta

import pytest
from msgspec import UNSET

from tollbridge.errors import BadRequest, Denied
from tollbridge.stores.changes import TokenChange
from tollbridge.testing.samples import NOON
from tollbridge.tokens.model import Principal, Token, TokenKind, TokenState
from tollbridge.tokens.scopes import ScopeSet
from tollbridge.tokens.wishes import (
    LONGEST_ROTATION_DAYS,
    MOST_METADATA,
    MOST_SCOPES,
    MOST_TAGS,
    check_kind,
    check_within,
    checked_change,
    checked_expiry,
    checked_metadata,
    checked_name,
    checked_rotation,
    checked_scopes,
    checked_tags,
    owner_for,
    team_for,
)


def test_what_can_be_used_is_given_back_as_it_is_kept() -> None:
    assert checked_name("  a name ") == "a name"
    assert checked_expiry(None, NOON) is None
    assert checked_expiry(NOON + timedelta(seconds=2), NOON) == NOON + timedelta(seconds=2)
    assert checked_scopes(["ai:chat", "ai:*", "ai:chat"]) == ("ai:chat", "ai:*")
    assert checked_tags(["b", "a", "b"]) == ("b", "a")
    assert checked_metadata({"k": "é \n"}) == {"k": "é \n"}
    assert [checked_rotation(days) for days in (None, 0, 1, LONGEST_ROTATION_DAYS)] == [None, 0, 1, 3650]


@pytest.mark.parametrize(
    ("check", "value", "param"),
    [
        (checked_name, "x" * 101, "name"),
        (checked_scopes, [f"ai:{number}" for number in range(MOST_SCOPES + 1)], "scopes"),
        (checked_scopes, ["nothing"], "scopes"),
        (checked_tags, [str(number) for number in range(MOST_TAGS + 1)], "tags"),
        (checked_tags, ["two words"], "tags"),
        (checked_tags, ["x" * 65], "tags"),
        (checked_tags, [""], "tags"),
        (checked_metadata, {str(number): "" for number in range(MOST_METADATA + 1)}, "metadata"),
        (checked_metadata, {"k": "x" * 513}, "metadata"),
        (checked_metadata, {"a b": ""}, "metadata"),
        (checked_metadata, {"k": "\ud800"}, "metadata"),
        (checked_rotation, -1, "rotate_days"),
        (checked_rotation, LONGEST_ROTATION_DAYS + 1, "rotate_days"),
    ],
)
def test_what_cannot_be_used_is_refused_by_field(check, value, param) -> None:
    with pytest.raises(BadRequest) as caught:
        check(value)

    assert caught.value.param == param


def test_expiry_of_now_is_refused() -> None:
    with pytest.raises(BadRequest, match="in the past"):
        checked_expiry(NOON + timedelta(seconds=1), NOON)


def test_scope_beyond_the_minters_is_named() -> None:
    check_within(("ai:chat",), ScopeSet(("ai:*",)))

    with pytest.raises(Denied, match="'model:a'"):
        check_within(("ai:chat", "model:a", "model:b"), ScopeSet(("ai:*",)))


def test_only_what_a_change_names_is_checked() -> None:
    change = TokenChange(name=" n ", rotate_days=None, expires_at=None)

    assert checked_change(TokenChange(), NOON) == TokenChange()
    assert checked_change(change, NOON) == TokenChange(name="n", rotate_days=None, expires_at=None)
    assert checked_change(change, NOON).scopes is UNSET


def minter(owner: str) -> Principal:
    return Principal(id="tok_1", name="minter", scopes=ScopeSet(), owner=owner)


@pytest.mark.parametrize(
    ("by", "wanted", "kept"),
    [
        (None, " per_2 ", "per_2"),
        (minter("per_1"), " per_1 ", "per_1"),
        (minter("per_1"), "the shop", "the shop"),
        (minter("per_1"), "somebody, per_2", "somebody, per_2"),
        (minter("per_1"), "person", "person"),
        (minter("ada"), " ada ", "ada"),
        (minter(""), " ", ""),
    ],
)
def test_owner_is_a_text_or_who_makes_the_token(by: Principal | None, wanted: str, kept: str) -> None:
    assert owner_for(by, wanted) == kept


@pytest.mark.parametrize("own", ["per_1", "", "ada", "the team of per_2"])
@pytest.mark.parametrize("wanted", ["per_2", " per_2", "\tper_2\n", "per_", "per_12", "per_1 and more"])
def test_owner_is_no_other_person(own: str, wanted: str) -> None:
    with pytest.raises(Denied) as caught:
        owner_for(minter(own), wanted)
    assert (caught.value.code, caught.value.param) == ("out_of_reach", "owner")


@pytest.mark.parametrize(
    ("team", "wanted", "kept"),
    [
        (None, "", ""),
        (None, " north ", "north"),
        ("", "north", "north"),
        ("north", "", "north"),
        ("north", "north", "north"),
    ],
)
def test_team_is_the_minters_where_it_has_one(team: str | None, wanted: str, kept: str) -> None:
    by = None if team is None else Principal("tok_1", "minter", ScopeSet(), team=team)

    assert team_for(by, wanted) == kept


def test_token_of_a_team_makes_none_of_another() -> None:
    with pytest.raises(Denied) as caught:
        team_for(Principal("tok_1", "minter", ScopeSet(), team="north"), "south")

    assert (caught.value.code, caught.value.param) == ("out_of_reach", "team")


def test_client_is_changed_by_its_own_rules_and_a_grant_is_only_narrowed() -> None:
    token, client, grant = (
        Token("tok_1", "x", kind, ("ai:*",), "tb_x", NOON, TokenState.ACTIVE)
        for kind in (TokenKind.BEARER, TokenKind.SECRET, TokenKind.ACCESS)
    )

    with pytest.raises(BadRequest, match="change it with PATCH /clients/tok_1") as refused:
        check_kind(client, TokenChange(name="y"))
    with pytest.raises(Denied, match="only narrowed"):
        check_kind(grant, TokenChange(scopes=("model:*",)))

    assert (refused.value.code, refused.value.status) == ("a_client", 409)
    check_kind(grant, TokenChange(scopes=("ai:chat",)))
    check_kind(grant, TokenChange(name="y"))
    check_kind(token, TokenChange(scopes=("model:*",)))
