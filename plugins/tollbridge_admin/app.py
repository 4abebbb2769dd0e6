"""The API's ASGI app: finds the route, reads what it takes, and sends what it gives.

A resource is a class with `routes()`; a new one is a file of its own and a line in `resources`.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from tollbridge import BadRequest, Call, Gateway, NotFound, Unauthenticated
from tollbridge.administering import Leaks, clean
from tollbridge_admin.appdrafts import AppDrafts
from tollbridge_admin.applications import Applications
from tollbridge_admin.asking import NOBODY, Answer, Asked
from tollbridge_admin.attention import Attention
from tollbridge_admin.auditlog import AuditLog
from tollbridge_admin.bodies import SMALL, check_kind, read_body, read_json, read_query
from tollbridge_admin.budgets import Budgets
from tollbridge_admin.calls import Calls
from tollbridge_admin.catalogue import CatalogueOf
from tollbridge_admin.clients import Clients
from tollbridge_admin.credentials import Credentials
from tollbridge_admin.csvtext import Csv
from tollbridge_admin.describing import Description
from tollbridge_admin.explain import Explain
from tollbridge_admin.imports import Imports
from tollbridge_admin.invitations import Invitations
from tollbridge_admin.jobs import Jobs
from tollbridge_admin.leaked import Leaked
from tollbridge_admin.members import Members
from tollbridge_admin.models import Models
from tollbridge_admin.myself import Myself
from tollbridge_admin.mytokens import MyTokens
from tollbridge_admin.openapidrafts import OpenApiDrafts
from tollbridge_admin.people import People
from tollbridge_admin.plans import Plans
from tollbridge_admin.plugins import Plugins
from tollbridge_admin.policies import Policies
from tollbridge_admin.problems import refused, write_problem
from tollbridge_admin.proofs import Proofs
from tollbridge_admin.providerkeys import ProviderKeys
from tollbridge_admin.providers import Providers
from tollbridge_admin.releases import Releases
from tollbridge_admin.repeats import Rendered, Repeats
from tollbridge_admin.roles import Roles
from tollbridge_admin.rotations import Rotations
from tollbridge_admin.routes import ANY_OR_NONE, ANYBODY, Nothing, Route, Table
from tollbridge_admin.serviceanalytics import Analytics
from tollbridge_admin.servicefigures import ServiceFigures
from tollbridge_admin.serviceoperations import ServiceOperations
from tollbridge_admin.services import Services
from tollbridge_admin.sessions import Sessions
from tollbridge_admin.settings import Settings
from tollbridge_admin.starters import Starters
from tollbridge_admin.subscriptions import Subscriptions
from tollbridge_admin.tags import is_known
from tollbridge_admin.teams import Teams
from tollbridge_admin.tokenreports import TokenReports
from tollbridge_admin.tokens import Tokens
from tollbridge_admin.usage import UsageReports
from tollbridge_admin.webhooks import Webhooks

SERVICE = "admin"
"""What the access log and the metrics call it."""


def resources(gateway: Gateway) -> Sequence[Route]:
    """Give the routes of everything that is administered."""
    found = (*TokenReports(gateway).routes(), *Tokens(gateway).routes(), *AuditLog(gateway).routes())
    found = (*found, *Teams(gateway).routes(), *Members(gateway).routes(), *People(gateway).routes())
    found = (*found, *Invitations(gateway).routes())
    found = (*found, *Sessions(gateway).routes())
    found = (*found, *Roles(gateway).routes(), *Policies(gateway).routes(), *ProviderKeys(gateway).routes())
    found = (*found, *Clients(gateway).routes(), *Credentials(gateway).routes(), *Explain(gateway).routes())
    found = (*found, *Webhooks(gateway).routes(), *Jobs(gateway).routes(), *Rotations(gateway).routes())
    found = (*found, *Imports(gateway).routes(), *Applications(gateway).routes())
    found = (*found, *Services(gateway).routes(), *Releases(gateway).routes(), *Proofs(gateway).routes())
    found = (*found, *ServiceOperations(gateway).routes(), *ServiceFigures(gateway).routes())
    found = (*found, *OpenApiDrafts(gateway).routes(), *AppDrafts(gateway).routes(), *Starters(gateway).routes())
    found = (*found, *Plans(gateway).routes(), *Subscriptions(gateway).routes())
    found = (*found, *Attention(gateway).routes(), *CatalogueOf(gateway).routes(), *Analytics(gateway).routes())
    found = (*found, *Budgets(gateway).routes(), *MyTokens(gateway).routes())
    found = (*found, *Models(gateway).routes(), *Providers(gateway).routes(), *Plugins(gateway).routes())
    found = (*found, *Settings(gateway).routes())
    found = (*found, *UsageReports(gateway).routes(), *Calls(gateway).routes())
    return (*found, *Myself(found).routes(), *Leaked(Leaks.of(gateway)).routes())


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
    return gateway.guard(app, service=SERVICE, find=table.operation, write_refusal=write_problem, public=table.public)


def make_explaining_app(gateway: Gateway) -> ASGIApp:
    """Build an app that explains alone, at its own path."""
    table = Table(Explain(gateway).routes("/"))
    app = Api(table, Repeats.of(gateway))
    return gateway.guard(app, service=SERVICE, find=table.operation, write_refusal=write_problem)


def make_operators_app(gateway: Gateway) -> ASGIApp:
    """Build the app for a command on the machine, with nothing before it; see `operating`."""
    return Api(make_table(gateway), Repeats.of(gateway), operator=True)


class Api:
    """Answers requests whose caller was found; `operator`: all of them come from a command on the machine."""

    def __init__(self, table: Table, repeats: Repeats, *, operator: bool = False) -> None:
        self._table = table
        self._repeats = repeats
        self._operator = operator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call: Call = scope["tollbridge"]
        if scope["type"] != "http":
            raise NotFound("no WebSocket is served here")
        route, named = self._table.find(call.method, call.path)
        caller = call.principal or (NOBODY if route.scope in (ANYBODY, ANY_OR_NONE) else None)
        if caller is None:
            raise Unauthenticated()
        unbounded = call.acting is not None and call.acting.unbounded
        asked = Asked(call, caller, named, self._operator or unbounded)
        rendered = await self._answer(route, asked, Request(scope, receive))
        await Response(rendered.body, rendered.status, rendered.headers)(scope, receive, send)

    async def _answer(self, route: Route, asked: Asked, request: Request) -> Rendered:
        query = asked.call.query
        if route.reads:
            return await _done(route, asked, read_query(query, route.takes))
        read_query(query, Nothing)
        body = await read_body(request, route.bounds.largest)

        async def work() -> Rendered:
            large = len(body) > SMALL.largest  # then reading it takes so long that others would wait
            taken = await asyncio.to_thread(_taken, route, asked, body) if large else _taken(route, asked, body)
            return await _done(route, asked, taken)

        return await (self._repeats.once(asked, body, work) if route.repeats else work())


def _taken(route: Route, asked: Asked, body: bytes) -> msgspec.Struct:
    if not body and route.may_be_bare:
        return route.takes()
    check_kind(route.method, asked.header("content-type"))
    return read_json(body, route.takes, route.bounds)


async def _done(route: Route, asked: Asked, taken: Any) -> Rendered:
    """Answer; what the core says of a field is said as the API's own refusals are."""
    try:
        answer = await route.answer(asked, taken)
    except BadRequest as exc:
        if exc.status == 400 and exc.param:
            raise refused(exc.param.replace("/", "."), clean(exc.message)) from exc
        raise
    return _rendered(route, asked, answer)


def _rendered(route: Route, asked: Asked, answer: Answer) -> Rendered:
    headers = {"cache-control": "no-store", "x-content-type-options": "nosniff", **answer.headers}
    if answer.tag:
        headers["etag"] = answer.tag
        known = asked.header("if-none-match")
        if route.reads and known and is_known(known, answer.tag):
            return Rendered(304, headers, b"")
    if isinstance(answer.shown, Csv):
        return Rendered(answer.status, {**headers, **answer.shown.headers}, answer.shown.encode())
    headers["content-type"] = "application/json"
    return Rendered(answer.status, headers, msgspec.json.encode(answer.shown))
