"""The table of routes: each says who may call it (T19)."""

import re
from typing import Any

import msgspec
import pytest
from tests.plugins.admin.conftest import BASE, Admin
from tests.plugins.admin.walking import filled, routes_of

from tollbridge import NotFound, PluginError
from tollbridge.administering import MethodNotAllowed
from tollbridge_admin.app import make_table
from tollbridge_admin.asking import Answer, Asked
from tollbridge_admin.routes import ANY_OR_NONE, ANY_TOKEN, ANYBODY, Nothing, Table, route

OPEN = {
    *(("GET", "/me"), ("GET", "/openapi.json"), ("POST", "/explain"), ("GET", "/attention")),
    *(("GET", "/me/invitations"), ("POST", "/me/invitations/accept")),
    *(("GET", "/me/usage"), ("GET", "/me/calls"), ("GET", "/me/calls/{id}"), ("GET", "/me/models")),
    *(("GET", "/me/tokens"), ("GET", "/me/tokens/{id}")),
    *(("POST", "/me/tokens/{id}/rotate"), ("POST", "/me/tokens/{id}/revoke")),
}
"""What every valid token may ask: about itself, and about what waits for it."""
SHOWN = {
    *(("GET", "/catalogue"), ("GET", "/catalogue/services"), ("GET", "/catalogue/services/{service}")),
    ("GET", "/catalogue/services/{service}/openapi"),
}
"""What shows each caller what there is for them, whoever shows no token too."""
PUBLIC = {("POST", "/leaked"), ("GET", "/secret-pattern")}
"""What nobody needs a token for."""


class Things:
    async def list_things(self, asked: Asked, nothing: Nothing) -> Answer:
        """List things.

        And more that is no summary.
        """
        return Answer(nothing)


ONE: Any = {"takes": Nothing, "gives": Nothing, "scope": ANY_TOKEN}


def a_route(path: str = "/things", **more: Any) -> Any:
    return route("GET", path, Things().list_things, **{**ONE, **more})


@pytest.mark.parametrize("scope", ["", "admin", "admin:things", "everybody"])
def test_table_with_a_route_that_declares_no_scope_is_refused(scope: str) -> None:
    with pytest.raises(PluginError, match="the route GET /things must say which scope it needs"):
        Table([a_route(scope=scope)])


def test_table_with_a_route_twice_is_refused() -> None:
    with pytest.raises(PluginError, match="GET /things is there twice"):
        Table([a_route(), a_route()])


def test_route_is_named_by_its_function_and_its_first_line() -> None:
    one = a_route()

    assert (one.name, one.summary, one.names) == ("list_things", "List things.", ())
    assert a_route("/things/{id}/parts/{part}").names == ("id", "part")


def test_path_is_found_as_a_whole_with_what_stands_for_its_names() -> None:
    table = Table([a_route(), a_route("/things/{id}"), a_route("/things/{id}/end")])

    assert table.find("GET", "/things")[1] == {}
    assert table.find("GET", "/things/thing_0aZ-_")[1] == {"id": "thing_0aZ-_"}
    assert table.find("GET", "/things/thing_1/end")[0].path == "/things/{id}/end"
    for path in ("/thing", "/things/", "/things/end", "/things/thing_", "/things/thing_1/", "/things/thing_1\n", "//"):
        with pytest.raises(NotFound):
            table.find("GET", path)


@pytest.mark.parametrize(
    ("path", "detail"),
    [
        ("/people/nope/end", "there is no such person"),
        ("/people/per_1/credentials/nope", "there is no such key"),
        ("/people/per_1/other", "there is nothing at this path; see openapi.json"),
        ("/other", "there is nothing at this path; see openapi.json"),
    ],
)
def test_what_is_not_there_is_named_by_its_kind(path: str, detail: str) -> None:
    table = Table([a_route("/people/{id}/end"), a_route("/people/{id}/credentials/{credential}")])

    with pytest.raises(NotFound) as refusal:
        table.find("GET", path)

    assert refusal.value.message == detail


def test_other_method_is_refused_with_those_that_are_there() -> None:
    with pytest.raises(MethodNotAllowed) as refusal:
        Table([a_route()]).find("DELETE", "/things")

    assert (b"allow", b"GET, HEAD") in refusal.value.headers()
    with pytest.raises(MethodNotAllowed) as refusal:
        Table([route("POST", "/things", Things().list_things, **ONE)]).find("HEAD", "/things")
    assert (b"allow", b"POST") in refusal.value.headers()


