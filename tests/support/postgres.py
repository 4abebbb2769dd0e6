"""A PostgreSQL server of the tests' own, on a free port and in a folder of its own; nothing of it is left.

Its databases are ordered and folded as people do in English, so that a test sees where bytes should count instead.
"""

import itertools
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from glob import glob
from pathlib import Path
from urllib.parse import quote

import pytest

FOLDERS = "/usr/lib/postgresql/*/bin"
PASSWORD = "p[a@ss/w:rd"
_USER = "postgres"
_TIMEOUT_S = 60.0
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "autovacuum": "off",
    "max_connections": "120",
    "log_min_messages": "fatal",
}


def program(name: str) -> str:
    """Find one of PostgreSQL's programs, the newest where there are several."""
    newest = sorted(glob(FOLDERS), key=lambda path: float(path.split("/")[-2]), reverse=True)
    found = shutil.which(name, path=os.pathsep.join([*newest, os.environ.get("PATH", "")]))
    assert found is not None, f"no {name}; apt-get install postgresql"
    return found


def _as_nobody_much(*command: str) -> list[str]:
    """Have a command end with us, and run as the user `postgres` where we are root: PostgreSQL refuses that."""
    user = [] if os.geteuid() else ["--reuid", _USER, "--regid", _USER, "--clear-groups"]
    return ["setpriv", "--pdeathsig", "QUIT", *user, *command]


class PostgresServer:
    """One server.  `stop` and `start` as often as a test likes: the port stays."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="tollbridge-postgres-"))
        if not os.geteuid():
            shutil.chown(self._folder, _USER, _USER)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._numbers = itertools.count()
        self._process: subprocess.Popen[bytes] | None = None
        secret = self._folder / "password"
        secret.write_text(PASSWORD)
        os.chmod(secret, 0o644)
        order = ["--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US"]
        access = ["--username", _USER, "--auth=scram-sha-256", f"--pwfile={secret}"]
        made = [program("initdb"), "--no-sync", "--encoding=UTF8", *order, *access, str(self._folder / "data")]
        subprocess.run(_as_nobody_much(*made), check=True, capture_output=True, cwd="/", timeout=_TIMEOUT_S)

    def start(self) -> None:
        """Start it, and wait until it takes connections.  It ends with the thread that does so."""
        settings = [word for name, value in _SETTINGS.items() for word in ("-c", f"{name}={value}")]
        place = ["-D", str(self._folder / "data"), "-k", str(self._folder), "-p", str(self.port)]
        self._process = subprocess.Popen(
            _as_nobody_much(program("postgres"), *place, *settings),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
        )
        end = time.monotonic() + _TIMEOUT_S
        ready = [program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        while subprocess.run(ready, check=False).returncode:
            assert self._process.poll() is None, "PostgreSQL ended at its start"
            assert time.monotonic() < end, "PostgreSQL did not start"
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it, by cutting its clients off (SIGINT), or at once as a crash does (SIGQUIT)."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(_TIMEOUT_S)
            self._process = None

    def close(self) -> None:
        """Stop it and remove its folder."""
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self._folder)

    def url(self, database: str, *, user: str = _USER, password: str = PASSWORD, query: str = "") -> str:
        """Give the URL of a database."""
        return f"postgresql://{user}:{quote(password, safe='')}@127.0.0.1:{self.port}/{database}{query}"

    def run(self, sql: str, database: str = "postgres") -> str:
        """Run a statement as its superuser would; gives what psql prints, a row a line, `|` between columns."""
        done = subprocess.run(
            [program("psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", self.url(database), "-c", sql],
            check=False,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def make_database(self, template: str = "template0") -> str:
        """Make a database like another one, to which nobody is connected; gives its name."""
        name = f"test_{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def drop_database(self, name: str) -> None:
        """Remove a database, whoever is connected."""
        with suppress(AssertionError):
            self.run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    server = PostgresServer()
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture(scope="session")
def postgres_template(postgres_server: PostgresServer) -> str:
    """Give the name of a database with our schema and nothing in it, to make others from."""
    from tollbridge_postgres import Factory  # this module is loaded before coverage is measured

    name = postgres_server.make_database()
    Factory().upgrade(postgres_server.url(name))
    return name


@pytest.fixture(scope="session")
def _postgres_shared(postgres_server: PostgresServer, postgres_template: str) -> str:
    return postgres_server.make_database(postgres_template)


@pytest.fixture
def postgres_database(postgres_server: PostgresServer, _postgres_shared: str) -> str:
    """Give the name of a database with our schema, emptied for this test: that is quicker than making one.

    Whoever still writes is waited for. Rows are deleted, for `TRUNCATE` makes every file of every table anew.
    """
    from tests.support.ending import metadata  # with every table declared

    tables = [name for name in reversed([table.name for table in metadata.sorted_tables]) if name != "turn"]
    emptied = "; ".join(f"DELETE FROM {table}" for table in tables)
    postgres_server.run(f"LOCK TABLE {', '.join(tables)}; {emptied}", _postgres_shared)
    return _postgres_shared


@pytest.fixture
def postgres_own(postgres_server: PostgresServer, postgres_template: str) -> Iterator[str]:
    """Give the name of a database of this test's own, to do with what it likes."""
    name = postgres_server.make_database(postgres_template)
    yield name
    postgres_server.drop_database(name)
