"""Keys of providers at rest: sealed, bound to their provider (T08), and nowhere else (T02, T30)."""

import asyncio
import gc
import logging
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from tests.support.keyed import CONFIG, MOCK, NEW_KEY, OLD_KEY, OTHER, KeyedUpstream, keyed_gateway
from tests.support.rings import rings

from tollbridge import logs
from tollbridge.providerkeys.service import NewKey
from tollbridge.rewrapping import drop_key, needed, rewrap
from tollbridge.sealing.ring import GRACE_S, LOOK_S
from tollbridge.testing import GatewayUnderTest

HOUR = timedelta(hours=1)
BOTH = {**CONFIG, "providers": {"mock": MOCK, "other": OTHER}}
PARTS = [key[start : start + 12] for key in (OLD_KEY, NEW_KEY) for start in range(3, len(key) - 11)]


@pytest.fixture
def upstream() -> KeyedUpstream:
    return KeyedUpstream(OLD_KEY, NEW_KEY)


@pytest.fixture
async def gw(tmp_path: Path, upstream: KeyedUpstream) -> AsyncIterator[GatewayUnderTest]:
    made = keyed_gateway(tmp_path / "data", upstream, BOTH)
    await made.client()
    yield made
    await made.close()


def database(gw: GatewayUnderTest) -> Path:
    return gw.gateway.config.data / "tollbridge.db"


def held(folder: Path) -> list[str]:
    """Give the files that hold a part of a key."""
    files = [(path.name, path.read_bytes()) for path in folder.rglob("*") if path.is_file()]
    return [name for name, content in files if any(part.encode() in content for part in PARTS)]


async def test_no_file_holds_a_key_while_it_is_used_nor_after_nor_in_a_backup(gw, tmp_path) -> None:
    await gw.gateway.secrets.set("mock", NewKey(OLD_KEY))
    await gw.gateway.secrets.rotate("mock", NewKey(NEW_KEY), HOUR)
    await gw.chat("m")
    with closing(sqlite3.connect(database(gw))) as db, closing(sqlite3.connect(tmp_path / "backup.db")) as backup:
        db.backup(backup)
    shutil.copytree(gw.gateway.config.data, tmp_path / "copy")

    assert (gw.gateway.config.data / "tollbridge.db-wal").exists()
    assert held(tmp_path) == []
    await gw.gateway.secrets.remove("mock")
    await gw.close()
    assert held(tmp_path) == []


async def test_log_at_its_loudest_holds_no_key_whatever_goes_wrong(gw, upstream, capsys, restored_logging) -> None:
    logs.configure(level="debug", format="json")
    await gw.gateway.secrets.set("mock", NewKey(OLD_KEY))
    await gw.gateway.secrets.rotate("mock", NewKey(NEW_KEY), HOUR)
    upstream.keys = {OLD_KEY}
    await gw.chat("m")
    upstream.keys = set()
    await gw.chat("m")
    upstream.reply({"error": {"message": f"Incorrect API key provided: {NEW_KEY}"}}, status=401)
    await gw.chat("m")
    await gw.gateway.secrets.check("mock")
    logging.getLogger("another").warning("the key is %s, it was %s", NEW_KEY, OLD_KEY)
    with closing(sqlite3.connect(database(gw))) as db, db:
        db.execute("UPDATE stored_secret SET content = x'0200000001aabb'")
    await gw.gateway.secrets.look()
    await gw.gateway.secrets.remove("mock")

    written = "".join(capsys.readouterr())

    for event in ("provider_key_shown", "provider_key_refused", "provider_key_not_opened", "provider_key_gone"):
        assert event in written
    assert "the key is <redacted>, it was <redacted>" in written
    assert not [part for part in PARTS if part in written]


def home(thing: object) -> str:
    return str(type.__getattribute__(type(thing), "__module__"))


