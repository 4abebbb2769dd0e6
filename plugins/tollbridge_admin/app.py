"""The API's ASGI app: finds the route, reads what it takes, and sends what it gives.

A resource is a class with `routes()`; a new one is a file of its own and a line in `resources`.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from tollbridge import BadRequest, Call, Gateway, NotFound, Unauthenticated
from tollbridge.administering import clean
from tollbridge_admin.asking import Answer, Asked
from tollbridge_admin.auditlog import AuditLog
from tollbridge_admin.bodies import check_kind, read_body, read_json, read_query
from tollbridge_admin.describing import Description
from tollbridge_admin.myself import Myself
from tollbridge_admin.problems import refused, write_problem
from tollbridge_admin.repeats import Rendered, Repeats
from tollbridge_admin.routes import Nothing, Route, Table
from tollbridge_admin.tags import is_known
from tollbridge_admin.tokenreports import TokenReports
from tollbridge_admin.tokens import Tokens

SERVICE = "admin"
"""What the access log and the metrics call it."""


def resources(gateway: Gateway) -> Sequence[Route]:
    """Give the routes of everything that is administered."""
    found = (*TokenReports(gateway).routes(), *Tokens(gateway).routes(), *AuditLog(gateway).routes())
    return (*found, *Myself(found).routes())


def make_table(gateway: Gateway) -> Table:
    """Give all routes, that of their own description too; raises `PluginError` for one without a scope."""
    found = resources(gateway)
    description = Description(gateway.config.server.public_url + gateway.config.server.prefix)
    table = Table((*found, *description.routes()))
    description.about(table)
    return table


def make_app(gateway: Gateway) -> ASGIApp:
    """Build the app behind the gateway's own links."""
    table = make_table(gateway)
    app = Api(table, Repeats.of(gateway))
    return gateway.guard(app, service=SERVICE, find=table.operation, write_refusal=write_problem)


class Api:
    """Answers requests whose caller was found."""

    def __init__(self, table: Table, repeats: Repeats) -> None:
        self._table = table
        self._repeats = repeats

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call: Call = scope["tollbridge"]
        if scope["type"] != "http":
            raise NotFound("no WebSocket is served here")
        route, named = self._table.find(call.method, call.path)
        if call.principal is None:
            raise Unauthenticated()
        rendered = await self._answer(route, Asked(call, call.principal, named), Request(scope, receive))
        await Response(rendered.body, rendered.status, rendered.headers)(scope, receive, send)

    async def _answer(self, route: Route, asked: Asked, request: Request) -> Rendered:
        query = asked.call.query
        if route.reads:
            return await _done(route, asked, read_query(query, route.takes))
        read_query(query, Nothing)
        body = await read_body(request)

        async def work() -> Rendered:
            return await _done(route, asked, _taken(route, asked, body))

        return await (self._repeats.once(asked, body, work) if route.method == "POST" else work())


def _taken(route: Route, asked: Asked, body: bytes) -> msgspec.Struct:
    if not body and route.may_be_bare:
        return route.takes()
    check_kind(route.method, asked.header("content-type"))
    return read_json(body, route.takes)


async def _done(route: Route, asked: Asked, taken: Any) -> Rendered:
    """Answer; what the core says of a field is said as the API's own refusals are."""
    try:
        answer = await route.answer(asked, taken)
    except BadRequest as exc:
        if exc.status == 400 and exc.param:
            raise refused(exc.param, clean(exc.message)) from exc
        raise
    return _rendered(route, asked, answer)


def _rendered(route: Route, asked: Asked, answer: Answer) -> Rendered:
    headers = {"cache-control": "no-store", "x-content-type-options": "nosniff", **answer.headers}
    if answer.tag:
        headers["etag"] = answer.tag
        known = asked.header("if-none-match")
        if route.reads and known and is_known(known, answer.tag):
            return Rendered(304, headers, b"")
    headers["content-type"] = "application/json"
    return Rendered(answer.status, headers, msgspec.json.encode(answer.shown))
