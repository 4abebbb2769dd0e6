"""What is wished of a token, in the words of the core."""

from datetime import datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from tollbridge import Token, TokenBudget, TokenLimits, TokenState
from tollbridge.administering import Conditions
from tollbridge.testing.samples import NOON
from tollbridge.tokens.model import TokenKind
from tollbridge_admin.problems import FieldsRefused
from tollbridge_admin.tokenshapes import TokenPatch
from tollbridge_admin.wishes import change_of, moment_of, touches_rights, utc

TOKEN = Token(
    "tok_1",
    "shop",
    TokenKind.BEARER,
    ("ai:chat",),
    "tb_ab…",
    NOON,
    TokenState.ACTIVE,
    limits=TokenLimits(1, 2, 3),
    budget=TokenBudget(5, "day"),
    conditions=Conditions(("10.0.0.0/8",), "mon-fri 08:00-18:00 UTC"),
    metadata={"a": "1", "b": "2"},
)
texts = st.dictionaries(st.sampled_from("abcd"), st.text(max_size=3), max_size=4)
patches = st.dictionaries(st.sampled_from("abcd"), st.none() | st.text(max_size=3), max_size=4)


def merge_patch(target: Any, patch: Any) -> Any:
    """Merge as RFC 7396 section 2 says it."""
    if not isinstance(patch, dict):
        return patch
    target = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            target.pop(name, None)
        else:
            target[name] = merge_patch(target.get(name), value)
    return target


def read(patch: dict[str, Any]) -> TokenPatch:
    return msgspec.convert(patch, TokenPatch)


@given(before=texts, patch=patches)
def test_metadata_is_merged_as_the_rfc_says(before: dict[str, str], patch: dict[str, str | None]) -> None:
    token = Token(**{name: getattr(TOKEN, name) for name in Token.__slots__ if name != "metadata"}, metadata=before)

    assert change_of(token, read({"metadata": patch})).metadata == merge_patch(before, patch)


def test_empty_patch_changes_nothing_at_all() -> None:
    change = change_of(TOKEN, read({}))

    assert {getattr(change, name) for name in change.__struct_fields__} == {UNSET}


def test_one_limit_and_one_condition_leave_the_others() -> None:
    change = change_of(TOKEN, read({"concurrency": None, "hours": None}))

    assert change.limits == TokenLimits(1, 2, None)
    assert change.conditions == Conditions(("10.0.0.0/8",), "")
    assert change_of(TOKEN, read({"from": None})).conditions == Conditions((), "mon-fri 08:00-18:00 UTC")
    assert change_of(TOKEN, read({"budget": {"period": "total"}})).budget == TokenBudget(5, "total")


@pytest.mark.parametrize("name", TokenPatch.__struct_fields__)
def test_every_field_but_three_may_widen_a_token(name: str) -> None:
    patch = msgspec.structs.replace(TokenPatch(), **{name: None})

    assert touches_rights(patch) is (name not in ("name", "tags", "metadata"))


@pytest.mark.parametrize("said", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"])
def test_time_that_is_none_in_utc_is_refused_by_its_field(said: str) -> None:
    with pytest.raises(FieldsRefused) as caught:
        utc(datetime.fromisoformat(said), "sunset_at")

    assert caught.value.param == "sunset_at"
    assert moment_of(None) is None
    assert moment_of(NOON.astimezone(timezone(timedelta(hours=2)))) == NOON
