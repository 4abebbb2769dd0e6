import pytest
from msgspec.structs import replace
from sqlalchemy import func, select
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from tollbridge.errors import BadRequest, Unavailable
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


def test_connection_that_is_lost_is_unavailable_and_its_address_is_not_told():
    with pytest.raises(Unavailable) as refusal, answering():
        raise ConnectionRefusedError(111, "('10.0.0.1', 5432)")

    assert refusal.value.detail == "store: ConnectionRefusedError"


class Said(Exception):
    """What a server said, with its SQLSTATE."""

    def __init__(self, sqlstate):
        super().__init__("Key (id)=(secret) is wrong")
        self.sqlstate = sqlstate


def test_server_that_fails_is_told_by_its_code_alone():
    with pytest.raises(Unavailable) as refusal, answering():
        raise DBAPIError("SELECT", None, Said("57P01"))

    assert refusal.value.detail == "store: SQLSTATE 57P01"


@pytest.mark.parametrize(
    "failure",
    [
        DBAPIError("SELECT", None, Said("22021")),
        DataError("SELECT", None, Exception("too large")),
        OverflowError("Python int too large to convert to SQLite INTEGER"),
        UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"),
    ],
)
def test_value_that_no_column_takes_is_the_callers_fault(failure):
    with pytest.raises(BadRequest, match="too large, or holds characters"), answering():
        raise failure


def test_violated_constraint_is_for_whoever_wrote_to_tell():
    with pytest.raises(IntegrityError), answering():
        raise IntegrityError("INSERT", None, Said("23505"))
