"""The schema on PostgreSQL."""

import asyncio
import subprocess
import sys
from dataclasses import replace

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from tests.support.requires import requires

from tollbridge.errors import StoreError
from tollbridge.stores.rolluptables import metadata
from tollbridge.stores.versions import SchemaState, SchemaStatus, revisions
from tollbridge.testing.kept_contract import KEPT
from tollbridge.testing.samples import ACT, NOON, OWN, ROW, TOKEN, reservation
from tollbridge_postgres import Factory
from tollbridge_postgres.address import read_address
from tollbridge_postgres.engine import make_engine
from tollbridge_postgres.migrating import bring_up_to_date
from tollbridge_postgres.schema import prepare
from tollbridge_postgres.store import PostgresStore

pytestmark = requires("postgres")

NEWEST = revisions()[-1]
KEEPER = Factory()


@pytest.fixture
def blank(postgres_server):
    name = postgres_server.make_database()
    yield name
    postgres_server.drop_database(name)


@pytest.fixture
def own(postgres_server, postgres_own):
    return read_address(postgres_server.url(postgres_own))


def tables(server, database):
    said = server.run("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1", database)
    return said.split()


def test_empty_database_is_told_and_nothing_is_made_by_asking(postgres_server, blank):
    assert KEEPER.status(postgres_server.url(blank)) == SchemaStatus(SchemaState.EMPTY, "", NEWEST)
    assert tables(postgres_server, blank) == []


def test_empty_database_is_filled_and_then_left_as_it_is(postgres_server, blank):
    url = postgres_server.url(blank)

    assert KEEPER.upgrade(url) == SchemaStatus(SchemaState.CURRENT, NEWEST, NEWEST)
    assert KEEPER.upgrade(url) == KEEPER.status(url)
    assert {"token", "usage", "alembic_version"} <= set(tables(postgres_server, blank))


async def test_migrations_make_exactly_the_tables_that_sqlalchemy_knows(own):
    engine = make_engine(own, longest_s=10.0)
    async with engine.connect() as connection:
        differences = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync, opts={"compare_type": True}), metadata)
        )
    await engine.dispose()

    assert differences == []


async def test_every_text_is_ordered_by_its_bytes(db):
    """A column of a new migration must be `TEXT` of `tollbridge.stores.migrations.types`."""
    rows = await db.fetch(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
        " AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'"
    )

    assert [tuple(row.values()) for row in rows] == []
    assert await db.fetchval("SELECT 'a' < 'B' COLLATE \"default\"")  # which is not so here by itself


async def test_usage_rows_are_never_changed(store, db):
    await store.settle(ROW)

    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="never changed"):
        await db.execute("UPDATE usage SET cost = 0")


async def test_older_database_is_refused_with_what_to_do_where_asked_else_brought_up_to_date(postgres_server, blank):
    postgres_server.run("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)", blank)
    address = read_address(postgres_server.url(blank))

    with pytest.raises(StoreError) as refusal:
        await PostgresStore(address, migrate=False).open()
    assert str(refusal.value) == (
        f"the PostgreSQL database {blank} has schema none and this Tollbridge needs {NEWEST}; "
        "run: tollbridge db upgrade"
    )
    assert tables(postgres_server, blank) == ["alembic_version"]

    await prepare(address, migrate=True)
    assert "usage" in tables(postgres_server, blank)


async def test_newer_database_is_refused_untouched_naming_both_versions(postgres_server, own):
    postgres_server.run("UPDATE alembic_version SET version_num = '9999'", own.name.rpartition(" ")[2])

    with pytest.raises(StoreError, match=rf"has schema 9999 and this Tollbridge knows up to {NEWEST}") as refusal:
        await PostgresStore(own).open()

    assert "\n" not in str(refusal.value)
    assert await asyncio.to_thread(KEEPER.status, own.url) == SchemaStatus(SchemaState.NEWER, "9999", NEWEST)


async def test_database_that_became_newer_while_we_waited_for_our_turn_is_left_alone(own, db, postgres_server):
    postgres_server.run("UPDATE alembic_version SET version_num = '9999'", own.name.rpartition(" ")[2])

    with pytest.raises(StoreError, match="run the newer Tollbridge"):
        await bring_up_to_date(own)


async def test_database_that_vanished_while_we_waited_for_our_turn_is_told_in_a_sentence(postgres_server):
    address = read_address(postgres_server.url("missing"))

    with pytest.raises(StoreError, match=r"does not answer \(store: InvalidCatalogNameError \(SQLSTATE 3D000\)\)"):
        await bring_up_to_date(address)


async def test_table_that_others_work_on_for_too_long_is_told_in_a_sentence(postgres_server, blank, monkeypatch):
    postgres_server.run("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)", blank)
    address = read_address(postgres_server.url(blank))
    monkeypatch.setattr("tollbridge_postgres.migrating._TAKE_TURN", ("SET LOCAL lock_timeout = '50ms'",))
    other = await asyncpg.connect(address.url)
    async with other.transaction():
        await other.execute("LOCK TABLE alembic_version IN SHARE MODE")

        with pytest.raises(StoreError, match="is locked by other work for too long"):
            await bring_up_to_date(address)
    await other.close()


async def test_database_of_another_program_is_refused_untouched(postgres_server, blank):
    postgres_server.run("CREATE TABLE notes (text TEXT)", blank)

    with pytest.raises(StoreError, match=r"belongs to another program; choose another with \[store\] url"):
        await PostgresStore(read_address(postgres_server.url(blank))).open()

    assert tables(postgres_server, blank) == ["notes"]


