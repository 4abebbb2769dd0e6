"""What is published, as one worker knows it: as of the newest edition, whenever it is asked."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
import structlog
from msgspec import structs
from starlette.types import Receive, Scope, Send

from tollbridge.errors import Unavailable
from tollbridge.faults import told
from tollbridge.money import parse_usd, to_nano
from tollbridge.services.kinds import ReadingKind, Running, ServedService, ServiceKind
from tollbridge.services.model import Design, Release, Service
from tollbridge.services.naming import closed_names
from tollbridge.stores.services import Published, ServiceStore

if TYPE_CHECKING:
    from tollbridge.gateway import Gateway

log = structlog.get_logger("tollbridge")

_MOST_GUARDED = 100
"""Plans whose policies are kept ready for a release."""


class Guarded(Protocol):
    """Policies around what answers the calls of a service, by name, the first one outermost."""

    policies: Sequence[tuple[str, Any]]

    def carry(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Take a call through them."""
        ...


class Live:
    """A release that serves, on this worker.  What serves it is made when it is first called.

    `around` makes what runs its policies, and those of a plan as they are written; None where there are none. Its own
    are made once, and kept in `policies`.
    """

    def __init__(
        self,
        release: Release,
        design: Design,
        make: Callable[["Live"], Awaitable[ServedService]],
        around: Callable[["Live", str], Guarded | None],
    ) -> None:
        self.release = release
        self.design = design
        self.policies: Sequence[tuple[str, Any]] | None = None
        self._around = around
        self._guarded: dict[str, Guarded | None] = {}
        self.price = to_nano(parse_usd(design.price_per_call_usd))
        self._make = make
        self._served: ServedService | None = None
        self._making: asyncio.Task[ServedService] | None = None
        self._closed = False

    async def served(self) -> ServedService:
        """Give what answers; raises `Unavailable` where it cannot be made.

        It is made once for all who wait for it, also where the first of them leaves.
        """
        if self._served is not None:
            return self._served
        if self._making is None:
            self._making = asyncio.create_task(self._made())
            self._making.add_done_callback(_seen)
        return await asyncio.shield(self._making)

    async def _made(self) -> ServedService:
        try:
            served = await self._make(self)
        finally:
            self._making = None
        if self._closed:
            await _end(self.release, served)  # those who waited are still answered
        else:
            self._served = served
        return served

    def guarded(self, plan_policies: str) -> Guarded | None:
        """Give the policies around a call under a plan with these; raises `Unavailable` where one cannot be run."""
        if plan_policies not in self._guarded:
            if len(self._guarded) >= _MOST_GUARDED:
                self._guarded.clear()
            self._guarded[plan_policies] = self._around(self, plan_policies)
        return self._guarded[plan_policies]

    async def close(self) -> None:
        """End what runs beside the calls, and wait for nothing that is being made."""
        self._closed = True
        served, self._served = self._served, None
        if served is not None:
            await _end(self.release, served)

    async def settled(self) -> None:
        """Wait for what is being made, whatever comes of it."""
        if self._making is not None:
            await asyncio.wait((self._making,))


class Entry(msgspec.Struct, frozen=True):
    """A service in the book: the release for who asks for none, and all that serve by their versions.

    There is no release where the service is retired, or all failed that served; then `last` is the one that did so
    last, and serves nothing. `spoken`: it is called as a model too.
    """

    service: Service
    live: Live | None
    versions: Mapping[str, Live]
    spoken: bool = False
    last: Live | None = None

    @property
    def serves(self) -> bool:
        """Whether who asks for no version is served."""
        return self.live is not None and self.service.paused_at is None


class Book(msgspec.Struct, frozen=True):
    """All services that serve or did, by slug."""

    edition: int
    entries: Mapping[str, Entry]


