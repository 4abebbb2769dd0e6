"""A gateway and its key rings: where they come from, and how they change while it serves."""

import asyncio
import gc
import logging
import sqlite3
import threading
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from typing import Any, ClassVar

import pytest
from structlog.testing import capture_logs
from tests.support.rings import MASTER, NEW, NOON, OLD, Lockbox, rings, write_secret

from tollbridge import Gateway, SetupError, hookimpl, load_config, logs
from tollbridge.rewrapping import drop_key, needed, rewrap
from tollbridge.sealing.ring import GRACE_S, LOOK_S, STALE_S
from tollbridge.testing import FakeUpstream, FixedClock

PROVIDERS = {"mock": {"base_url": "https://mock.example/v1", "dialect": "openai-chat", "api_key": "env:KEY"}}
MODELS = {"m": {"targets": ["mock/m"], "price": {"input": "1", "output": "1"}}}
KEEPING = {"providers": PROVIDERS, "models": MODELS, "answers": {"keep": True}}


class OffersLockbox:
    """A plugin that brings a key source."""

    def __init__(self, source: Any = Lockbox) -> None:
        self._source = source

    @hookimpl
    def register_key_sources(self, register: Any) -> None:
        register("lockbox", self._source)


@pytest.fixture
def build(tmp_path: Path) -> Any:
    """Give `build(config, **options)`: a gateway over the data folder of the test."""

    def build(config: Any = None, **options: Any) -> Gateway:
        options = {"transport": FakeUpstream(), "clock": FixedClock(NOON), "env": {"KEY": "sk-1"}, **options}
        return Gateway(replace(load_config(config or {}, {}), data=tmp_path / "data"), **options)

    return build


@pytest.mark.parametrize("option", ["keys", "pepper"])
@pytest.mark.parametrize("value", ["", "\n", "ab" * 31, "ab" * 32, "0" * 64, f"{OLD},00", "not hexadecimal", None])
async def test_key_that_protects_nothing_stops_the_start_and_its_variable_is_named(
    build, tmp_path, option, value
) -> None:
    env = {"KEY": "sk-1"} if value is None else {"KEY": "sk-1", "RING": value}

    with pytest.raises(SetupError, match=r"the environment variable RING") as caught:
        await build({"secrets": {option: "env:RING"}}, env=env).start()

    assert not value or value not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("option", "name"), [("keys", "kek"), ("pepper", "pepper")])
@pytest.mark.parametrize("value", ["", "ab" * 31, "ab" * 32, f"{OLD}\n00"])
async def test_key_that_protects_nothing_stops_the_start_and_its_file_is_named(
    build, tmp_path, option, name, value
) -> None:
    own = write_secret(tmp_path / "data" / name, value)
    elsewhere = write_secret(tmp_path / "mounted" / "ring", value)

    with pytest.raises(SetupError, match=str(own)):
        await build().start()
    own.unlink()
    with pytest.raises(SetupError, match=str(elsewhere)):
        await build({"secrets": {option: f"file:{elsewhere}"}}).start()
    assert not list((tmp_path / "data").iterdir())


async def test_pepper_of_a_variable_hashes_tokens_and_none_is_made(build, tmp_path) -> None:
    config = {"secrets": {"pepper": "env:SALT"}}
    async with build(config, env={"SALT": f"2a {OLD}"}) as gateway:
        secret = (await gateway.tokens.issue(name="t")).secret
    assert not (tmp_path / "data" / "pepper").exists()
    with closing(sqlite3.connect(tmp_path / "data" / "tollbridge.db")) as db:
        assert db.execute("SELECT pepper_id FROM secret").fetchall() == [("2a",)]

    async with build(config, env={"SALT": OLD}) as again:
        assert await again.tokens.identify(secret.encode())
    with pytest.raises(SetupError, match=r"the pepper 1 in the environment variable SALT is another one than"):
        await build(config, env={"SALT": NEW}).start()


