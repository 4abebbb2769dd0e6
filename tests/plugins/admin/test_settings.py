"""Settings over the API: what is in force, what the gateway stands on, and no secret."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.plugins.admin.conftest import Admin, an_admin
from tests.support.keyed import KeyedUpstream, keyed_gateway
from tests.support.postgres import PostgresServer
from tests.support.requires import requires

from tollbridge import __version__
from tollbridge.stores.versions import revisions
from tollbridge.testing import FixedClock, GatewayUnderTest
from tollbridge.testing.gateway import make_gateway
from tollbridge_admin.settings import READ, _backup

CONFIG: dict[str, Any] = {
    "server": {"public_url": "https://gw.example.com", "workers": 2},
    "limits": {"per_process": True},
    "signin": {
        "sign_up": True,
        "oidc": {"corp": {"issuer": "https://login.example.com", "client_id": "gw", "client_secret": "env:CORP"}},
    },
    "answers": {"keep": True, "keep_days": 7},
    "providers": {"mine": {"base_url": "https://mine.example/v1", "api_key": "env:MINE", "headers": {"x": "quartz"}}},
    "policies": {"masking": {"words": ["Falcon"]}},
}
ENV = {"CORP": "quartz-corp-secret", "MINE": "quartz-mine-secret", "TOLLBRIDGE_SERVER__PORT": "9000"}


@pytest.fixture
async def under(tmp_path: Path) -> AsyncIterator[GatewayUnderTest]:
    made = keyed_gateway(tmp_path / "data", KeyedUpstream(), CONFIG, env=ENV)
    yield made
    await made.close()


async def settings(admin: Admin) -> dict[str, Any]:
    reply = await admin.get("/settings")
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def test_sections_in_force_are_told_option_by_option(admin: Admin) -> None:
    sections = {one["name"]: one for one in (await settings(admin))["sections"]}

    server = {one["name"]: one for one in sections["server"]["options"]}
    assert server["workers"] == {
        **{"name": "workers", "value": 2, "default": 1, "origin": "code"},
        "about": "processes; see [limits] before you raise it",
    }
    assert server["host"]["origin"] == "default"
    assert {"providers.mine", "signin.oidc.corp", "policies.masking"} <= set(sections)
    (words,) = [one for one in sections["policies.masking"]["options"] if one["name"] == "words"]
    assert (words["value"], words["default"]) == (["Falcon"], [])


async def test_no_secret_is_among_them_and_references_are(admin: Admin) -> None:
    reply = await admin.get("/settings")

    assert "quartz" not in reply.text
    assert "env:CORP" in reply.text
    assert "env:MINE" in reply.text


async def test_what_the_gateway_stands_on_is_told(admin: Admin, tmp_path: Path) -> None:
    admin.under.clock.advance(90)

    found = await settings(admin)

    program = found["program"]
    assert (program["version"], program["workers"], program["uptime_s"]) == (__version__, 2, 90)
    assert (program["started_at"], program["wraps_app"], program["config_file"]) == (
        "2026-01-05T12:00:00Z",
        False,
        None,
    )
    assert program["public_url"] == "https://gw.example.com"
    database = found["database"]
    assert (database["kind"], database["schema"], database["state"]) == ("sqlite", revisions()[-1], "current")
    assert found["data_folder"]["path"] == str(tmp_path / "data")
    assert found["data_folder"]["total_bytes"] >= found["data_folder"]["free_bytes"] > 0


async def test_sign_in_retention_and_backup_are_told(admin: Admin) -> None:
    found = await settings(admin)

    assert found["sign_in"] == {
        **{"passwords": True, "sign_up": True, "session_hours": 12.0, "idle_hours": 8.0},
        "oidc": [{"name": "corp", "title": "corp", "issuer": "https://login.example.com"}],
        **{"identity_sources": [], "oauth": False},
    }
    assert found["retention"] == {
        **{"answers_days": 7, "answer_content": True, "webhook_messages_days": 30, "repeatable_answers_hours": 24},
        **{"usage_days": None, "audit_days": None},
    }
    assert found["backup"]["database"].startswith("sqlite3 ")
    assert "vault/" in found["backup"]["files"]


@pytest.mark.parametrize(
    ("kind", "url", "copied"),
    [
        ("sqlite", "sqlite:////var/my data/x.db", "sqlite3 '/var/my data/x.db' \".backup copy.db\""),
        ("postgresql", "postgresql://gw@db/gw", "pg_dump"),
        ("other", "other://x", ""),
    ],
)
def test_way_to_copy_a_database_is_that_of_its_kind(kind: str, url: str, copied: str) -> None:
    assert _backup(kind, url).database == copied


async def test_tag_changes_with_the_settings_and_not_with_the_time(admin: Admin) -> None:
    before = (await admin.get("/settings")).headers["etag"]
    admin.under.clock.advance(5)

    after = (await admin.get("/settings")).headers["etag"]

    assert after.partition(".")[0] == before.partition(".")[0]
    assert after != before


async def test_token_with_a_team_sees_none(under: GatewayUnderTest, admin: Admin) -> None:
    await admin.post("/teams", {"name": "blue", "scopes": ["admin:*"]})
    blue = await an_admin(under, READ, team="blue")

    refused = await blue.get("/settings")

    assert (refused.status_code, refused.json()["code"]) == (403, "out_of_reach")


@requires("postgres")
async def test_database_on_a_server_is_told_with_its_schema(
    postgres_server: PostgresServer, postgres_database: str, tmp_path: Path
) -> None:
    config = {"store": {"url": postgres_server.url(postgres_database)}}
    under = make_gateway(config, data=tmp_path / "data", clock=FixedClock())
    admin = await an_admin(under)

    found = await settings(admin)
    health = (await admin.get("/providers/openai")).json()["health"]
    await under.close()

    database = found["database"]
    assert (database["kind"], database["schema"], database["state"]) == ("postgresql", revisions()[-1], "current")
    assert (database["size_bytes"], found["backup"]["database"]) == (None, "pg_dump")
    assert health["day"]["calls"] == 0
