"""The kind `rest`: an API that is elsewhere, called through the bridge."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from tollbridge import Call, Unavailable, UpstreamError
from tollbridge.services.kinds import (
    About,
    Change,
    Problem,
    Proof,
    Running,
    ServedService,
    ServiceKind,
    ServiceOperation,
)
from tollbridge.transport.guard import Guard
from tollbridge_rest.backend import Backend
from tollbridge_rest.changing import changes_between
from tollbridge_rest.checking import problems_of
from tollbridge_rest.checks import Wait, ask_if_well
from tollbridge_rest.credentials import references, shown_to, supplied
from tollbridge_rest.definition import Definition
from tollbridge_rest.described import Described
from tollbridge_rest.describing import USUAL, openapi_of
from tollbridge_rest.making import read_definition
from tollbridge_rest.serving import Read, ServedRest, operation_of

if TYPE_CHECKING:
    from tollbridge import Gateway


class RestKind:
    """REST services.  `guard` says which addresses may be dialled, `wait` lets seconds pass; both for tests."""

    name: str = "rest"
    spoken: bool = False
    definition: type[msgspec.Struct] = Definition

    def __init__(self, guard: Guard | None = None, *, wait: Wait = asyncio.sleep) -> None:
        self._guard = guard or Guard()
        self._wait = wait

    def check(self, definition: Definition) -> Sequence[Problem]:
        """Say what keeps a definition from being published, and what is doubtful."""
        return problems_of(definition)

    def operations(self, definition: Definition) -> Sequence[ServiceOperation]:
        """List what can be called, each method of a route by itself; one that takes all has the usual ones."""
        routes = read_definition(definition).served
        return [operation_of(route, method) for route in routes for method in route.methods or USUAL]

    def openapi(self, about: About, definition: Definition) -> dict[str, Any]:
        """Describe it as OpenAPI."""
        return openapi_of(about, read_definition(definition))

    def changes(self, before: Definition, after: Definition) -> Sequence[Change]:
        """Say what differs."""
        return changes_between(before, after)

    def models(self, definition: Definition) -> Sequence[str]:
        """Name no model: it calls none."""
        return ()

    def secrets(self, definition: Definition) -> Sequence[str]:
        """Name the references to credentials at upstreams."""
        found = (reference for upstream in definition.upstreams.values() for reference in references(upstream))
        return list(dict.fromkeys(found))

    def gated(self, definition: Definition) -> bool:
        """Whether it has tests: it has none."""
        return False

    async def prove(self, gateway: "Gateway", running: Running, call: Call) -> Proof:
        """Try a release: its credentials are there, its nodes may be dialled, and those that are checked are well."""
        definition: Definition = running.definition
        allowed = gateway.config.services.allow_private
        found = [
            Problem(f"upstreams/{name}/allow_private", "the operator lets no service call private addresses")
            for name, upstream in definition.upstreams.items()
            if upstream.allow_private and not allowed
        ]
        backends = self._backends(gateway, running)
        for backend in backends.values():
            try:
                await backend.ours()
            except Unavailable as exc:
                found.append(Problem(f"upstreams/{backend.name}", exc.detail or exc.message))
        try:
            for proved in await asyncio.gather(*map(self._prove, backends.values())):
                found += proved
        finally:
            for backend in backends.values():
                backend.pool.rest()
        return Proof(tuple(found))

    def read(self, definition: Definition) -> Read:
        """Read the document, and make of all routes what their calls need."""
        meant = read_definition(definition)
        names = {name for upstream in definition.upstreams.values() for name in supplied(upstream)}
        described = None if meant.document is None else Described(meant.document, names)
        return Read(meant.routes, described, meant.disabled)

    def serve(self, gateway: "Gateway", running: Running) -> ServedService:
        """Make what serves a release on this worker."""
        read: Read = running.read or self.read(running.definition)
        served = ServedRest(read, self._backends(gateway, running), clock=gateway.clock, wait=self._wait)
        served.start()
        return served

    def _backends(self, gateway: "Gateway", running: Running) -> dict[str, Backend]:
        definition: Definition = running.definition
        make = partial(Backend, guard=self._guard, clock=gateway.clock, private=gateway.config.services.allow_private)
        secrets = gateway.service_secrets.read
        return {
            name: make(
                name,
                upstream,
                ours=partial(shown_to, f"service {running.slug}: upstreams/{name}", upstream, secrets),
            )
            for name, upstream in definition.upstreams.items()
        }

    async def _prove(self, backend: Backend) -> list[Problem]:
        """Try one upstream: where its nodes are, and whether those answer that are checked."""
        found = []
        upstream, private = backend.upstream, backend.pool.private
        for member in backend.members:
            at = f"upstreams/{backend.name}/nodes/{member.place}/url"
            try:
                await self._guard.addresses(member.endpoint, allow_private=private, tls_outside=not upstream.plain)
            except UpstreamError as exc:
                found.append(Problem(at, exc.detail or exc.message))
                continue
            if upstream.health.path and not await ask_if_well(backend, member):
                found.append(Problem(at, f"it does not answer {upstream.health.path} as a node that is well", True))
        return found


_: type[ServiceKind] = RestKind
