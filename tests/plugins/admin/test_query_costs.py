"""What a query costs where there are thousands of everything: signs that are wildcards elsewhere are only signs (T51).

Costs are told by the processor's time, and as a ratio: of a hostile query to the plain first page of the same list.
"""

import asyncio
import gc
import json
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from time import process_time
from urllib.parse import urlencode

import httpx2
import pytest
from sqlalchemy import text
from tests.plugins.admin.conftest import Admin, an_admin
from tests.plugins.admin.test_crossing import made
from tests.plugins.admin.test_crossing_fields import paths_of, things_of
from tests.plugins.admin.walking import LIST, encoded, filled, routes_of, segment, texts_of, with_text, writes_of
from tests.support.answering import Answering
from tests.support.growth import assert_linear

from tollbridge.testing import FixedClock
from tollbridge.testing.gateway import make_gateway

ROWS = 3_000
MOST_TIMES = 25
"""How many times as much as the first page of a list a hostile query of it may cost; that is some 4 ms."""
LEAST_S = 0.004
LONG = "a" * 60
HOSTILE = (
    *("%", "_", "*", "?", "\\%", "[a-z]*", "%" * 100, "_" * 100, "*" * 100, f"{LONG}b"),
    *("%a" * 30 + "b", "_%" * 30 + "b", "*a" * 30 + "b", "(a+)+$", "%" + LONG + "%"),
)
"""Signs that mean any text somewhere, alone and so that whoever takes them for that looks for very long."""
NAMED = "100%_*?[a]\\"
"""The name of one that a search for such a sign does find."""

COPIES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "token": ("name = :long AND kind = 'bearer'", {"id": ""}),
    "person": ("name = :long", {"id": "", "email": ""}),
    "role": ("name = 'own-role'", {"name": ""}),
    "plan": ("name = 'gold'", {"name": ""}),
    "webhook": ("name = :long", {"id": ""}),
    "service": ("slug = 'secret-blue'", {"id": "", "slug": "", "live": ""}),
    "release": ("service_id = :service AND number = 1", {"id": "", "service_id": ""}),
    "subscription": ("id = :subscription", {"id": ""}),
    "audit": ("number = 1", {"number": "number + 1000000 + n"}),
}
"""Which row of a table is there thousands of times, and in which columns each differs: by a number at their end."""


async def lay(admin: Admin, rows: int, **known: str) -> None:
    """Lay thousands of rows of each kind, past the API."""
    sql = await admin.under.gateway.store._sql()  # type: ignore[attr-defined]
    async with sql._engine.begin() as connection:
        for table, (which, keys) in COPIES.items():
            columns = [row[1] for row in await connection.exec_driver_sql(f"PRAGMA table_info({table})")]
            said = [keys.get(name) or f"{name} || printf('%05d', n)" if name in keys else name for name in columns]
            numbers = f"WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {rows})"
            named = {key: value for key, value in known.items() if f":{key}" in which}
            names = ", ".join(f'"{name}"' for name in columns)
            values = ", ".join(said).replace("before", '"before"')
            copied = f"INSERT INTO {table} ({names}) {numbers} SELECT {values} FROM {table}, numbers WHERE {which}"
            done = await connection.execute(text(copied.replace(":05d", "\\:05d")), named)
            assert done.rowcount == rows, (table, done.rowcount)


async def crowded(admin: Admin, rows: int = ROWS) -> Mapping[str, Mapping[str, str]]:
    """Make thousands of everything that is listed; gives what stands in the paths."""
    blue = await things_of(admin, "blue")
    for name in (LONG, NAMED):
        await admin.make(name=name, team="blue")
    await made(admin, "/people", {"name": LONG, "email": "long@example.com"})
    await made(admin, "/roles", {"name": "own-role", "scopes": ["ai:chat"]})
    await made(admin, "/plans", {"name": "gold"})
    hook = {"name": LONG, "url": "https://hooks.example/x", "events": ["token.*"]}
    await made(admin, "/webhooks", hook)
    await lay(admin, rows, long=LONG, service=blue["service"], subscription=blue["subscription"])
    await admin.patch(f"/services/{blue['slug']}", {"draft": {"name": LONG}})  # whoever keeps the book reads it anew
    return paths_of(blue)


async def cost(ask: Callable[[], Awaitable[httpx2.Response]]) -> tuple[float, httpx2.Response]:
    """Give the least that asking cost, of three times, without the collector."""
    gc.disable()
    try:
        spent = list[float]()
        for _ in range(3):
            begun = process_time()
            reply = await ask()
            spent.append(process_time() - begun)
            if spent[-1] < LEAST_S:
                break
    finally:
        gc.enable()
    return max(min(spent), LEAST_S), reply


