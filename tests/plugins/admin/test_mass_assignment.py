"""No column of any table can be written that is not a field by its declaration (T18)."""

from typing import Any

import pytest
from tests.plugins.admin.conftest import Admin

from tollbridge.stores.tables import metadata
from tollbridge_admin.bodies import field_names
from tollbridge_admin.routes import Nothing
from tollbridge_admin.tokenshapes import ManyTokens, NewTokenWish, Rotation, TokenPatch

COLUMNS = sorted({column.name for table in metadata.tables.values() for column in table.columns})
ALSO = ("__class__", "__proto__", "constructor", "is_admin", "kind", "state", "token", "bounds", "secrets", "hint")
PROTECTED = ("id", "kind", "parent", "created_at", "hint", "owner", "team", "environment", "state", "secrets")
WRITES: dict[tuple[str, str], tuple[Any, dict[str, Any]]] = {
    ("POST", "/tokens"): (NewTokenWish, {"name": "x", "scopes": ["ai:chat"]}),
    ("PATCH", "/tokens/{id}"): (TokenPatch, {}),
    ("POST", "/tokens/{id}/rotate"): (Rotation, {}),
    ("POST", "/tokens/{id}/disable"): (Nothing, {}),
    ("POST", "/tokens/{id}/enable"): (Nothing, {}),
    ("POST", "/tokens/{id}/revoke"): (Nothing, {}),
    ("POST", "/tokens/revoke"): (ManyTokens, {"ids": ["tok_0"]}),
}


@pytest.mark.parametrize("write", WRITES, ids=" ".join)
async def test_every_column_sent_in_a_write_is_a_declared_field_or_refused_by_name(
    admin: Admin, write: tuple[str, str]
) -> None:
    (method, path), (shape, wish) = write, WRITES[write]
    made = await admin.make(owner="ada", team="blue")
    one = f"/tokens/{made['id']}"
    undeclared = {*COLUMNS, *ALSO} - set(field_names(shape))

    for name in sorted(undeclared):
        reply = await admin.ask(method, path.replace("{id}", made["id"]), {**wish, name: "1"})
        assert (reply.status_code, reply.json()["code"]) == (422, "invalid_fields"), name
        assert "there is no such field" in reply.json()["errors"][0]["detail"]

    assert len(undeclared) > 60
    assert len(await admin.records()) == 2
    now = (await admin.get(one)).json()
    assert {field: now[field] for field in PROTECTED} == {field: made[field] for field in PROTECTED}


async def test_these_are_all_the_writes_there_are(admin: Admin) -> None:
    described = (await admin.get("/openapi.json")).json()["paths"]
    writes = {(method.upper(), path) for path, methods in described.items() for method in methods if method != "get"}

    assert writes == set(WRITES)


def test_what_decides_over_a_token_is_no_field_of_a_change() -> None:
    assert set(field_names(TokenPatch)).isdisjoint(PROTECTED)
    assert set(field_names(NewTokenWish)).isdisjoint(("id", "kind", "parent", "created_at", "hint", "state", "secrets"))
