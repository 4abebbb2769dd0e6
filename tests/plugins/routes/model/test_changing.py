"""What differs between two model routes."""

from typing import Any

import pytest
from tests.plugins.routes.model.conftest import define

from tollbridge_routes.model.changing import changes_between


def test_same_route_has_no_changes() -> None:
    assert changes_between(define(system="a"), define(system="a")) == []


@pytest.mark.parametrize(
    ("before", "after", "path", "what", "breaking"),
    [
        ({"model": "a"}, {"model": "b"}, "model", "another model answers", False),
        ({}, {"defaults": {"seed": 1}}, "defaults/seed", "it is said now", False),
        ({"fixed": {"seed": 1}}, {}, "fixed/seed", "it is the caller's now", False),
        ({"fixed": {"seed": 1}}, {"fixed": {"seed": 2}}, "fixed/seed", "it changed", False),
        ({}, {"most": {"tools": 0}}, "most/tools", "a call may have less", True),
        ({"most": {"output": 9}}, {"most": {"output": 8}}, "most/output", "a call may have less", True),
        ({"most": {"output": 8}}, {"most": {"output": 9}}, "most/output", "a call may have more", False),
        ({"most": {"output": 8}}, {}, "most/output", "a call may have more", False),
    ],
)
def test_change_is_told_and_whether_callers_may_fail(
    before: Any, after: Any, path: str, what: str, breaking: bool
) -> None:
    (change,) = changes_between(define(**before), define(**after))

    assert (change.path, change.what, change.breaking) == (path, what, breaking)


def test_breaking_changes_come_first() -> None:
    found = changes_between(define(), define(model="b", most={"tools": 1}, fixed={"thinking": {"effort": "low"}}))

    assert [change.path for change in found] == ["most/tools", "fixed/thinking", "model"]
    assert found[1].after == '{"enabled":null,"budget":null,"effort":"low"}'


def test_words_are_compared_line_by_line_unless_there_are_too_many() -> None:
    (change,) = changes_between(define(system="a\nb"), define(system="a\nc"))
    (long,) = changes_between(define(system="a\n" * 4_000), define(system="b"))

    assert change.after.splitlines()[-2:] == ["-b", "+c"]
    assert long.after == "4000 lines became 1; too many to compare"