async def test_no_repr_of_any_object_holds_a_key(gw) -> None:
    await gw.gateway.secrets.set("mock", NewKey(OLD_KEY))
    await gw.gateway.secrets.rotate("mock", NewKey(NEW_KEY), HOUR)
    await gw.chat("m")

    homes = ((home(thing), thing) for thing in gc.get_objects())
    ours = [thing for at, thing in homes if at.startswith("tollbridge") and not at.startswith("tollbridge.testing")]
    told = [(f"{home(thing)}.{type(thing).__qualname__}", repr(thing)) for thing in ours]

    assert {"LiveKeys", "KeptKey", "Shown", "Target", "Host"} <= {name.rpartition(".")[2] for name, _ in told}
    assert [name for name, text in told if any(part in text for part in PARTS)] == []
    assert repr(NewKey(OLD_KEY)) == "NewKey(expires_at=None, known_as='')"


async def test_row_that_is_copied_to_another_provider_name_or_version_does_not_open(gw) -> None:
    await gw.gateway.secrets.set("mock", NewKey(OLD_KEY))
    await gw.gateway.secrets.set("other", NewKey(NEW_KEY))
    with closing(sqlite3.connect(database(gw))) as db, db:
        (content,) = db.execute("SELECT content FROM stored_secret WHERE name = 'other'").fetchone()
        db.execute("UPDATE stored_secret SET content = ? WHERE name = 'mock'", (content,))
        db.execute("UPDATE stored_secret SET version = 2 WHERE name = 'other'")

    again = keyed_gateway(gw.gateway.config.data, KeyedUpstream(), BOTH)
    with capture_logs() as seen:
        await again.client()
    try:
        failed = {(one["provider"], one["version"]) for one in seen if one["event"] == "provider_key_not_opened"}
        assert failed == {("mock", 1), ("other", 2)}
        assert [one.id for one in again.gateway.models()] == []
        with capture_logs() as seen:
            await again.gateway.secrets.look()
        assert "provider_key_not_opened" not in [one["event"] for one in seen]
    finally:
        await again.close()


async def test_process_that_showed_a_key_goes_on_where_its_row_is_spoilt(gw, upstream) -> None:
    await gw.gateway.secrets.set("mock", NewKey(OLD_KEY))
    with closing(sqlite3.connect(database(gw))) as db, db:
        db.execute("UPDATE stored_secret SET content = x'0200000001aabb'")

    await gw.gateway.secrets.look()

    assert (await gw.chat("m")).status_code == 200
    checked = await gw.request("GET", "/healthz", token="")
    assert checked.status_code == 200
    assert upstream.shown == [OLD_KEY]


async def test_keys_are_sealed_anew_and_changed_while_callers_come_and_go_and_no_call_fails(gw) -> None:
    gateway, over, answered = gw.gateway, asyncio.Event(), []
    await gateway.secrets.set("mock", NewKey(OLD_KEY))
    await gw.chat("m")

    async def caller() -> None:
        while not over.is_set():
            answered.append((await gw.chat("m")).status_code)

    async def more(count: int) -> None:
        goal = len(answered) + count
        while len(answered) < goal and not any(task.done() for task in callers):
            await asyncio.sleep(0)

    callers = [asyncio.create_task(caller()) for _ in range(20)]
    operator = rings(gateway.config.data, gw.clock).keys  # as a command of another process
    made = operator.rotate()
    await more(40)
    gw.clock.advance(LOOK_S)
    await gateway.secrets.rotate("mock", NewKey(NEW_KEY), HOUR)
    await more(40)
    assert (await needed(gateway.vault, gateway.store)).keys() == {"1", made.id}
    gw.clock.advance(GRACE_S)
    assert (await rewrap(gateway.box, gateway.vault, gateway.store)).failed == ()
    await gateway.secrets.look()
    await drop_key(operator, "1", gateway.vault, gateway.store)
    gw.clock.advance(LOOK_S)
    await more(40)
    gw.clock.advance(HOUR.total_seconds())
    await gateway.secrets.look()
    await more(40)
    over.set()
    await asyncio.gather(*callers)

    assert set(answered) == {200}
    again = keyed_gateway(gateway.config.data, KeyedUpstream(NEW_KEY), BOTH)
    again.clock.advance(2 * HOUR.total_seconds())
    try:
        assert (await again.chat("m")).status_code == 200
    finally:
        await again.close()


def test_parts_are_looked_for(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"..." + OLD_KEY[5:20].encode())

    assert held(tmp_path) == ["x"]
    assert len(PARTS) > 20