async def test_source_keeps_its_master_key_and_opens_what_it_wrapped_at_the_next_start(build, tmp_path) -> None:
    config = {"secrets": {"keys": "lockbox", "pepper": "lockbox", "lockbox": {"region": "there"}}, **KEEPING}
    async with build(config, plugins=[OffersLockbox()]) as gateway:
        secret = (await gateway.tokens.issue(name="t")).secret
        gateway.vault.put("mine", "sk-stored")
        ring = gateway.rings.keys.current()
        pepper = gateway.rings.peppers.current()

    written = b"".join(path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file())
    for key in (MASTER, ring.content, pepper.content):
        assert key not in written
        assert key.hex().encode() not in written
    stored = {**config, "providers": {"mock": {**PROVIDERS["mock"], "api_key": "stored:mine"}}}
    async with build(stored, plugins=[OffersLockbox()]) as again:
        assert await again.tokens.identify(secret.encode())
        assert again.vault.get("mine") == "sk-stored"


@dataclass(frozen=True)
class Locked(Lockbox):
    """A key source that does not answer."""

    def unwrap(self, wrapped: bytes, label: str) -> bytes:
        raise ConnectionError("hunter2")


async def test_source_that_does_not_answer_stops_the_start_before_the_store_is_opened(build, tmp_path) -> None:
    config = {"secrets": {"keys": "lockbox"}}
    rings(tmp_path / "data", FixedClock(NOON), keys="lockbox", offered={"lockbox": Lockbox}).keys.rotate()
    gateway = build(config, plugins=[OffersLockbox(Locked)])

    with pytest.raises(SetupError, match=r"^secrets\.lockbox: the key 'kek .*': the source failed: ConnectionError in"):
        await gateway.start()

    assert [path.name for path in (tmp_path / "data").iterdir()] == ["kek"]


async def test_no_key_is_in_a_log_whenever_it_was_made(build, tmp_path, capsys, restored_logging) -> None:
    clock = FixedClock(NOON)
    async with build(KEEPING, clock=clock) as gateway:
        keys = [gateway.rings.peppers.current(), gateway.rings.keys.current()]
        rings(tmp_path / "data", clock).keys.rotate()
        clock.advance(LOOK_S)
        keys.append(gateway.rings.keys.current())
        logs.configure(level="info", format="json")
        for key in keys:
            logging.getLogger("anything").warning("the key is %s", key.content.hex())

    written = "".join(capsys.readouterr())
    assert written.count("the key is") == 3
    assert not [key.id for key in keys if key.content.hex() in written]


def home(thing: object) -> str:
    return str(type.__getattribute__(type(thing), "__module__"))


async def test_no_key_is_in_the_repr_of_any_object_of_a_gateway_whose_keys_were_changed(build) -> None:
    config = {"secrets": {"keys": "lockbox"}, **KEEPING}
    async with build(config, plugins=[OffersLockbox()]) as gateway:
        gateway.vault.put("mine", "sk-stored-secret")
        gateway.rings.keys.rotate()
        assert gateway.vault.reseal("mine")
        keys = [*gateway.rings.keys.newest_first(), *gateway.rings.peppers.newest_first()]
        hidden = [text for key in keys for text in (key.content.hex(), repr(key.content))]

        ours = [thing for thing in gc.get_objects() if home(thing).startswith("tollbridge")]
        told = [(f"{home(thing)}.{type(thing).__qualname__}", repr(thing)) for thing in ours]

    assert len(keys) == 3
    names = {name.rpartition(".")[2] for name, _ in told}
    assert {"KeyRing", "Key", "Entry", "RingRules", "Keeper", "Box", "Vault", "Rings"} <= names
    assert [name for name, text in told if any(secret in text for secret in (*hidden, "sk-stored-secret"))] == []


# while it serves


@pytest.fixture
def bridge(gateway, monkeypatch) -> Any:
    monkeypatch.setenv("KEY", "sk-1")
    return gateway(KEEPING)


async def answered(gw: Any, **fields: Any) -> str:
    """Get an answer and come back to it; gives its id."""
    made = await gw.request("POST", "/v1/responses", json={"model": "m", "input": "2 + 2?", **fields})
    assert made.status_code == 200, made.text
    id: str = made.json()["id"]
    found = await gw.request("GET", f"/v1/responses/{id}")
    assert found.status_code == 200, found.text
    return id


