"""The tables that SQLAlchemy knows are the tables that the migrations make."""

import sqlite3

from sqlalchemy import create_engine

from tollbridge.stores import applicationtables, granttables, jobtables, peopletables, rolluptables, servicetables
from tollbridge.stores.columns import metadata
from tollbridge.stores.rows import USAGE_COLUMNS
from tollbridge.stores.tables import usage


def statements(path):
    with sqlite3.connect(path) as db:
        found = db.execute("SELECT name, sql FROM sqlite_master WHERE type IN ('table', 'index') AND sql NOT NULL")
        made = {name: " ".join(sql.split()) for name, sql in found if name != "alembic_version"}
    db.close()
    return made


def test_migrations_make_exactly_these_tables(path, tmp_path):
    known = {granttables.client, jobtables.job, peopletables.team, servicetables.service, rolluptables.LATENCIES}
    assert {applicationtables.application, *known} <= set(metadata.tables.values())
    engine = create_engine(f"sqlite:///{tmp_path / 'declared.db'}")
    metadata.create_all(engine)
    engine.dispose()

    assert statements(path) == statements(tmp_path / "declared.db")


def test_every_column_of_usage_has_its_value():
    assert sorted(usage.c.keys()) == sorted(USAGE_COLUMNS)
