"""Lists are bounded whatever is asked of them: of every route that reads (T51)."""

import msgspec
from tests.plugins.admin.conftest import Admin
from tests.plugins.admin.test_crossing import Names, foreign
from tests.plugins.admin.walking import filled, routes_of, segment

from tollbridge_admin.routes import Route

__all__ = ["foreign"]

LARGEST_PAGE = 200


def fields(one: Route) -> set[str]:
    return {field.encode_name for field in msgspec.structs.fields(one.takes)}


async def test_no_query_of_any_route_is_unbounded(admin: Admin, foreign: dict[str, Names]) -> None:
    asked = 0

    for one in routes_of(admin):
        if not one.reads:
            continue
        path = filled(one.path, **{name: foreign[segment(one)][name] for name in one.names})
        hostile = {f"{name}={'x' * 9_000}" for name in fields(one)}
        hostile |= {"offset=1000000000", "&".join(f"x{number}=1" for number in range(60))}
        if "limit" in fields(one):
            hostile |= {"limit=1000000000", "limit=-1", "limit=0", "limit=1e3", f"limit={LARGEST_PAGE + 1}"}
        for query in sorted(hostile):
            reply = await admin.get(f"{path}?{query}")
            asked += 1
            assert reply.status_code < 500, (path, query[:60])
            refused = reply.status_code in (400, 403, 404, 414, 422)
            assert refused or reply.json().get("items", []) == [], (path, query[:60])

    assert asked > 100


async def test_every_list_is_read_a_page_at_a_time(admin: Admin) -> None:
    lists = [
        one
        for one in routes_of(admin)
        if one.reads and {"items", "next"} <= set(getattr(one.gives, "__struct_fields__", ()))
    ]

    assert len(lists) > 5
    assert [one.path for one in lists if not {"limit", "after"} <= fields(one)] == []
