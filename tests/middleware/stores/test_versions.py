"""How a database stands to the versions this program knows."""

import pytest

from tollbridge.errors import StoreError
from tollbridge.stores import schema
from tollbridge.stores.versions import SchemaKeeper, SchemaState, SchemaStatus, check_version, revisions, standing

NEWEST = revisions()[-1]


@pytest.mark.parametrize(
    ("current", "state"),
    [
        (None, SchemaState.EMPTY),
        ("", SchemaState.OLDER),
        ("0001", SchemaState.OLDER),
        (NEWEST, SchemaState.CURRENT),
        ("9999", SchemaState.NEWER),
        ("of another program", SchemaState.NEWER),
    ],
)
def test_version_says_how_a_database_stands(current, state):
    assert standing(current) == SchemaStatus(state, current or "", NEWEST)


@pytest.mark.parametrize("current", [None, "", "0001", NEWEST])
def test_database_that_is_not_newer_may_be_worked_on_where_it_may_be_migrated(current):
    check_version(standing(current), "the database", migrate=True)


@pytest.mark.parametrize(
    ("current", "migrate", "says"),
    [
        ("9999", True, rf"^the database has schema 9999 and this Tollbridge knows up to {NEWEST}; run the newer"),
        ("0001", False, rf"^the database has schema 0001 and this Tollbridge needs {NEWEST}; run: tollbridge db"),
        ("", False, r"^the database has schema none"),
    ],
)
def test_database_that_may_not_is_refused_with_what_to_do(current, migrate, says):
    with pytest.raises(StoreError, match=says):
        check_version(standing(current), "the database", migrate=migrate)


def test_what_keeps_the_schema_of_a_file_is_a_keeper():
    assert isinstance(schema, SchemaKeeper)
    assert not isinstance(lambda url, clock: None, SchemaKeeper)
