"""Which services can be called without a token: that one is there, and what becomes of it, is no secret then."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from weakref import WeakKeyDictionary

import structlog

from tollbridge.faults import told
from tollbridge.services.book import Live, decoded
from tollbridge.services.kinds import ServiceKind
from tollbridge.services.model import Design, Service
from tollbridge.stores.services import ServiceStore

_MOST_RELEASES = 1_000
log = structlog.get_logger("tollbridge")


class Opened:
    """Looks once at what each release offers, and of a retired service at what it offered last: that never changes."""

    def __init__(self, store: Callable[[], Awaitable[ServiceStore]], kinds: Mapping[str, ServiceKind]) -> None:
        self._store = store
        self._kinds = kinds
        self._live: WeakKeyDictionary[Live, bool] = WeakKeyDictionary()
        self._retired: dict[str, bool] = {}
        self._reading = asyncio.Lock()

    async def now(self, service: Service, live: Live) -> bool:
        """Whether something of a release needs no token."""
        found = self._live.get(live)
        if found is None:
            found = self._live[live] = await self._opens(service, live.design)
        return found

    async def was(self, service: Service) -> bool:
        """Whether a service is retired of which something needed no token at its end; raises `Unavailable`."""
        if service.retired_at is None:
            return False
        async with self._reading:
            if service.id not in self._retired:
                self._retired[service.id] = await self._was(service)
            return self._retired[service.id]

    async def _was(self, service: Service) -> bool:
        store = await self._store()
        releases = await store.list_releases(service.id, limit=_MOST_RELEASES)
        ends = {one.id: one.ended_at for one in releases if one.published_at is not None and one.ended_at is not None}
        last = max(ends.values(), default=None)
        designs = await store.designs([id for id, end in ends.items() if end == last])
        return any([await self._opens(service, design) for design in designs.values()])

    async def _opens(self, service: Service, design: Design) -> bool:
        """Look at what a design offers; whatever a kind cannot say opens nothing."""
        kind = self._kinds.get(service.kind)
        if kind is None:
            return False
        try:
            return await asyncio.to_thread(_any_public, kind, design)
        except Exception as exc:
            log.warning("operations_unknown", service=service.slug, **told(exc))
            return False


def _any_public(kind: ServiceKind, design: Design) -> bool:
    return any(operation.public for operation in kind.operations(decoded(kind, design)))
