"""Two workers on one database: whatever both do to services, and at once, both serve what is right."""

from collections.abc import Mapping

import pytest
from tests.support.servicelife import ServiceLife, try_out


@pytest.mark.untraced
def test_services_go_their_ways_and_no_others_on_two_workers_at_once() -> None:
    class OnSqlite(ServiceLife):
        def opened(self) -> Mapping[str, object]:
            return {}

    try_out(OnSqlite, examples=6, steps=35)
