"""What a record says, in the words of the admin API."""

from typing import Any

import pytest

from tollbridge.audit import written
from tollbridge.recorded import shown_change


@pytest.mark.parametrize(
    ("name", "stored", "shown"),
    [
        ("expires_at", 1_803_602_007_079_684, "2027-02-26T00:33:27.079684Z"),
        ("expires_at", None, None),
        ("others_end_at", "2026-01-05T13:00:00+01:00", "2026-01-05T12:00:00Z"),
        ("budget_amount", 10_500_000_000, "10.5"),
        ("metadata", '{"cost":"7"}', {"cost": "7"}),
        ("redirect_uris", "[]", []),
        ("keys", "", ""),
        ("rotate_days", 90, 90),
        ("name", "{}", "{}"),
        ("canary", True, True),
        ("below", ["tok_1"], ["tok_1"]),
    ],
)
def test_column_is_shown_in_the_words_of_the_api(name: str, stored: Any, shown: Any) -> None:
    assert shown_change(written({name: stored})) == {name: shown}


@pytest.mark.parametrize(
    ("name", "stored"),
    [("expires_at", 10**18), ("ends_at", "soon"), ("metadata", "{"), ("budget_amount", "much"), ("seen_at", True)],
)
def test_what_is_no_longer_what_it_should_be_is_shown_as_it_stands(name: str, stored: Any) -> None:
    assert shown_change(written({name: stored})) == {name: stored}


def test_nothing_stays_nothing() -> None:
    assert (shown_change("null"), shown_change("{}")) == (None, {})
