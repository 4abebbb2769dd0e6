"""What is wished of applications is checked."""

from typing import Any

import pytest

from tollbridge.applications.model import ApplicationChange
from tollbridge.applications.wishes import RIGHTS, checked_application_change, checked_given, touches_rights
from tollbridge.errors import BadRequest


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("name", value) for value in ("", "  ", "x" * 101, "a\nb", "a\0")),
        *(("owner", value) for value in ("x" * 101, "a\0")),
        *(("description", value) for value in ("x" * 1001, "\0")),
        *(("scopes", value) for value in (("everything",), tuple(f"ai:{n}" for n in range(101)))),
        *(("tags", value) for value in (("a b",), tuple(map(str, range(33))))),
        *(("metadata", value) for value in ({"a b": "x"}, {"a": "x" * 513})),
    ],
)
def test_change_that_cannot_be_is_refused_by_its_field(field: str, value: Any) -> None:
    with pytest.raises(BadRequest) as caught:
        checked_application_change(ApplicationChange(**{field: value}))

    assert caught.value.param == field


def test_change_is_kept_trimmed_and_what_is_not_said_stays_unsaid() -> None:
    change = ApplicationChange(
        name=" Shop ", owner=" ada ", description=" x\ny ", scopes=("ai:*", "ai:*"), tags=("a", "a")
    )

    assert checked_application_change(change) == ApplicationChange(
        name="Shop", owner="ada", description="x\ny", scopes=("ai:*",), tags=("a",)
    )
    assert checked_application_change(ApplicationChange()) == ApplicationChange()
    assert checked_application_change(ApplicationChange(scopes=())) == ApplicationChange(scopes=())


def test_application_may_be_given_nothing() -> None:
    assert checked_given([]) == ()
    assert checked_given(iter(["ai:*"])) == ("ai:*",)


def test_only_what_it_is_called_and_whose_it_is_touches_no_rights() -> None:
    touching = {
        name for name in ApplicationChange.__struct_fields__ if touches_rights(ApplicationChange(**{name: None}))
    }

    assert (
        touching
        == set(RIGHTS)
        == set(ApplicationChange.__struct_fields__) - {*("name", "owner", "description", "tags", "metadata")}
    )