async def test_head_is_answered_as_get_without_a_body_everywhere(admin: Admin) -> None:
    reads = [one for one in routes_of(admin) if one.reads]
    assert len(reads) > 20
    for one in reads:
        whole, head = [await admin.ask(method, filled(one.path)) for method in ("GET", "HEAD")]
        assert head.status_code == whole.status_code, one
        if whole.status_code == 200:
            assert head.content == b"", one
            assert {"content-type", "content-length", "cache-control"} <= set(head.headers)
    nobody = await admin.other("ai:*")
    refused = await nobody.ask("HEAD", "/tokens")
    assert (refused.status_code, "admin:tokens:read" in refused.headers["www-authenticate"]) == (403, True)


async def test_head_has_the_entity_tag_that_get_has(admin: Admin) -> None:
    path = f"/tokens/{(await admin.make())['id']}"
    tag = (await admin.get(path)).headers["etag"]

    head = await admin.ask("HEAD", path)
    known = await admin.ask("HEAD", path, if_none_match=tag)

    assert (head.status_code, head.headers["etag"], known.status_code) == (200, tag, 304)


async def test_every_route_but_a_few_needs_a_scope_of_administration(admin: Admin) -> None:
    table = make_table(admin.under.gateway)

    assert {(one.method, one.path) for one in table.routes if one.scope == ANY_TOKEN} == OPEN
    assert {(one.method, one.path) for one in table.routes if one.scope == ANY_OR_NONE} == SHOWN
    assert {(one.method, one.path) for one in table.routes if one.scope == ANYBODY} == PUBLIC
    assert set(table.public) == {path for _, path in PUBLIC}
    scoped = [one for one in table.routes if one.scope not in (ANY_TOKEN, ANY_OR_NONE, ANYBODY)]
    assert len(scoped) > 40
    for one in scoped:
        assert re.fullmatch(r"admin:[a-z]+:read" if one.reads else r"admin:[a-z]+:write", one.scope), one


async def test_walk_without_a_token_is_refused_everywhere(admin: Admin) -> None:
    for one in routes_of(admin):
        for secret in ("", "tb_" + "0" * 38, "x"):
            reply = await admin.under.request(one.method, BASE + filled(one.path), token=secret)

            if (one.method, one.path) in PUBLIC or (not secret and (one.method, one.path) in SHOWN):
                assert reply.status_code != 401, one
                continue
            assert (reply.status_code, reply.json()["code"]) == (401, "invalid_api_key"), one
            assert reply.headers["www-authenticate"].startswith("Bearer")
    for path in ("", "/", "/nothing", "/tokens/../me", "/docs"):
        assert (await admin.under.request("GET", BASE + path, token="")).status_code in (400, 401), path


async def test_walk_with_the_wrong_scope_is_refused_and_the_one_that_is_missing_named(admin: Admin) -> None:
    others = await admin.other("ai:*", "model:*", "service:*", "admin:nothing:write")

    for one in routes_of(admin):
        reply = await others.ask(one.method, filled(one.path))
        if (one.method, one.path) in OPEN | SHOWN | PUBLIC:
            assert reply.status_code not in (401, 403), one
            continue
        assert (reply.status_code, reply.json()["code"]) == (403, "insufficient_scope"), one
        assert one.scope in reply.json()["detail"]
        assert f'scope="{one.scope}"' in reply.headers["www-authenticate"]


async def test_walk_with_every_scope_but_one_is_refused_where_that_one_is_needed(admin: Admin) -> None:
    scopes = {one.scope for one in routes_of(admin)} - {ANY_TOKEN, ANY_OR_NONE, ANYBODY}

    for missing in sorted(scopes):
        others = await admin.other(*(scopes - {missing, f"{missing.removesuffix(':read')}:write"}))
        for one in routes_of(admin):
            if one.scope == missing:
                reply = await others.ask(one.method, filled(one.path))
                assert (reply.status_code, reply.json()["code"]) == (403, "insufficient_scope"), one


async def test_scope_to_read_writes_nothing_and_the_one_to_write_reads(admin: Admin) -> None:
    reader, writer = await admin.other("admin:tokens:read"), await admin.other("admin:tokens:write")

    assert (await reader.get("/tokens")).status_code == (await writer.get("/tokens")).status_code == 200
    assert (await reader.post("/tokens", {"name": "x", "scopes": ["admin:tokens:read"]})).status_code == 403
    assert (await writer.get("/audit")).status_code == 403


async def test_nothing_takes_no_fields_at_all() -> None:
    assert msgspec.structs.fields(Nothing) == ()