def wrong(reply: httpx2.Response, value: str) -> bool:
    """Whether something was found that does not hold the text as it is."""
    return any(json.dumps(value)[1:-1] not in json.dumps(item) for item in reply.json().get("items", []))


async def test_signs_that_are_wildcards_elsewhere_find_nothing_and_cost_no_more_in_any_list(admin: Admin) -> None:
    paths = await crowded(admin)
    asked, costs = 0, dict[tuple[str, str, str], float]()

    for one in filter(lambda one: one.reads, routes_of(admin)):
        path = filled(one.path, **paths.get(segment(one), {}))
        plain, _ = await cost(lambda path=path: admin.get(path))
        for field in sorted({way[0] for way in texts_of(one.takes)}):
            for value in HOSTILE:
                query = urlencode({field: value})
                spent, reply = await cost(lambda path=path, query=query: admin.get(f"{path}?{query}"))
                asked += 1
                costs[one.path, field, value] = spent / plain
                assert reply.status_code in (200, 400, 404, 422), (path, query, reply.text)
                found = reply.status_code == 200 and wrong(reply, value)
                assert not found, (path, query, reply.text[:500])

    assert asked > 300
    assert {asked: times for asked, times in costs.items() if times > MOST_TIMES} == {}


async def test_search_finds_those_very_signs(admin: Admin) -> None:
    await admin.make(name=NAMED)

    for part in ("%_", "_*", "*?[a]", "\\", NAMED):
        items = (await admin.get(f"/tokens?{urlencode({'q': part})}")).json()["items"]
        assert [item["name"] for item in items] == [NAMED]


SEARCHED = ("tokens", "people", "roles", "services", "teams", "applications", "clients", "catalogue/services")


@pytest.mark.parametrize("sign", [f"{LONG}b", "%a" * 30 + "b"])
def test_search_costs_in_proportion_to_what_is_there(tmp_path: Path, sign: str) -> None:
    admins = dict[int, Admin]()

    async def laid(rows: int) -> Admin:
        under = make_gateway({}, data=tmp_path / str(rows), clock=FixedClock(), plugins=(Answering(),))
        admin = await an_admin(under)
        await crowded(admin, rows)
        return admin

    async def search(admin: Admin) -> None:
        for path in SEARCHED:
            reply = await admin.get(f"/{path}?{urlencode({'q': sign})}")
            assert reply.json()["items"] == [], path

    with asyncio.Runner() as runner:

        def prepare(rows: int) -> Callable[[], object]:
            if rows not in admins:
                admins[rows] = runner.run(laid(rows))
            return lambda: runner.run(search(admins[rows]))

        assert_linear(prepare, 100, clock=process_time)
        for admin in admins.values():
            runner.run(admin.under.close())


async def test_list_of_a_million_is_refused_in_every_write(admin: Admin) -> None:
    asked = 0

    for one in writes_of(admin):
        for way in filter(lambda way: LIST in way, texts_of(one.takes)):
            body = encoded(with_text({}, way, "x")).replace(b'["x"]', b'["' + b'","'.join([b"x"] * 1_000_000) + b'"]')
            if len(body) < 1_000_000:
                continue
            reply = await admin.under.request(
                *(one.method, f"/_tollbridge/api/v1{filled(one.path)}"),
                token=admin.secret,
                content=body,
                headers={"content-type": "application/json"},
            )
            asked += 1
            assert 400 <= reply.status_code < 500, (one.path, way, reply.status_code)

    assert asked > 15


async def test_service_list_of_mcp_takes_signs_as_they_are(admin: Admin) -> None:
    await crowded(admin)
    token = await admin.under.token("service:*", "admin:services:read")  # the services are for their team alone to see

    async def ask(**arguments: str) -> httpx2.Response:
        wish = {"name": "service_list", "arguments": arguments}
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": wish}
        return await admin.under.request(
            "POST", "/v1/mcp", token=token, json=body, headers={"accept": "application/json"}
        )

    await ask()  # works out once what each service is
    plain, listed = await cost(ask)
    assert len(listed.json()["result"]["structuredContent"]["services"]) == 100
    for value in HOSTILE:
        for name in ("search", "after"):
            spent, reply = await cost(lambda name=name, value=value: ask(**{name: value}))
            found = reply.json()["result"]["structuredContent"]["services"]
            assert found == [] or name == "after" or all(value in json.dumps(each) for each in found), (name, value)
            assert spent < 3 * plain, (name, value, spent, plain)
