"""Alembic, run from the package's own data: there is no alembic.ini to lose."""

import threading
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import URL, Connection, NullPool, create_engine, event
from sqlalchemy.exc import DBAPIError

from tollbridge.stores.files import BUSY_TIMEOUT_S

_ONE_AT_A_TIME = threading.Lock()
"""Alembic keeps the migration it is in at module level."""


def migrate(connection: Connection) -> None:
    """Run every migration that is missing, on a connection whose transaction keeps other writers out."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    with _ONE_AT_A_TIME:
        command.upgrade(config, "head")


def upgrade_file(path: Path) -> None:
    """Bring an SQLite file to the newest schema, all or nothing; raises `sqlite3.Error`."""
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        connect_args={"isolation_level": None, "timeout": BUSY_TIMEOUT_S},
        poolclass=NullPool,
    )
    event.listen(engine, "begin", _begin)
    try:
        with engine.begin() as connection:
            migrate(connection)
    except DBAPIError as exc:
        raise (exc.orig or exc) from exc
    finally:
        engine.dispose()


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
