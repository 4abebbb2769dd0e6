"""Lists of the admin API, page by page."""

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from tollbridge.cli.asking import Asking, Query, Reply


class Listing(Asking):
    """Gives five things, as many a page as are asked for."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def send(
        self, method: str, path: str, body: Any = None, query: Query | None = None, *, headers: Mapping[str, str] = {}
    ) -> Reply:
        asked = dict(query or {})
        self.asked.append(asked)
        begin, limit = int(asked.get("after", 0)), int(asked.get("limit", 2))
        end = min(begin + limit, 5)
        page = {"items": [{"id": n} for n in range(begin, end)], "next": str(end) if end < 5 else None}
        return Reply(200, {"content-type": "application/json"}, msgspec.json.encode(page))


def test_pages_follow_one_another_with_the_same_filter() -> None:
    listing = Listing()

    found = [one["id"] for page in listing.pages("/things", {"team": "blue"}) for one in page["items"]]

    assert found == [0, 1, 2, 3, 4]
    assert [one.get("after") for one in listing.asked] == [None, "2", "4"]
    assert all(one["team"] == "blue" for one in listing.asked)


@pytest.mark.parametrize(("most", "count", "asked"), [(None, 5, 3), (3, 3, 2), (2, 2, 1), (9, 5, 3)])
def test_items_are_those_of_all_pages_up_to_as_many_as_are_wanted(most: int | None, count: int, asked: int) -> None:
    listing = Listing()

    found = list(listing.items("/things", {"limit": 2}, most=most))

    assert [one["id"] for one in found] == list(range(count))
    assert len(listing.asked) == asked


def test_no_more_is_asked_for_than_is_wanted() -> None:
    listing = Listing()

    assert len(list(listing.items("/things", most=3))) == 3
    assert listing.asked == [{"limit": 3}]
