"""Providers: those that serve, those that wait for a key, and those that could be added; and how one is tried.

What is known of a provider is everybody's to see who may read providers; its key, and how its calls fare, are the whole
bridge's, so a caller with a team sees neither, and tries none.
"""

import asyncio
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import msgspec

from tollbridge import Denied, Gateway, NotFound
from tollbridge.administering import ProviderKey, moment
from tollbridge.seeing import ProviderSeen, ProviderTry, provider_names, provider_seen, try_provider
from tollbridge.stores.reporting import Health, latest
from tollbridge_admin.asking import Answer, Asked
from tollbridge_admin.models import routes_of
from tollbridge_admin.paging import cursor, read_number
from tollbridge_admin.providershapes import (
    CheckShown,
    FaredShown,
    HealthShown,
    HealthsShown,
    KeptShown,
    KeyStateShown,
    ModelCountShown,
    ProvidersAsked,
    ProviderShown,
    ProvidersShown,
    ProviderTriedShown,
    ProviderTryWish,
    shown,
    tried_shown,
)
from tollbridge_admin.providertoml import place_of
from tollbridge_admin.routes import Nothing, Route, route
from tollbridge_admin.tags import tag_of

READ, WRITE = "admin:providers:read", "admin:providers:write"
_LIST = "providers"
_ADDING = ("provider_key.set", "provider_key.rotate")
_CHECKING = "provider_key.check"
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_PASSING = ("health", "key")

Fared = Mapping[str, Sequence[Health]]
"""How calls fared, by provider."""


