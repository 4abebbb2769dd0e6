"""Sums of the calls of a service or an application: which way the database takes to them."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import and_, select
from sqlalchemy.dialects import sqlite

from tollbridge.stores.analytics import Whose
from tollbridge.stores.sqlanalytics import _own
from tollbridge.stores.tables import usage
from tollbridge.stores.usagesums import within
from tollbridge.testing.samples import NOON


def plan(path, whose: Whose) -> Sequence[str]:
    """Say how SQLite would look for the rows of somebody."""
    asked = select(usage.c.cost).where(and_(within(NOON, NOON + timedelta(days=1)), *_own(whose)))
    compiled = asked.compile(dialect=sqlite.dialect())
    with closing(sqlite3.connect(path)) as db:
        values = [compiled.params[name] for name in compiled.positiontup or ()]
        return [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {compiled}", values)]


@pytest.mark.parametrize(
    ("whose", "index", "by"),
    [
        (Whose(service="weather"), "ix_usage_service_at", "service=? AND at>? AND at<?"),
        (Whose(application="app_1"), "ix_usage_application_at", "application=? AND at>? AND at<?"),
        (Whose(service="ai"), "ix_usage_at", "at>? AND at<?"),  # all the rest, which has no index of its own
    ],
)
def test_rows_of_somebody_are_found_by_their_index(path, whose: Whose, index: str, by: str) -> None:
    assert plan(path, whose) == [f"SEARCH usage USING INDEX {index} ({by})"]
