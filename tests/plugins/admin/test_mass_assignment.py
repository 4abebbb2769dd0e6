"""No column of any table can be written that is not a field by its declaration (T18): of every route there is."""

from typing import Any, get_args

import msgspec
import pytest
from tests.plugins.admin.conftest import Admin
from tests.plugins.admin.walking import encoded, filled, writes_of

from tollbridge.stores.tables import metadata
from tollbridge_admin.bodies import field_names, read_json
from tollbridge_admin.problems import FieldsRefused
from tollbridge_admin.routes import Route
from tollbridge_admin.tokenshapes import NewTokenWish, TokenPatch

COLUMNS = sorted({column.name for table in metadata.tables.values() for column in table.columns})
ALSO = ("__class__", "__proto__", "constructor", "is_admin", "kind", "state", "bounds", "secrets", "hint", "above")
PROTECTED = ("id", "kind", "parent", "created_at", "hint", "owner", "team", "environment", "state", "secrets")
SENT = ("bounds", "pepper_id", "is_admin")
"""Some of them, sent over the whole way too."""


def undeclared(one: Route) -> set[str]:
    return {*COLUMNS, *ALSO} - set(field_names(one.takes))


async def test_every_column_in_every_write_is_a_declared_field_or_refused_by_name(admin: Admin) -> None:
    writes = writes_of(admin)

    for one in writes:
        for name in undeclared(one):
            with pytest.raises(FieldsRefused, match="there is no such field") as refusal:
                read_json(encoded({name: "1"}), one.takes)
            assert refusal.value.status == 422, (one.method, one.path, name)

    assert len(writes) > 30
    assert min(len(undeclared(one)) for one in writes) > 60


async def test_every_write_refuses_them_over_the_whole_way_and_nothing_is_changed(admin: Admin) -> None:
    made = await admin.make(owner="ada", team="blue")
    before = await admin.records()

    for one in writes_of(admin):
        for name in SENT:
            reply = await admin.ask(one.method, filled(one.path, id=made["id"]), {name: "1"})
            assert (reply.status_code, reply.json()["code"]) == (422, "invalid_fields"), (one.method, one.path, name)
            assert "there is no such field" in reply.json()["errors"][0]["detail"]

    now = (await admin.get(f"/tokens/{made['id']}")).json()
    assert {field: now[field] for field in PROTECTED} == {field: made[field] for field in PROTECTED}
    assert await admin.records() == before


def test_what_decides_over_a_token_is_no_field_of_a_change() -> None:
    assert set(field_names(TokenPatch)).isdisjoint(PROTECTED)
    assert set(field_names(NewTokenWish)).isdisjoint(("id", "kind", "parent", "created_at", "hint", "state", "secrets"))


def shapes_within(shape: type[msgspec.Struct]) -> set[type[msgspec.Struct]]:
    """Give a shape and those of its fields, and of theirs."""
    found = {shape}
    waiting: list[Any] = [one.type for one in msgspec.structs.fields(shape)]
    while waiting:
        kind = waiting.pop()
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind not in found:
            found |= shapes_within(kind)
        waiting += get_args(kind)
    return found


async def test_no_shape_within_a_write_takes_what_it_does_not_declare(admin: Admin) -> None:
    shapes = {shape for one in writes_of(admin) for shape in shapes_within(one.takes)}

    assert [shape.__name__ for shape in shapes if not shape.__struct_config__.forbid_unknown_fields] == []
    assert len(shapes) > len({one.takes for one in writes_of(admin)})  # there are some within others
