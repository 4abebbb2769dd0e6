"""What is wished of a token is checked field by field."""

from datetime import timedelta

import pytest
from msgspec import UNSET

from tollbridge.errors import BadRequest, Denied
from tollbridge.stores.changes import TokenChange
from tollbridge.testing.samples import NOON
from tollbridge.tokens.scopes import ScopeSet
from tollbridge.tokens.wishes import (
    LONGEST_ROTATION_DAYS,
    MOST_METADATA,
    MOST_SCOPES,
    MOST_TAGS,
    check_within,
    checked_change,
    checked_expiry,
    checked_metadata,
    checked_name,
    checked_rotation,
    checked_scopes,
    checked_tags,
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