def test_what_an_extension_brought_is_nobodys(postgres_server, blank):
    postgres_server.run("CREATE EXTENSION IF NOT EXISTS plpgsql", blank)
    postgres_server.run("CREATE TABLE notes (text TEXT)", blank)
    postgres_server.run("ALTER EXTENSION plpgsql ADD TABLE notes", blank)

    assert KEEPER.status(postgres_server.url(blank)).state is SchemaState.EMPTY


def test_schema_of_ones_own_may_stand_beside_others(postgres_server, blank):
    postgres_server.run("CREATE TABLE notes (text TEXT)", blank)
    postgres_server.run("CREATE SCHEMA bridge", blank)
    url = postgres_server.url(blank, query="?search_path=bridge")

    assert KEEPER.upgrade(url).state is SchemaState.CURRENT
    assert tables(postgres_server, blank) == ["notes"]


async def test_failed_migration_leaves_the_database_as_it_was(postgres_server, blank):
    postgres_server.run("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)", blank)
    postgres_server.run("CREATE TABLE usage (in_the_way TEXT)", blank)

    with pytest.raises(StoreError, match=f"the PostgreSQL database {blank} cannot be used .SQLSTATE 42P07."):
        await PostgresStore(read_address(postgres_server.url(blank))).open()

    assert tables(postgres_server, blank) == ["alembic_version", "usage"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"password": "hunter2"}, "does not let this user in; check user and password"),
        ({"user": "nobody"}, "does not let this user in"),
        ({"database": "missing"}, "the PostgreSQL database missing is not there; make it with createdb"),
        ({"query": "?no_such_setting=1"}, "cannot be used .SQLSTATE 42704."),
        ({"query": "?search_path=nowhere"}, "has no schema to make tables in"),
        ({"query": "?sslmode=require"}, "cannot be reached|cannot be used"),
    ],
)
async def test_database_that_cannot_be_used_is_told_in_a_sentence_without_the_password(
    postgres_server, blank, change, says
):
    url = postgres_server.url(**{"database": blank, **change})

    with pytest.raises(StoreError, match=says) as refusal:
        await PostgresStore(read_address(url)).open()

    said = str(refusal.value)
    assert "\n" not in said
    assert not any(part in said for part in ("hunter2", "p[a@ss", "p%5Ba", "://", str(postgres_server.port)))


@pytest.mark.parametrize("url", ["postgresql://127.0.0.1:1/d", "postgresql://u:hunt[er2@127.0.0.1/d"])
async def test_server_that_is_not_there_is_told_in_a_sentence(url):
    with pytest.raises(StoreError, match=r"cannot be reached .*; start it|percent-encoded") as refusal:
        await PostgresStore(read_address(url)).open()

    assert "hunt" not in str(refusal.value)


async def test_gateways_own_user_needs_to_read_and_write_rows_and_no_more(postgres_server, own, clock):
    database = own.name.rpartition(" ")[2]
    postgres_server.run("DROP ROLE IF EXISTS clerk")
    postgres_server.run("CREATE ROLE clerk LOGIN PASSWORD 'clerk'")
    postgres_server.run("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO clerk", database)
    store = PostgresStore(replace(own, url=postgres_server.url(database, user="clerk", password="clerk")), clock)

    await store.open()
    await store.add_token(TOKEN, ACT)
    await store.reserve(reservation("req_1", 5, OWN, ttl_s=0))
    store.touch("tok_1", NOON, "192.0.2.1")
    store.keep(KEPT, b"sealed")
    assert await store.sweep() == 1
    assert await store.forget_answer("resp_1", "tok_1")
    await store.check()
    await store.close()

    assert postgres_server.run("SELECT last_used_from FROM token", database) == "192.0.2.1"


async def test_user_who_owns_nothing_is_told_to(postgres_server, own):
    postgres_server.run("DROP ROLE IF EXISTS guest", "postgres")
    postgres_server.run("CREATE ROLE guest LOGIN PASSWORD 'guest'", "postgres")
    database = own.name.rpartition(" ")[2]

    with pytest.raises(StoreError, match="make the user the schema's owner"):
        await PostgresStore(replace(own, url=postgres_server.url(database, user="guest", password="guest"))).open()


def test_processes_started_at_once_all_find_a_whole_database(postgres_server):
    program = (
        "import sys\n"
        "from tollbridge_postgres import Factory\n"
        "import tollbridge_postgres.migrating\n"  # loaded early, so that all are equally fast
        "for line in sys.stdin:\n"
        "    Factory().upgrade(line.strip())\n"
        "    print('done', flush=True)\n"
    )
    command = [sys.executable, "-W", "error", "-c", program]
    started = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)]

    for _ in range(3):
        name = postgres_server.make_database()
        for process in started:
            process.stdin.write(postgres_server.url(name) + "\n")
            process.stdin.flush()
        assert [process.stdout.readline() for process in started] == ["done\n"] * 4
        assert KEEPER.status(postgres_server.url(name)).state is SchemaState.CURRENT
        postgres_server.drop_database(name)

    for process in started:
        process.communicate()
    assert [process.returncode for process in started] == [0, 0, 0, 0]


def test_plugin_without_its_driver_names_the_extra(monkeypatch):
    monkeypatch.setattr("tollbridge_postgres.find_spec", lambda name: None)

    with pytest.raises(StoreError, match=r"pip install 'tollbridge\[postgres\]'"):
        KEEPER("postgresql://h/d", None)
