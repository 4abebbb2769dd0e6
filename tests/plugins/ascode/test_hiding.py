"""Secrets of drafts that were written before that was refused."""

import asyncio
import json
from pathlib import Path

from tests.plugins.ascode.conftest import Code

from tollbridge import Gateway
from tollbridge.administering import Design
from tollbridge.testing.blank import lay_database
from tollbridge_ascode.hiding import referring, veiled

OLD = {
    "upstreams": {
        "main": {"headers": {"Authorization": "Bearer sk-1", "accept": "*/*"}, "auth": {"key": "stored:good"}},
        "more": {"headers": {"authorization": "sk-2"}},
    },
    "routes": [{"name": "a"}, {"request": {"headers": {"set": {"X-Api-Key": "3"}}}}],
}


def test_a_secret_is_veiled_and_all_else_is_as_it_was() -> None:
    seen = veiled(OLD)

    assert seen["upstreams"]["main"] == {
        "headers": {"Authorization": "***", "accept": "*/*"},
        "auth": {"key": "stored:good"},
    }
    assert seen["routes"] == [{"name": "a"}, {"request": {"headers": {"set": {"X-Api-Key": "***"}}}}]
    assert "sk-1" in str(OLD)


def test_a_secret_is_written_as_a_reference_of_its_own_and_said() -> None:
    definition, notes = referring(OLD, "weather", "blue")

    assert definition["upstreams"]["main"]["headers"]["Authorization"] == "stored:blue.weather-authorization"
    assert definition["upstreams"]["more"]["headers"]["authorization"] == "stored:blue.weather-authorization-2"
    assert definition["routes"][1]["request"]["headers"]["set"]["X-Api-Key"] == "stored:blue.weather-x-api-key"
    assert notes[1] == (
        "a secret stands in it at upstreams/main/headers/Authorization, and is written as "
        "stored:blue.weather-authorization: store it, and write that there"
    )


def test_what_has_no_team_is_named_by_its_slug_and_names_fit() -> None:
    definition, _ = referring({"headers": {f"x-{'y' * 90}-token": "1"}}, "weather", "")

    (name,) = definition["headers"].values()
    assert name.startswith("stored:weather.weather-x-y")
    assert len(name) <= len("stored:") + 64


def test_a_definition_without_secrets_stays() -> None:
    assert referring({"text": "rain"}, "weather", "") == ({"text": "rain"}, [])


def test_secret_of_an_old_draft_is_neither_exported_nor_shown(code: Code, tmp_path: Path) -> None:
    lay_database(tmp_path / ".tollbridge" / "tollbridge.db")

    async def kept() -> None:
        async with Gateway() as gateway:
            await gateway.services.add("weather", "rest", draft=Design(name="W", definition=OLD))

    asyncio.run(kept())

    ran = code("export", "-o", tmp_path / "out")
    differs = code("diff", "-f", tmp_path / "out")

    files = "".join(path.read_text() for path in (tmp_path / "out").rglob("*.*") if path.is_file())
    assert (ran.code, differs.code) == (0, 1)
    assert not [text for text in (files, ran.out, ran.err, differs.out, differs.err) if "sk-" in text]
    assert "note: Service weather: a secret stands in it at upstreams/main/headers/Authorization, and is" in ran.err
    assert "needs stored:weather.weather-authorization\n" in ran.out
    assert code("apply", "-f", tmp_path / "out").code == 0
    assert json.loads(code("export", "--json").out)[0]["spec"]["design"]["definition"] != OLD
