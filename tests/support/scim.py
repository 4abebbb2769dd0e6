"""A plugin as a stranger would write it: a slice of SCIM 2.0 (RFC 7643, RFC 7644), of public names alone.

Users are people, groups are teams, and a member of a group is a `consumer` there.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp

from tollbridge import Actor, BadRequest, Call, Gateway, GatewayError, NotFound, hookimpl
from tollbridge.administering import PersonChange
from tollbridge.formats import Operation
from tollbridge.people.model import Person

PATH = "/scim/v2"
ISSUER = "urn:example:scim"
ROLE = "consumer"
_TYPE = b"application/scim+json"
_BY_NAME = re.compile(r'userName eq "([^"]{1,254})"')
_SCOPES = {"Users": "admin:people", "Groups": "admin:members"}


class Scim:
    """Offers it below a path of its own."""

    @hookimpl
    def register_paths(self, register: Callable[[str, Callable[[Gateway], ASGIApp]], None]) -> None:
        register(PATH, make_app)


def make_app(gateway: Gateway) -> ASGIApp:
    """Build it behind the gateway's own links: they find the bearer's token, and refuse one without the scope."""
    users, groups = Users(gateway), Groups(gateway)
    app = Router(
        routes=[
            Route(f"{PATH}/Users", users.search, methods=["GET"]),
            Route(f"{PATH}/Users", users.create, methods=["POST"]),
            Route(f"{PATH}/Users/{{id}}", users.show, methods=["GET"]),
            Route(f"{PATH}/Users/{{id}}", users.change, methods=["PATCH"]),
            Route(f"{PATH}/Users/{{id}}", users.remove, methods=["DELETE"]),
            Route(f"{PATH}/Groups/{{name}}", groups.show, methods=["GET"]),
            Route(f"{PATH}/Groups/{{name}}", groups.change, methods=["PATCH"]),
        ]
    )
    return gateway.guard(app, service="scim", find=_operation, write_refusal=_refusal)


def _operation(call: Call) -> Operation:
    kind = call.path.removeprefix(PATH).strip("/").partition("/")[0]
    verb = "read" if call.method == "GET" else "write"
    scope = f"{_SCOPES.get(kind, 'admin:people')}:{verb}"
    return Operation(scope=scope, label="scim", method=call.method, ai=False)


def _refusal(call: Call, error: GatewayError) -> tuple[bytes, bytes]:
    said = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": str(error.status)}
    return _TYPE, json.dumps({**said, "detail": error.message}).encode()


def _asked(request: Request) -> Mapping[str, Any]:
    """Say who asks, and with which rights: nobody provisions beyond their own."""
    call: Call = request.scope["tollbridge"]
    assert call.principal is not None
    return {"giver": call.principal, "by": Actor(call.principal.id, "scim", call.client, call.id)}


class Users:
    """People as SCIM's users."""

    def __init__(self, gateway: Gateway) -> None:
        self._people = gateway.people

    async def search(self, request: Request) -> Response:
        named = _BY_NAME.fullmatch(request.query_params.get("filter", ""))
        if named is None:
            raise BadRequest('only the filter userName eq "..." is known', param="filter")
        found = await self._people.find_person(named[1])
        return JSONResponse(
            {"totalResults": int(found is not None), "Resources": [] if found is None else [_user(found)]}
        )

    async def create(self, request: Request) -> Response:
        wish, asked = await request.json(), _asked(request)
        made = await self._people.add_person(email=wish["userName"], name=wish["displayName"], **asked)
        if "externalId" in wish:
            await self._people.link_identity(made.id, ISSUER, wish["externalId"], by=asked["by"])
        return JSONResponse(_user(made), 201, {"location": f"{PATH}/Users/{made.id}"})

    async def show(self, request: Request) -> Response:
        return JSONResponse(_user(_there(await self._people.get_person(request.path_params["id"]))))

    async def change(self, request: Request) -> Response:
        id, asked = request.path_params["id"], _asked(request)
        for one in (await request.json())["Operations"]:
            if one["path"] == "active":
                switch = self._people.enable_person if one["value"] else self._people.disable_person
                _there(await switch(id, **asked))
            elif one["path"] == "displayName":
                _there(await self._people.change_person(id, PersonChange(name=one["value"]), **asked))
        return JSONResponse(_user(_there(await self._people.get_person(id))))

    async def remove(self, request: Request) -> Response:
        _there(await self._people.remove_person(request.path_params["id"], **_asked(request)))
        return Response(status_code=204)


class Groups:
    """Teams as SCIM's groups."""

    def __init__(self, gateway: Gateway) -> None:
        self._people = gateway.people

    async def show(self, request: Request) -> Response:
        name = request.path_params["name"]
        if await self._people.teams.get(name) is None:
            raise NotFound("there is no such group")
        members = await self._people.members(name, limit=200)
        return JSONResponse({"id": name, "members": [{"value": one.person_id} for one in members]})

    async def change(self, request: Request) -> Response:
        name, asked = request.path_params["name"], _asked(request)
        for one in (await request.json())["Operations"]:
            for member in one["value"]:
                if one["op"] == "add":
                    await self._people.set_membership(member["value"], name, ROLE, via=ISSUER, **asked)
                else:
                    await self._people.remove_membership(member["value"], name, **asked)
        return await self.show(request)


def _there(found: Person | None) -> Person:
    if found is None:
        raise NotFound("there is no such user")
    return found


def _user(one: Person) -> dict[str, Any]:
    return {"id": one.id, "userName": one.email, "displayName": one.name, "active": one.disabled_at is None}