class Books:
    """Keeps the book of this worker as the store has it.

    `edition` asks the store whether anything changed, for every call; only then is it read. Releases stay as they are
    made, so that a change of one service touches no other. A service whose slug is one of `closed` is left out.
    """

    def __init__(
        self,
        store: Callable[[], Awaitable[ServiceStore]],
        edition: Callable[[], Awaitable[int]],
        kinds: Mapping[str, ServiceKind],
        gateway: "Gateway",
    ) -> None:
        self._store = store
        self._edition = edition
        self._kinds = kinds
        self._gateway = gateway
        self.closed = closed_names(gateway)
        self._book = Book(-1, MappingProxyType({}))
        self._made: dict[str, Live] = {}
        self._lasts: dict[str, Live] = {}
        self._reading = asyncio.Lock()

    @property
    def known(self) -> Book:
        """Give the book as it was read last."""
        return self._book

    async def current(self) -> Book:
        """Give the book as of every change that returned before; raises `Unavailable`."""
        edition = await self._edition()
        if edition != self._book.edition:
            async with self._reading:
                if edition != self._book.edition:  # or another call has read it meanwhile
                    await self._read()
        return self._book

    async def close(self) -> None:
        """End what runs beside the calls, of all services."""
        made, self._made, self._lasts = self._made, {}, {}
        self._book = Book(-1, MappingProxyType({}))
        for live in made.values():
            await live.close()
            await live.settled()

    async def _read(self) -> None:
        store = await self._store()
        edition, every = await store.published()
        published = [each for each in every if each.service.slug not in self.closed]
        for each in every:
            if each.service.slug in self.closed:
                log.error("service_closed", service=each.service.slug, reason="its slug is a name of the gateway's own")
        wanted = {release.id: (each.service, release) for each in published for release in each.releases}
        lasts = {each.last.id: (each.service, each.last) for each in published if each.last is not None}
        before, known = self._made, self._made | self._lasts
        designs = await store.designs([id for id in (*wanted, *lasts) if id not in known])
        designs = {**designs, **{id: live.design for id, live in known.items()}}
        self._lasts = {id: self._lasts.get(id) or self._live(*lasts[id], designs[id]) for id in lasts if id in designs}
        self._made = {id: before.get(id) or self._live(*wanted[id], designs[id]) for id in wanted if id in designs}
        entries = {each.service.slug: self._entry(each) for each in published}
        self._book = Book(edition, MappingProxyType(entries))
        for live in [live for id, live in before.items() if id not in self._made]:
            await live.close()

    def _entry(self, published: Published) -> Entry:
        found = {release.id: self._made[release.id] for release in published.releases if release.id in self._made}
        versions = {live.release.version: live for live in found.values()}
        kind = self._kinds.get(published.service.kind)
        live, spoken = found.get(published.service.live), kind is not None and kind.spoken
        last = None if published.last is None else self._lasts.get(published.last.id)
        return Entry(published.service, live, MappingProxyType(versions), spoken, last)

    def _live(self, service: Service, release: Release, design: Design) -> Live:
        return Live(release, design, lambda live: self._serve(service, live), self._gateway.policing.guarded)

    async def _serve(self, service: Service, live: Live) -> ServedService:
        kind = self._kinds.get(service.kind)
        if kind is None:
            raise Unavailable(
                "this service cannot be called now",
                detail=f"no installed plugin offers services of kind {service.kind}",
            )
        try:
            definition = await asyncio.to_thread(decoded, kind, live.design)
            return await serving(kind, self._gateway, running(service, live.release, definition))
        except Exception as exc:
            log.error("service_failed", service=service.slug, release=live.release.id, **told(exc))
            raise Unavailable("this service cannot be called now", detail="it could not be made") from None


def running(service: Service, release: Release, definition: Any) -> Running:
    """Say what a kind needs to know of a release that is about to serve."""
    return Running(service.id, service.slug, service.team, release.id, release.number, release.version, definition)


def decoded(kind: ServiceKind, design: Design) -> Any:
    """Read the definition of a design as its kind has it; raises `msgspec.ValidationError`."""
    return msgspec.convert(design.definition, kind.definition)


async def serving(kind: ServiceKind, gateway: "Gateway", about: Running) -> ServedService:
    """Have a kind serve a release, with what it reads for that worked out in a thread; raises what the kind does."""
    if isinstance(kind, ReadingKind):
        about = structs.replace(about, read=await asyncio.to_thread(kind.read, about.definition))
    return kind.serve(gateway, about)


async def _end(release: Release, served: ServedService) -> None:
    """End what runs beside the calls of a release; one that cannot is told in the log."""
    try:
        await served.close()
    except Exception as exc:
        log.error("service_close_failed", release=release.id, **told(exc))


def _seen(making: "asyncio.Task[ServedService]") -> None:
    """Look at how it ended, so that asyncio does not tell of it where nobody waits any more."""
    if not making.cancelled():
        making.exception()
