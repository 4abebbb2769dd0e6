"""No secret that anything of the gateway hands out or is given lies in its database in the clear (T02).

Every table there is is read as a whole, and so are the files; of each secret twelve characters are looked for.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData, create_engine, select
from sqlalchemy.ext.asyncio import create_async_engine
from tests.plugins.admin.conftest import Admin, an_admin
from tests.support.lending import lend
from tests.support.postgres import PostgresServer
from tests.support.requires import requires

from tollbridge.stores.tables import metadata
from tollbridge.testing import FixedClock
from tollbridge.testing.gateway import make_gateway

KEY = "sk-proj-" + "Qz7" * 14
PASSWORD = "correct horse battery staple 7"
SHOWN_ONCE = ("token", "secret", "client_secret", "private_key", "key")
PEM = "-----"


class Stored:
    """An administrator, and how all that is kept is read."""

    def __init__(self, admin: Admin, folder: Path, postgres: str = "") -> None:
        self.admin = admin
        self._folder = folder
        self._postgres = postgres

    async def everything(self) -> tuple[set[str], bytes]:
        """Give the tables that were read, and all that is in them and in the files."""
        found = [file.read_bytes() for file in self._folder.rglob("*") if file.is_file()]
        database = MetaData()
        if self._postgres:
            engine = create_async_engine(self._postgres.replace("postgresql://", "postgresql+asyncpg://"))
            async with engine.connect() as connection:
                await connection.run_sync(database.reflect)
                for table in database.tables.values():
                    found += [_bytes(row) for row in await connection.execute(select(table))]
            await engine.dispose()
        else:
            plain = create_engine(f"sqlite:///{self._folder / 'tollbridge.db'}")
            with plain.connect() as reading:
                database.reflect(reading)
                for table in database.tables.values():
                    found += [_bytes(row) for row in reading.execute(select(table))]
            plain.dispose()
        return set(database.tables), b"\n".join(found)


def _bytes(row: Any) -> bytes:
    return b"\n".join(value if isinstance(value, bytes) else str(value).encode() for value in row)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=requires("postgres"))])
async def stored(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stored]:
    folder = tmp_path / "data"
    if request.param == "sqlite":
        under = make_gateway({}, data=folder, clock=FixedClock())
        yield Stored(await an_admin(under), folder)
        await under.close()
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = server.make_database()
    under = make_gateway({"store": {"url": server.url(name)}}, data=folder, clock=FixedClock())
    yield Stored(await an_admin(under), folder, server.url(name))
    await under.close()
    server.drop_database(name)


def handed_out(answer: Any) -> Iterator[str]:
    """Give the secrets that stand in an answer this once."""
    for name, value in answer.items() if isinstance(answer, Mapping) else ():
        if isinstance(value, Mapping):
            yield from handed_out(value)
        elif name in SHOWN_ONCE and isinstance(value, str) and len(value) >= 24:
            yield from (line for line in value.splitlines() if not line.startswith(PEM))


async def all_kinds(admin: Admin) -> dict[str, list[str]]:
    """Make one of each thing that has a secret; gives the secrets, by what they are of."""
    token = await admin.make(canary=False)
    path = f"/tokens/{token['id']}"
    made = {
        "rotation": await admin.post(f"{path}/rotate", {}),
        "client": await admin.post("/clients", {"name": "c", "scopes": ["ai:chat"]}),
        "webhook": await admin.post("/webhooks", {"name": "w", "url": "https://x.example/", "events": ["token.*"]}),
        "hmac": await admin.post(f"{path}/credentials", {"kind": "hmac"}),
        "aksk": await admin.post(f"{path}/credentials", {"kind": "aksk"}),
        "signature": await admin.post(f"{path}/credentials", {"kind": "signature"}),
    }
    assert {name: reply.status_code for name, reply in made.items() if reply.status_code not in (200, 201)} == {}
    key = await admin.post("/provider-credentials", {"provider": "openai", "key": KEY})
    person = await admin.post("/people", {"email": "a@example.com", "name": "A", "password": PASSWORD})
    assert (key.status_code // 100, person.status_code // 100) == (2, 2)
    lent = await lend(admin.under.gateway)
    return {
        "token": [token["token"]],
        "provider key": [KEY],
        "password": [PASSWORD],
        "access token": [lent.access],
        "refresh token": [lent.refresh],
        "client secret": [lent.secret],
        **{name: list(handed_out(reply.json())) for name, reply in made.items()},
    }


async def test_no_table_and_no_file_holds_twelve_characters_of_any_secret(stored: Stored) -> None:
    secrets = await all_kinds(stored.admin)
    assert all(secrets.values()), f"one of these handed nothing out: {secrets.keys()}"

    tables, kept = await stored.everything()

    assert set(metadata.tables) <= tables
    assert b"provider" in kept  # something was read
    for name, of in secrets.items():
        for secret in of:
            body = secret.removeprefix("tb_")[4:] if secret.startswith("tb_") else secret  # a list shows the beginning
            parts = {body[start : start + 12].encode() for start in range(len(body) - 11)}
            assert [part for part in parts if part in kept and part.strip(b"A") != b""] == [], name
