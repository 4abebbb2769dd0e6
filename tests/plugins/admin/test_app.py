"""Requests and answers, whatever they are about."""

from collections.abc import Callable

import pytest
from structlog.testing import capture_logs
from tests.plugins.admin.conftest import BASE, Admin, an_admin

from tollbridge import Call, Unauthenticated
from tollbridge.testing import GatewayUnderTest
from tollbridge_admin.app import Api, make_table
from tollbridge_admin.repeats import Repeats


async def test_every_answer_has_an_id_and_is_kept_by_nobody(admin: Admin) -> None:
    made = await admin.make()

    for reply in (
        await admin.get("/tokens"),
        await admin.get(f"/tokens/{made['id']}"),
        await admin.get("/tokens/tok_0"),
        await admin.get("/nothing"),
        await admin.post("/tokens", {"nome": "x"}),
        await admin.get("/openapi.json"),
    ):
        assert reply.headers["cache-control"] == "no-store"
        assert reply.headers["x-request-id"].startswith("req_")
        kind = "application/json" if reply.status_code == 200 else "application/problem+json"
        assert reply.headers["content-type"] == kind


async def test_refusal_is_a_problem(admin: Admin) -> None:
    reply = await admin.get("/tokens/tok_0")

    assert reply.json() == {
        "type": "about:blank",
        "status": 404,
        "title": "Not Found",
        "detail": "there is no such token",
        "code": "not_found",
    }


async def test_method_that_is_not_there_names_those_that_are(admin: Admin) -> None:
    reply = await admin.ask("DELETE", "/tokens")

    assert (reply.status_code, reply.headers["allow"]) == (405, "GET, POST, HEAD")
    assert (await admin.ask("PATCH", "/tokens/report")).headers["allow"] == "GET, HEAD"
    assert (await admin.get("/tokens/revoke")).headers["allow"] == "POST"


async def test_query_of_a_write_is_refused(admin: Admin) -> None:
    reply = await admin.post("/tokens?name=x", {"name": "x", "scopes": ["ai:chat"]})

    assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, "name")


async def test_object_that_is_known_is_not_sent_again(admin: Admin) -> None:
    made = await admin.make()
    first = await admin.get(f"/tokens/{made['id']}")

    again = await admin.get(f"/tokens/{made['id']}", if_none_match=f'"x", {first.headers["etag"]}')

    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert (await admin.get(f"/tokens/{made['id']}", if_none_match="*")).status_code == 304
    await admin.patch(f"/tokens/{made['id']}", {"name": "new"})
    changed = await admin.get(f"/tokens/{made['id']}", if_none_match=first.headers["etag"])
    assert (changed.status_code, changed.json()["name"]) == (200, "new")


async def test_state_that_changed_since_it_was_read_is_not_changed(admin: Admin) -> None:
    made = await admin.make()
    path, tag = f"/tokens/{made['id']}", (await admin.get(f"/tokens/{made['id']}")).headers["etag"]
    await admin.patch(path, {"name": "first"}, if_match=tag)

    late = await admin.patch(path, {"name": "second"}, if_match=tag)

    assert (late.status_code, late.json()["code"]) == (412, "changed_since")
    for action in ("rotate", "disable", "enable", "revoke"):
        assert (await admin.post(f"{path}/{action}", if_match=tag)).status_code == 412
    now = (await admin.get(path)).headers["etag"]
    assert (await admin.post(f"{path}/disable", if_match=f'"other", {now}')).status_code == 200
    assert (await admin.get(path)).json()["name"] == "first"


async def test_use_of_a_token_is_no_change_that_stops_an_edit(admin: Admin) -> None:
    made = await admin.make()
    path, tag = f"/tokens/{made['id']}", (await admin.get(f"/tokens/{made['id']}")).headers["etag"]
    store = admin.under.gateway.store
    store.touch(made["id"], admin.under.clock.now(), "192.0.2.1", "ai:chat")
    await store._open.upkeep.tidy()  # type: ignore[attr-defined]  # the store of this test is SQLite

    used = await admin.get(path, if_none_match=tag)
    edited = await admin.patch(path, {"name": "edited"}, if_match=tag)

    assert (used.status_code, used.json()["last_used_from"]) == (200, "192.0.2.1")
    assert edited.status_code == 200


async def test_websocket_is_refused(admin: Admin) -> None:
    sent: list[dict[str, object]] = []

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    async def receive() -> dict[str, object]:
        return {"type": "websocket.connect"}

    headers = [(b"host", b"gateway.test"), (b"authorization", f"Bearer {admin.secret}".encode())]
    upgrade = (b"connection", b"upgrade"), (b"upgrade", b"websocket")
    scope = {"type": "websocket", "path": f"{BASE}/me", "headers": [*headers, *upgrade], "query_string": b""}
    await admin.under.app(scope, receive, send)  # type: ignore[arg-type]  # messages are dicts

    assert sent == [{"type": "websocket.close", "code": 1008, "reason": "not_found"}]


async def test_nobody_who_was_not_found_is_answered(admin: Admin) -> None:
    api = Api(make_table(admin.under.gateway), Repeats.of(admin.under.gateway))
    call = Call("req_1", admin.under.clock.now(), 0.0, "http", "GET", "/me", [])

    with pytest.raises(Unauthenticated):
        await api({"type": "http", "tollbridge": call}, None, None)  # type: ignore[arg-type]  # they are not used


async def test_no_secret_is_in_a_log(admin: Admin) -> None:
    with capture_logs() as logged:
        made = await admin.make()
        rotated = (await admin.post(f"/tokens/{made['id']}/rotate")).json()
        await admin.post("/tokens", {"name": "x", "scopes": [made["token"]]})
        await admin.get(f"/tokens?q={made['token']}")

    assert {entry["event"] for entry in logged} == {"request_served"}
    for secret in (admin.secret, made["token"], rotated["token"]):
        assert secret not in repr(logged)


async def test_api_is_where_the_prefix_is_and_goes_with_the_plugin(gateway: Callable[..., GatewayUnderTest]) -> None:
    moved = await an_admin(gateway({"server": {"prefix": "/gate"}}))
    off = await an_admin(gateway({"plugins": {"disabled": ["admin"]}}))

    reply = await moved.under.request("GET", "/gate/api/v1/openapi.json", token=moved.secret)

    assert reply.json()["servers"] == [{"url": "/gate/api/v1"}]
    assert (await off.get("/me")).status_code in (401, 404)


@pytest.mark.parametrize("header", ["x-api-key", "x-goog-api-key"])
async def test_token_is_taken_wherever_the_bridge_takes_one(admin: Admin, header: str) -> None:
    reply = await admin.under.request("GET", f"{BASE}/me", token="", headers={header: admin.secret})

    assert (reply.status_code, reply.json()["id"]) == (200, admin.id)
