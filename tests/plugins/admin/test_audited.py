"""Each thing that a write changes is one record of the audit log, or the write is refused: of every route (T61)."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import MetaData, Table, select, text
from tests.plugins.admin.conftest import Admin
from tests.plugins.admin.test_crossing import BODIES, SOMEBODY, Names, foreign
from tests.plugins.admin.walking import filled, segment, writes_of

from tollbridge_admin.routes import Route

__all__ = ["foreign"]

MORE: Mapping[tuple[str, str], Any] = {
    **BODIES,
    ("POST", "/tokens"): {"name": "x", "scopes": ["ai:chat"]},
    ("POST", "/tokens/revoke"): {"ids": ["tok_0"]},
    ("POST", "/tokens/rotate"): {"ids": ["tok_0"]},
    ("POST", "/tokens/import"): {"tokens": [{"name": "x", "scopes": ["ai:chat"], "hash": f"sha256:{'0' * 64}"}]},
    ("POST", "/clients"): {"name": "x", "scopes": ["ai:chat"]},
    ("POST", "/teams"): {"name": "green"},
    ("POST", "/me/invitations/accept"): {"code": "x"},
    ("POST", "/members"): {**SOMEBODY, "email": "new@example.com"},
    ("POST", "/people"): {"name": "New", "email": "newer@example.com"},
    ("POST", "/roles"): {"name": "another", "scopes": ["ai:chat"]},
    ("POST", "/provider-credentials"): {"provider": "anthropic", "key": "sk-" + "z" * 40},
    ("POST", "/providers/try"): {"provider": "anthropic", "key": "sk-" + "z" * 40},
    ("POST", "/webhooks"): {"name": "x", "url": "https://x.example/", "events": ["token.*"]},
    ("POST", "/applications"): {"name": "another"},
    ("POST", "/services"): {"slug": "rain", "kind": "answering"},
    ("POST", "/plans"): {"name": "silver", "price_per_call_usd": "25.5", "budget": {"usd": "25"}, "models": ["a", "b"]},
    ("POST", "/subscriptions"): {"application": "app_0", "service": "weather"},
    ("POST", "/jobs/run"): {"name": "forget_messages"},
    ("POST", "/explain"): {"model": "x"},
    ("POST", "/openapi-drafts"): {"url": "https://x.example/openapi.json"},
    ("POST", "/leaked"): {"tokens": ["tb_x"]},
}
"""What is sent where a body is needed."""
UNRECORDED = frozenset(("audit", "turn", "job", "idempotency", "delivery", "alembic_version", "usage"))
"""Tables that are no thing of anybody's: the logs of changes and of calls, how work is shared out, and messages."""
SUMS = "usage_"
"""How the names of tables begin that hold sums of calls."""


async def tables_of(admin: Admin) -> list[Table]:
    """Find every table that there is, but those."""
    sql = await admin.under.gateway.store._sql()  # type: ignore[attr-defined]
    database = MetaData()
    async with sql._engine.connect() as connection:
        await connection.run_sync(database.reflect)
    return [table for name, table in database.tables.items() if name not in UNRECORDED and not name.startswith(SUMS)]


async def contents(admin: Admin, tables: list[Table]) -> dict[str, Any]:
    """Read these tables, but for that the administrator's own token was used."""
    sql = await admin.under.gateway.store._sql()  # type: ignore[attr-defined]
    async with sql._engine.connect() as connection:
        found = {table.name: (await connection.execute(select(table))).all() for table in tables}
    return found | {"token": [row for row in found["token"] if row.id != admin.id]}


def last(one: Route) -> bool:
    """Whether a write ends what others are about."""
    return one.path.rpartition("/")[2] in ("remove", "end", "revoke") or one.method == "DELETE"


def raw(value: Any) -> bool:
    """Whether a value is as the database has it: a time or money as a big number, JSON as a text, a zone by numbers."""
    if isinstance(value, str):
        return value[:1] in ("{", "[") or value.endswith("+00:00")
    return isinstance(value, int) and abs(value) > 10**9


async def ask(admin: Admin, one: Route, names: Names) -> Any:
    body = MORE.get((one.method, one.path))
    return await admin.ask(one.method, filled(one.path, **{name: names[name] for name in one.names}), body)


async def test_each_write_is_recorded_under_its_request_once_for_each_thing_it_changed(
    admin: Admin, foreign: Mapping[str, Names]
) -> None:
    changed = []
    tables = await tables_of(admin)

    for one in sorted(writes_of(admin), key=last):
        before, known = await admin.records(), await contents(admin, tables)
        reply = await ask(admin, one, foreign.get(segment(one), {}))
        new = (await admin.records())[len(before) :]
        route = (one.method, one.path, reply.status_code)
        assert reply.status_code in (200, 201, 202, 204, 404, 409, 422), route
        told = [(record.action, record.target) for record in new]
        if await contents(admin, tables) != known:
            changed.append(route)
            assert told, route
        assert len(set(told)) == len(told), route
        who = {(record.actor.id, record.actor.call_id) for record in new}
        assert who <= {(admin.id, reply.headers["x-request-id"])}, route

    assert len(changed) > 30
    shown = (await admin.get("/audit?limit=200")).json()["items"]
    states = [(one["action"], one[side]) for one in shown for side in ("before", "after") if one[side]]
    assert len(states) > 30
    assert [(action, name) for action, said in states for name, value in said.items() if raw(value)] == []


async def test_no_write_changes_anything_while_the_audit_log_cannot_be_written(
    admin: Admin, foreign: Mapping[str, Names]
) -> None:
    sql = await admin.under.gateway.store._sql()  # type: ignore[attr-defined]
    statuses = []

    async def rename(before: str, after: str) -> None:
        async with sql._engine.begin() as connection:
            await connection.execute(text(f"ALTER TABLE {before} RENAME TO {after}"))

    tables = await tables_of(admin)
    before = await contents(admin, tables)
    await rename("audit", "audit_gone")
    for one in writes_of(admin):
        statuses.append((await ask(admin, one, foreign.get(segment(one), {}))).status_code)
    await rename("audit_gone", "audit")
    after = await contents(admin, tables)

    assert {name: (before[name], after[name]) for name in before if before[name] != after[name]} == {}
    assert statuses.count(503) > 30
