"""The MCP servers of a gateway: one for each service that serves, and the global one."""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import unquote
from weakref import WeakKeyDictionary

import msgspec
import structlog

from tollbridge import Call, Clock, GatewayError, NotFound, Principal, SystemClock, Unauthenticated, Unavailable
from tollbridge.administering import Access, Subscriptions, ending_of, knows_of, stopped, terms_of, with_ending
from tollbridge.faults import told
from tollbridge.services.kinds import MODEL, About, ServedService, ServiceKind, ServiceOperation
from tollbridge_mcp.catalogue import CatalogueTools, Published
from tollbridge_mcp.definition import McpDefinition
from tollbridge_mcp.endpoint import Door
from tollbridge_mcp.invoking import Invoke
from tollbridge_mcp.model import Json, ToolSource
from tollbridge_mcp.operations import ApiOperation, read_document
from tollbridge_mcp.proxy import McpTools, ServedMcp
from tollbridge_mcp.sources import APIS, OpenApiTools

log = structlog.get_logger("tollbridge")

_HOW = (
    "Lists the services of this gateway and calls them. Begin with service_list, read a service's openapi_document, "
    "then invoke it."
)
FAILED_S = 10.0
"""Seconds that a service cannot be described is kept."""
_LONGEST_SHOWN = 64
_TEMPLATE = re.compile(r"\{[^{}/]*\}")


class Release(Protocol):
    """A release that serves, as the book of services has it."""

    @property
    def release(self) -> Any: ...
    @property
    def design(self) -> Any: ...
    async def served(self) -> ServedService:
        """Give what serves it; raises `Unavailable`."""
        ...


class Entry(Protocol):
    """A service as the book has it."""

    @property
    def service(self) -> Any: ...
    @property
    def live(self) -> Release | None: ...
    @property
    def last(self) -> Release | None: ...
    @property
    def serves(self) -> bool: ...


class Book(Protocol):
    """All services that serve."""

    @property
    def entries(self) -> Mapping[str, Entry]: ...


class Books(Protocol):
    """Gives the book as it is now."""

    async def current(self) -> Book:
        """Give it; raises `Unavailable`."""
        ...


class _Kept(msgspec.Struct, frozen=True):
    """What is worked out once for each release."""

    source: ToolSource
    document: Json
    operations: frozenset[str]
    lets: Callable[[str], bool] = lambda name: False
    """Whether it may have an operation of a name, or by a `*` in it, beside those that are known."""