class Providers:
    """Answers for providers."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def routes(self) -> Sequence[Route]:
        """Say what can be asked."""
        trying: Mapping[str, Any] = {"takes": ProviderTryWish, "gives": ProviderTriedShown, "looks": True}
        one: Mapping[str, Any] = {"takes": Nothing, "gives": ProviderShown, "tagged": True}
        return (
            route("GET", "/providers", self.list_providers, takes=ProvidersAsked, gives=ProvidersShown, scope=READ),
            route("POST", "/providers/try", self.try_provider, scope=WRITE, **trying),
            route("GET", "/providers/{provider}", self.get_provider, scope=READ, **one),
        )

    async def list_providers(self, asked: Asked, query: ProvidersAsked) -> Answer:
        """List the providers that serve, wait for a key or could be added, by name."""
        routes_of(self._gateway)
        start, part = read_number(_LIST, query.after) or 0, query.q.casefold()
        kept = await self._kept()
        every = await self._seen(provider_names(self._gateway), kept)
        named = [one for one in every if part in one.name.casefold() or part in one.title.casefold()]
        found = [one for one in named if query.state in (None, one.state)]
        page, end = found[start : start + query.limit], start + query.limit
        following = cursor(_LIST, end) if len(found) > end else None
        return Answer(ProvidersShown(await self._shown(asked, page, kept), following))

    async def get_provider(self, asked: Asked, nothing: Nothing) -> Answer:
        """Show a provider: where it is, what it needs and has, and how its calls fare."""
        routes_of(self._gateway)
        kept = await self._kept()
        seen = await self._seen([asked.named["provider"]], kept)
        if not seen:
            raise NotFound("there is no such provider")
        (found,) = await self._shown(asked, seen, kept)
        if found.key is not None:
            found = msgspec.structs.replace(found, key=await self._told(found.key))
        return Answer(found, tag=tag_of(found, *_PASSING))

    async def try_provider(self, asked: Asked, wish: ProviderTryWish) -> Answer:
        """Ask a provider for its models once, and say what came of it and how it is added; keeps nothing."""
        if asked.caller.team:
            raise Denied("providers are the whole bridge's; a token with a team tries none", code="out_of_reach")
        routes_of(self._gateway)
        known = await self._seen([wish.provider], await self._kept())
        fields = {name: getattr(wish, name) for name in ProviderTryWish.__struct_fields__}
        tried = await try_provider(self._gateway, ProviderTry(**fields), asked.actor)
        place = place_of(wish, known[0] if known else None)
        return Answer(tried_shown(tried, **msgspec.structs.asdict(place)))

    async def _kept(self) -> Mapping[str, ProviderKey]:
        """Find the keys that the database has and that may be shown, by their names."""
        now = self._gateway.clock.now()
        return {key.name: key for key in await self._gateway.secrets.list() if key.live(now)}

    async def _seen(self, names: Iterable[str], kept: Mapping[str, ProviderKey]) -> list[ProviderSeen]:
        """Look at providers, in a thread: some have their keys in files."""

        def look() -> list[ProviderSeen]:
            found = (provider_seen(self._gateway, name, _of(name, kept)) for name in names)
            return [one for one in found if one is not None]

        return await asyncio.to_thread(look)

    async def _shown(
        self, asked: Asked, page: Sequence[ProviderSeen], kept: Mapping[str, ProviderKey]
    ) -> Sequence[ProviderShown]:
        counts = self._counts({one.name for one in page if one.state == "serving"})
        whole = not asked.caller.team
        hour, day = (await self._fared(_HOUR), await self._fared(_DAY)) if whole and page else ({}, {})
        return [
            shown(
                one,
                whole=whole,
                key=self._key(one, kept),
                models=counts.get(one.name, ModelCountShown(0, 0)) if one.state == "serving" else None,
                health=HealthsShown(_health(hour.get(one.name, ())), _health(day.get(one.name, ()))),
            )
            for one in page
        ]

    def _counts(self, providers: Collection[str]) -> Mapping[str, ModelCountShown]:
        """Count the models that have a name here by the providers they lead to, and those of them with a price."""
        if not providers:
            return {}
        gateway, now = self._gateway, self._gateway.clock.now()
        prices = gateway.parts().prices if gateway.started else gateway.prices
        listed, priced = Counter[str](), Counter[str]()
        for entry in gateway.models():
            for target in gateway.routes.resolve(entry.id):
                name = target.provider.name
                if name not in providers:
                    continue
                price = prices.find(target.provider.price_id, target.model, now, alias=entry.id)
                listed[name] += 1
                priced[name] += price is not None
        return {name: ModelCountShown(listed[name], priced[name]) for name in listed}

    async def _fared(self, span: timedelta) -> Fared:
        found: dict[str, list[Health]] = {}
        for one in await self._gateway.store.health(*latest(self._gateway.clock.now(), span)):
            found.setdefault(one.provider, []).append(one)
        return found

    def _key(self, seen: ProviderSeen, kept: Mapping[str, ProviderKey]) -> KeyStateShown:
        place = seen.key
        held = kept.get(place.reference.removeprefix("stored:")) if place.reference.startswith("stored:") else None
        return KeyStateShown(
            reference=place.reference or None,
            is_set=place.is_set,
            needed=place.needed,
            variables=place.variables,
            kept=self._held(held) if held is not None and held.provider == seen.name else None,
        )

    def _held(self, key: ProviderKey) -> KeptShown:
        live = key.live(self._gateway.clock.now())
        newest = live[0]
        used = [one.last_used_at for one in live if one.last_used_at is not None]
        return KeptShown(
            versions=len(live),
            hint=newest.hint or None,
            added_at=newest.created_at,
            expires_at=newest.expires_at,
            last_used_at=max(used, default=None),
        )

    async def _told(self, key: KeyStateShown) -> KeyStateShown:
        """Add what the audit log has of a kept key: who brought the newest version, and when it was last checked."""
        if key.kept is None or key.reference is None:
            return key
        store, name = self._gateway.store, key.reference.removeprefix("stored:")
        added = [one for each in _ADDING for one in await store.list_audit(limit=1, action=each, target=name)]
        newest = max(added, key=lambda one: one.number, default=None)
        checks = await store.list_audit(limit=1, action=_CHECKING, target=name)
        check = None
        if checks:
            said = msgspec.json.decode(checks[0].after) or {}
            check = CheckShown(moment(checks[0].at_us), checks[0].actor.id, said.get("results", {}))
        by = None if newest is None else newest.actor.id
        return msgspec.structs.replace(key, added_by=by, check=check)


def _of(name: str, kept: Mapping[str, ProviderKey]) -> set[str]:
    """Name the kept keys that are a provider's own."""
    return {key.name for key in kept.values() if key.provider == name}


def _health(rows: Sequence[Health]) -> HealthShown:
    services = sorted(rows, key=lambda one: (-one.calls, one.service))
    return HealthShown(
        calls=sum(one.calls for one in services),
        failed=sum(one.failed for one in services),
        latency_p50_ms=services[0].latency_p50_ms if services else None,
        services=[FaredShown(one.service, one.calls, one.failed, one.latency_p50_ms) for one in services],
    )
