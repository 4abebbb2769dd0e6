"""The MCP servers of a gateway: one for each service that serves, and the global one."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import msgspec
import structlog

from tollbridge import Call, NotFound, Principal, Unauthenticated, Unavailable
from tollbridge.services.kinds import MODEL, About, ServedService, ServiceKind
from tollbridge_mcp.catalogue import CatalogueTools, Published
from tollbridge_mcp.definition import McpDefinition
from tollbridge_mcp.endpoint import Door
from tollbridge_mcp.invoking import Invoke
from tollbridge_mcp.model import Json, ToolSource
from tollbridge_mcp.operations import read_document
from tollbridge_mcp.proxy import McpTools, ServedMcp
from tollbridge_mcp.sources import APIS, OpenApiTools

log = structlog.get_logger("tollbridge")

_HOW = (
    "Lists the services of this gateway and calls them. Begin with service_list, read a service's openapi_document, "
    "then invoke it."
)
_LONGEST_SHOWN = 64


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


class Doors:
    """Finds servers.  `url` is the gateway's own.  A caller without any scope for a service finds none of its name."""

    def __init__(self, books: Books, kinds: Mapping[str, ServiceKind], invoke: Invoke, *, url: str) -> None:
        self._books = books
        self._kinds = kinds
        self._invoke = invoke
        self._url = url
        self._kept: WeakKeyDictionary[Release, _Kept] = WeakKeyDictionary()
        self._reading = asyncio.Lock()

    async def find(self, call: Call, slug: str) -> Door:
        """Give the server of a slug, empty for the global one; raises `NotFound`, and `Unavailable`."""
        if call.principal is None:
            raise Unauthenticated()
        if not slug:
            return Door(CatalogueTools(self, self._invoke), "tollbridge", "Tollbridge", instructions=_HOW)
        found = await self._open(call.principal, slug)
        if found is None:
            raise NotFound(f"there is no MCP server {slug[:_LONGEST_SHOWN]!r} for this token")
        live, kept = found
        design = live.design
        return Door(kept.source, slug, design.name, live.release.version, design.description)

    async def services(self, principal: Principal) -> Sequence[Published]:
        """List the services of which a caller may call anything."""
        entries = (await self._books.current()).entries
        found = list[Published]()
        for slug in sorted(entries):
            try:
                opened = await self._open(principal, slug)
            except Unavailable:  # one that cannot be served hides no other
                continue
            if opened is not None:
                live, service = opened[0], entries[slug].service
                text = live.design.description
                found.append(Published(slug, live.design.name, service.kind, text[:500], live.release.version))
        return found

    async def document(self, principal: Principal, slug: str) -> Json | None:
        """Give the OpenAPI document of a service that serves and is the caller's to see."""
        found = await self._open(principal, slug)
        return found[1].document if found is not None else None

    async def _open(self, principal: Principal, slug: str) -> tuple[Release, _Kept] | None:
        entry = (await self._books.current()).entries.get(slug)
        if entry is None or entry.live is None:
            return None
        kind = self._kinds.get(entry.service.kind)
        if kind is None:
            return None
        kept = self._kept.get(entry.live)
        if kept is None:
            async with self._reading:
                kept = self._kept.get(entry.live) or await self._read(slug, kind, entry.live)
                self._kept[entry.live] = kept
        return (entry.live, kept) if may_see(principal, slug, kept.operations) else None

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
            return _Kept(McpTools(served, self._invoke), document, names)
        scopes = {(each.method, each.path or "/"): each.name for each in operations}
        reading = await asyncio.to_thread(read_document, document)
        if reading.left_out:
            log.info("tools_left_out", service=slug, release=live.release.id, count=len(reading.left_out))
        return _Kept(OpenApiTools(slug, reading, self._invoke, scopes=scopes), document, names)


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


def may_see(principal: Principal, slug: str, operations: frozenset[str]) -> bool:
    """Whether a caller may call anything of a service."""
    scopes, mine = principal.scopes, f"service:{slug}:"
    if f"{mine}*" in scopes:
        return True
    granted = (scope for scope in scopes.scopes if scope.startswith(mine))
    return any(scope in scopes for scope in granted) or any(mine + name in scopes for name in operations)