class Doors:
    """Finds servers.  `url` is the gateway's own.  A caller without any scope for a service finds none of its name.

    An outside server is asked what tools it has with the secret of its service, so its door opens to subscribers alone.
    """

    def __init__(
        self,
        books: Books,
        kinds: Mapping[str, ServiceKind],
        invoke: Invoke,
        *,
        url: str,
        subscriptions: Subscriptions | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._books = books
        self._subscriptions = subscriptions
        self._kinds = kinds
        self._invoke = invoke
        self._url = url
        self._kept: WeakKeyDictionary[Release, _Kept] = WeakKeyDictionary()
        self._failed: WeakKeyDictionary[Release, tuple[float, GatewayError]] = WeakKeyDictionary()
        self._reading = asyncio.Lock()
        self._clock = clock or SystemClock()

    async def find(self, call: Call, slug: str) -> Door:
        """Give the server of a slug, empty for the global one; raises `NotFound`, and `Unavailable`."""
        if call.principal is None:
            raise Unauthenticated()
        if not slug:
            return Door(CatalogueTools(self, self._invoke), "tollbridge", "Tollbridge", instructions=_HOW)
        entry = (await self._books.current()).entries.get(slug)
        found = await self._open(call.principal, slug, entry)
        touches = call.principal.scopes.touches(f"service:{slug}:")
        if entry is not None and (found is not None or (touches and await self._hears(call.principal, entry))):
            refusal = stopped(entry.service)
            if refusal is not None:
                raise refusal
        if found is None or entry is None:
            raise NotFound(f"there is no MCP server {slug[:_LONGEST_SHOWN]!r} for this token")
        live, kept = found
        if isinstance(kept.source, McpTools):
            await terms_of(self._subscriptions, call.principal, entry.service, live.design.access)
        instructions = "\n\n".join(filter(None, (live.design.description, ending_of(entry.service))))
        return Door(kept.source, slug, live.design.name, live.release.version, instructions)

    async def services(self, principal: Principal) -> Sequence[Published]:
        """List the services of which a caller may call anything."""
        entries = (await self._books.current()).entries
        found = list[Published]()
        for slug in sorted(entries):
            if not entries[slug].serves or not principal.scopes.touches(f"service:{slug}:"):
                continue
            try:
                opened = await self._open(principal, slug, entries[slug])
            except GatewayError:  # one that cannot be served hides no other
                continue
            service = entries[slug].service
            if opened is not None and await self._sees(principal, service, opened[0]):
                live = opened[0]
                text = live.design.description
                said = (service.kind, text[:500], live.release.version, ending_of(service))
                found.append(Published(slug, live.design.name, *said))
        return found

    async def document(self, principal: Principal, slug: str) -> Json | None:
        """Give the OpenAPI document of a service that serves and is the caller's to see."""
        entry = (await self._books.current()).entries.get(slug)
        found = await self._open(principal, slug, entry)
        return None if found is None or entry is None else with_ending(found[1].document, entry.service)

    async def _open(self, principal: Principal, slug: str, entry: Entry | None) -> tuple[Release, _Kept] | None:
        if entry is None or entry.live is None:
            return None
        kind = self._kinds.get(entry.service.kind)
        if kind is None:
            return None
        kept = self._kept.get(entry.live)
        if kept is None:
            async with self._reading:
                kept = self._kept.get(entry.live) or await self._look(slug, kind, entry.live)
                self._kept[entry.live] = kept
        if not may_see(principal, slug, kept.operations, kept.lets):
            return None
        return (entry.live, kept) if await self._hears(principal, entry) else None

    async def _hears(self, principal: Principal, entry: Entry) -> bool:
        """Whether somebody hears of a service, who may call it by a scope or sees it; all hear of one that is over."""
        about = entry.live or entry.last
        return about is None or about.design.access is Access.SCOPE or await self._sees(principal, entry.service, about)

    async def _sees(self, principal: Principal, service: Any, about: Release) -> bool:
        return await knows_of(self._subscriptions, principal, service, about.design)

    async def _look(self, slug: str, kind: ServiceKind, live: Release) -> _Kept:
        """Work out what is kept; that it failed is kept too, for a while.  Raises `GatewayError`."""
        until, failed = self._failed.get(live, (0.0, None))
        if failed is None or self._clock.monotonic() >= until:
            try:
                return await self._read(slug, kind, live)
            except GatewayError as exc:
                failed = exc
            except Exception as exc:
                log.error("service_not_described", service=slug, release=live.release.id, **told(exc))
                failed = Unavailable("this service cannot be called now")
            self._failed[live] = (self._clock.monotonic() + FAILED_S, failed)
        raise failed.with_traceback(None)

    async def _read(self, slug: str, kind: ServiceKind, live: Release) -> _Kept:
        design = live.design
        try:
            definition: Any = msgspec.convert(design.definition, kind.definition)
        except msgspec.ValidationError as exc:
            raise Unavailable("this service cannot be called now", detail=f"its definition: {exc}") from None
        operations = await asyncio.to_thread(kind.operations, definition)  # a large document takes seconds
        about = About(slug, design.name, design.description, live.release.version, f"{self._url}{APIS}{slug}")
        document = below(await asyncio.to_thread(kind.openapi, about, definition), about.url)
        if getattr(kind, "only_spoken", False):
            document = _as_model(document, slug)
        names = frozenset(each.name for each in operations)
        served = await live.served() if isinstance(definition, McpDefinition) else None
        if isinstance(served, ServedMcp):
            return _Kept(McpTools(served, self._invoke), document, names, served.lets)
        reading = await asyncio.to_thread(read_document, document)
        if reading.left_out:
            log.info("tools_left_out", service=slug, release=live.release.id, count=len(reading.left_out))
        scopes = await _scopes(reading.operations, operations, live)
        return _Kept(OpenApiTools(slug, reading, self._invoke, scopes=scopes), document, names)


async def _scopes(
    described: Sequence[ApiOperation], operations: Sequence[ServiceOperation], live: Release
) -> Mapping[tuple[str, str], str]:
    """Name described operations as scopes do: as what is called at their paths.  Raises `Unavailable`.

    Where one operation alone has a method and a path it is that one. Elsewhere, as with a document that calls its
    parameters otherwise than the routes, what serves is asked, by a path with something in place of each parameter.
    """
    named: dict[tuple[str, str], set[str]] = {}
    for each in operations:
        named.setdefault((each.method, each.path or "/"), set()).add(each.name)
    found = {where: min(names) for where, names in named.items()}
    for one in described:
        if len(named.get((one.method, one.path), ())) != 1:
            taken = _taken(await live.served(), one.method, unquote(_TEMPLATE.sub("x", one.path)))
            if taken is not None:
                found[one.method, one.path] = taken.name
    return found


def _taken(served: ServedService, method: str, path: str) -> ServiceOperation | None:
    try:
        return served.find(method, "" if path == "/" else path, [], b"")
    except GatewayError:
        return None


def below(document: Json, url: str) -> Json:
    """Give a document with its paths below the service, as they are called: its server is that of all of them.

    A service that is one thing may stand above itself, with its slug as a path; what lies elsewhere is left out.
    """
    servers, paths = document.get("servers"), document.get("paths")
    if not isinstance(servers, list) or not servers or not isinstance(servers[0], dict) or not isinstance(paths, dict):
        return document
    server = str(servers[0].get("url", "")).rstrip("/")
    if not server or not url.startswith(f"{server}/"):
        return document
    itself = url.removeprefix(server)
    inside = {path: item for path, item in paths.items() if f"{path}/".startswith(f"{itself}/")}
    found = {path.removeprefix(itself) or "/": item for path, item in inside.items()}
    return {**document, "servers": [{"url": url}], "paths": found}


def _as_model(document: Json, slug: str) -> Json:
    """Say in a document how a service is called that is called as a model alone."""
    how = f"It is called as the model {MODEL}{slug}, in a dialect of models; invoke cannot call it."
    said = document.get("info", {})
    return {**document, "info": {**said, "description": "\n\n".join(filter(None, (said.get("description"), how)))}}


def may_see(
    principal: Principal, slug: str, operations: frozenset[str], lets: Callable[[str], bool] = lambda name: False
) -> bool:
    """Whether a caller may call anything of a service; `lets`: it may have an operation that is not known."""
    scopes, mine = principal.scopes, f"service:{slug}:"
    if f"{mine}*" in scopes:
        return True
    granted = (scope for scope in scopes.scopes if scope.startswith(mine))
    if any(scope in scopes for scope in granted) or any(mine + name in scopes for name in operations):
        return True
    named = {scope.partition(":")[2].partition(":")[2] for scope in scopes.scopes if scope.startswith("service:")}
    return any(name and lets(name) and not scopes.lacking([mine + name]) for name in named)
