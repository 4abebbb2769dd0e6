import pytest
from msgspec.structs import replace
from sqlalchemy import func, select
from sqlalchemy.exc import TimeoutError as PoolTimeout

from tollbridge.errors import Unavailable
from tollbridge.stores.engine import answering, sqlite_engine
from tollbridge.stores.files import transaction
from tollbridge.stores.rows import USAGE_COLUMNS, usage_values
from tollbridge.stores.tables import usage
from tollbridge.testing.samples import ROW


def write(db, call_id):
    columns, marks = ", ".join(USAGE_COLUMNS), ", ".join("?" * len(USAGE_COLUMNS))
    with transaction(db):
        db.execute(f"INSERT INTO usage ({columns}) VALUES ({marks})", usage_values(replace(ROW, call_id=call_id)))


async def test_one_transaction_sees_one_state(path, db):
    engine = sqlite_engine(path)
    count = select(func.count()).select_from(usage)
    write(db, "req_1")

    async with engine.connect() as connection:
        before = (await connection.execute(count)).scalar()
        write(db, "req_2")
        after = (await connection.execute(count)).scalar()
    async with engine.connect() as connection:
        later = (await connection.execute(count)).scalar()

    assert (before, after, later) == (1, 1, 2)
    await engine.dispose()


async def test_administration_is_on_the_disk_before_it_counts(path):
    engine = sqlite_engine(path)

    async with engine.connect() as connection:
        synchronous = (await connection.exec_driver_sql("PRAGMA synchronous")).scalar()
        foreign_keys = (await connection.exec_driver_sql("PRAGMA foreign_keys")).scalar()

    assert (synchronous, foreign_keys) == (2, 1)  # 2 is FULL
    await engine.dispose()


def test_exhausted_pool_is_unavailable_too():
    with pytest.raises(Unavailable), answering():
        raise PoolTimeout("no connection in 30 s")