@pytest.mark.untraced
async def test_key_is_changed_while_many_callers_come_and_go_and_no_request_fails(bridge) -> None:
    gw, gateway, over, ids = bridge, bridge.gateway, asyncio.Event(), []
    await answered(gw)

    async def caller() -> None:
        before: dict[str, str] = {}
        while not over.is_set():
            ids.append(await answered(gw, **before))
            before = {"previous_response_id": ids[-1]} if len(ids) % 5 else {}

    async def more(count: int) -> None:
        goal = len(ids) + count
        while len(ids) < goal and not any(task.done() for task in callers):
            await asyncio.sleep(0)

    callers = [asyncio.create_task(caller()) for _ in range(100)]
    operator = rings(gateway.config.data, gw.clock).keys  # as a command of another process
    made = operator.rotate()
    await more(200)
    gw.clock.advance(LOOK_S)
    await more(200)
    assert (await needed(gateway.vault, gateway.store)).keys() == {"1", made.id}
    gw.clock.advance(GRACE_S)
    await rewrap(gateway.box, gateway.vault, gateway.store)
    await more(200)
    await drop_key(operator, "1", gateway.vault, gateway.store)
    gw.clock.advance(LOOK_S)
    await more(200)
    over.set()
    await asyncio.gather(*callers)  # raises what failed

    assert list(await needed(gateway.vault, gateway.store)) == [made.id]
    for id in ids[::20]:
        assert (await gw.request("GET", f"/v1/responses/{id}")).status_code == 200


async def test_answer_sealed_by_another_process_with_a_new_key_is_opened_at_once(bridge) -> None:
    gw = bridge
    id = await answered(gw)
    data, store = gw.gateway.config.data, gw.gateway.store
    rings(data, gw.clock).keys.rotate()
    other = Gateway(gw.gateway.config, clock=gw.clock, transport=FakeUpstream())
    assert (await rewrap(other.box, other.vault, store)).moved == 3  # two are our own

    assert (await gw.request("GET", f"/v1/responses/{id}")).status_code == 200


@dataclass(frozen=True)
class Distant(Lockbox):
    """A key source that answers once the event loop has had its turn."""

    turns: ClassVar[list[Event]] = []

    def unwrap(self, wrapped: bytes, label: str) -> bytes:
        for turn in self.turns:
            assert turn.wait(2)
        return super().unwrap(wrapped, label)


async def test_no_caller_waits_while_a_source_is_asked_for_a_key_that_was_met(gateway, monkeypatch) -> None:
    monkeypatch.setenv("KEY", "sk-1")
    monkeypatch.setattr(Distant, "turns", [])
    gw = gateway({**KEEPING, "secrets": {"keys": "lockbox"}}, plugins=(OffersLockbox(Distant),))
    id = await answered(gw)
    other = Gateway(gw.gateway.config, clock=gw.clock, transport=FakeUpstream(), plugins=[OffersLockbox()])
    other.rings.keys.rotate()
    assert (await rewrap(other.box, other.vault, gw.gateway.store)).moved == 3  # two are our own
    Distant.turns.append(Event())

    asked = asyncio.create_task(gw.request("GET", f"/v1/responses/{id}"))
    while not asked.done() and not asking():
        assert (await gw.request("GET", "/healthz")).status_code == 200
    Distant.turns[0].set()

    assert (await asked).status_code == 200


def asking() -> bool:
    return any(thread.name == "tollbridge-keys-lockbox" for thread in threading.enumerate())


async def test_content_is_not_kept_while_it_is_not_known_which_key_is_in_use(bridge) -> None:
    gw = bridge
    await answered(gw)
    (gw.gateway.config.data / "kek").unlink()
    gw.clock.advance(STALE_S + 1)

    with capture_logs() as seen:
        made = await gw.request("POST", "/v1/responses", json={"model": "m", "input": "2 + 2?"})

    assert made.status_code == 200
    assert [entry["event"] for entry in seen if entry["log_level"] == "error"] == [
        "key_ring_not_read",
        "content_not_kept",
    ]
    refused = await gw.request("GET", f"/v1/responses/{made.json()['id']}")
    assert refused.status_code == 404
    assert "is not kept" in refused.json()["error"]["message"]
