"""Which application somebody calls for."""

import pytest

from tollbridge.applications.model import Application, application_of, is_application
from tollbridge.testing.samples import NOON
from tollbridge.tokens.model import Above, Principal, TokenKind, TokenState
from tollbridge.tokens.scopes import ScopeSet


@pytest.mark.parametrize(
    ("principal", "found"),
    [
        (Principal("tok_1", "x", ScopeSet(), above=(Above("tok_2"), Above("app_1"), Above("team_1"))), "app_1"),
        (Principal("app_1", "x", ScopeSet(), kind=TokenKind.APPLICATION, above=(Above("team_1"),)), "app_1"),
        (Principal("tok_1", "x", ScopeSet(), above=(Above("team_app_1"), Above("apple"))), ""),
        (Principal("app_1", "x", ScopeSet(), outside=True), ""),
        (Principal("app_1", "x", ScopeSet()), ""),
    ],
)
def test_application_is_what_stands_above_and_not_what_somebody_calls_themselves(
    principal: Principal, found: str
) -> None:
    assert application_of(principal) == found


def test_ids_of_applications_are_known_by_their_beginning() -> None:
    assert [is_application(id) for id in ("app_1", "app_", "tok_1", "application_1", "xapp_1", "")] == [
        *(True, True, False, False, False, False)
    ]


def test_application_holds_each_scope_once_whoever_gave_it() -> None:
    basic = ("app_1", "x", "", "", "", NOON, TokenState.ACTIVE)

    assert Application(*basic, ("a", "b"), ("c", "a")).holds == ("a", "b", "c")
