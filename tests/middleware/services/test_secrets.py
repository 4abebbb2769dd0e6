"""Secrets of services: read anew for each call, from the database and from the data folder."""

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tollbridge.errors import Unavailable
from tollbridge.gateway import Gateway
from tollbridge.providerkeys.service import NewKey
from tollbridge.services.secrets import ServiceSecrets
from tollbridge.testing import FixedClock, GatewayUnderTest
from tollbridge.testing.gateway import make_gateway


@pytest.fixture
async def gw(tmp_path: Path) -> AsyncIterator[GatewayUnderTest]:
    made = make_gateway({}, data=tmp_path, clock=FixedClock())
    await made.client()
    yield made
    await made.close()


@pytest.fixture
def secrets(gw: GatewayUnderTest) -> ServiceSecrets:
    return gw.gateway.service_secrets


async def test_secret_of_the_database_goes_before_the_data_folder(gw: Any, secrets: ServiceSecrets) -> None:
    gw.gateway.vault.put("shop", "in-the-folder")
    before = await secrets.read("stored:shop", "here")
    await gw.gateway.secrets.set("services", NewKey("in-the-database"), name="shop")

    assert (before, await secrets.read("stored:shop", "here")) == ("in-the-folder", "in-the-database")
    assert await gw.gateway.secrets.remove("shop") == [1]
    assert await secrets.read("stored:shop", "here") == "in-the-folder"


async def test_newest_live_version_is_read_and_its_use_noted(gw: Any, secrets: ServiceSecrets) -> None:
    keys = gw.gateway.secrets
    await keys.set("services", NewKey("first"), name="shop")
    await keys.rotate("shop", NewKey("second", gw.clock.now() + timedelta(hours=1)), timedelta(days=2))

    newest = await secrets.read("stored:shop", "here")
    gw.clock.advance(3600)
    left = await secrets.read("stored:shop", "here")
    gw.clock.advance(2 * 86_400)

    assert (newest, left) == ("second", "first")
    assert set(keys._live.uses()) == {("shop", 1), ("shop", 2)}
    with pytest.raises(Unavailable):
        await secrets.read("stored:shop", "here")


async def test_other_workers_read_a_changed_secret_after_their_next_look(gw: Any) -> None:
    other = Gateway(gw.gateway.config, clock=gw.clock, transport=gw.upstream, env={})
    async with other:
        await gw.gateway.secrets.set("services", NewKey("first"), name="shop")
        await other.secrets.look()
        before = await other.service_secrets.read("stored:shop", "here")
        await gw.gateway.secrets.rotate("shop", NewKey("second"))
        await other.secrets.look()

        assert (before, await other.service_secrets.read("stored:shop", "here")) == ("first", "second")


async def test_process_that_serves_nothing_asks_the_database(gw: Any) -> None:
    command = Gateway(gw.gateway.config, clock=gw.clock, transport=gw.upstream, env={}, serves=False)
    await gw.gateway.secrets.set("services", NewKey("s3cret"), name="shop")

    async with command.administered():
        found = await command.service_secrets.read("stored:shop", "here")
        lacking = await command.service_secrets.lacking(["stored:shop", "stored:gone", "env:GONE"])

    assert found == "s3cret"
    assert lacking == ["stored:gone", "env:GONE"]


async def test_key_of_a_provider_is_not_read(gw: Any, secrets: ServiceSecrets) -> None:
    await gw.gateway.secrets.set("openai", NewKey("sk-1"))

    assert await secrets.lacking(["stored:openai"]) == ["stored:openai"]


async def test_file_is_read_anew_where_it_changed_and_only_then(
    gw: Any, secrets: ServiceSecrets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, read, reference = tmp_path / "key", [], f"file:{tmp_path / 'key'}"
    read_key = gw.gateway.read_key

    def counted(reference: str, where: str) -> str:
        read.append(reference)
        found: str = read_key(reference, where)
        return found

    monkeypatch.setattr(gw.gateway, "read_key", counted)
    file.write_text("one")

    first = [await secrets.read(reference, "here") for _ in range(3)]
    file.with_suffix(".new").write_text("two")
    os.replace(file.with_suffix(".new"), file)
    second = [await secrets.read(reference, "here") for _ in range(3)]

    assert (first, second) == (["one"] * 3, ["two"] * 3)
    assert read == [reference] * 2


async def test_variable_is_the_one_of_the_process(tmp_path: Path) -> None:
    gateway: Any = Gateway({}, env={"TOLLBRIDGE_DATA": str(tmp_path), "KEY": "value"}, serves=False)

    assert await gateway.service_secrets.read("env:KEY", "here") == "value"


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        ("stored:gone", "here: no secret 'gone' is stored"),
        ("stored:../kek", "is no name for a secret"),
        ("env:GONE", "the environment variable GONE is not set"),
        ("file:/nowhere/key", "there is no key file"),
        ("file:~nobody-of-this-name/key", "cannot be read"),
        ("vault:key", "here: 'vault' is no place of secrets"),
        ("stored:", "here: 'stored' is no place of secrets"),
    ],
)
async def test_what_is_not_there_is_told_to_the_operator_alone(
    gw: Any, secrets: ServiceSecrets, reference: str, why: str
) -> None:
    with pytest.raises(Unavailable) as refused:
        await secrets.read(reference, "here")

    error = refused.value
    assert (error.status, error.code) == (503, "secret_missing")
    assert why in (error.detail or "")
    assert reference.partition(":")[2] not in error.message or reference == "stored:"


async def test_reading_waits_beside_the_event_loop(gw: Any, secrets: ServiceSecrets) -> None:
    gw.gateway.vault.put("shop", "s3cret")
    turns = 0

    reading = asyncio.create_task(secrets.read("stored:shop", "here"))
    while not reading.done():
        turns += 1
        await asyncio.sleep(0)

    assert await reading == "s3cret"
    assert turns > 1
