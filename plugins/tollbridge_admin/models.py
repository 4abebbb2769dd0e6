"""Models: every one that has a name here, the targets it leads to, and what it costs.

A model's name may hold slashes and signs that a path cannot, so one of them is asked for by a query. Services that are
called as models are told to whom the catalogue would show them.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from tollbridge import Gateway, NotFound, SetupError, Target, Unavailable
from tollbridge.administering import MODEL, Design, Reader, Service
from tollbridge.seeing import speaking_of
from tollbridge_admin import services
from tollbridge_admin.asking import Answer, Asked
from tollbridge_admin.modelshapes import (
    From,
    ModelAsked,
    ModelsAsked,
    ModelShown,
    ModelsShown,
    ModelWhole,
    PriceShown,
    ServiceModelShown,
    State,
    TargetShown,
    price_shown,
)
from tollbridge_admin.paging import cursor, read_number
from tollbridge_admin.routes import ANY_TOKEN, Route, route
from tollbridge_admin.tags import tag_of

READ = "admin:models:read"
SCOPE = "model:"
_LIST = "models"
_ORIGINS: Mapping[str, From] = {"config: ": "configuration", "genai-prices ": "genai-prices"}
"""How the ids of prices begin that are no provider's."""


class Named(msgspec.Struct, frozen=True):
    """A model before its prices are looked up: its targets as provider and model, or the service that it is."""

    id: str
    targets: Sequence[tuple[str, str]] = ()
    service: Service | None = None
    design: Design | None = None

    def fits(self, query: ModelsAsked) -> bool:
        """Whether it is looked for."""
        words = "\n".join((self.id, *(f"{provider}/{model}" for provider, model in self.targets))).casefold()
        led_to = not query.provider or query.provider in {provider for provider, _ in self.targets}
        return led_to and query.q.casefold() in words


class Models:
    """Answers for models."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._prices: Any = None

    def routes(self) -> Sequence[Route]:
        """Say what can be asked."""
        one: Mapping[str, Any] = {"takes": ModelAsked, "gives": ModelWhole, "tagged": True, "also": (404,)}
        return (
            route("GET", "/models", self.list_models, takes=ModelsAsked, gives=ModelsShown, scope=READ),
            route("GET", "/model", self.get_model, scope=READ, **one),
            route("GET", "/me/models", self.list_own_models, takes=ModelsAsked, gives=ModelsShown, scope=ANY_TOKEN),
        )

    async def list_models(self, asked: Asked, query: ModelsAsked) -> Answer:
        """List the models that have a name here, by it."""
        return Answer(self._page([*self._own(), *await self._services(asked)], query))

    async def list_own_models(self, asked: Asked, query: ModelsAsked) -> Answer:
        """List the models that the caller may call, by their names, without where they lead."""
        every = [*self._own(), *await self._services(asked)]
        theirs = [one for one in every if f"{SCOPE}{one.id}" in asked.caller.scopes]
        shown = self._page(theirs, query)
        bare = [msgspec.structs.replace(one, targets=()) for one in shown.items]
        return Answer(msgspec.structs.replace(shown, items=bare))

    def _page(self, every: Sequence[Named], query: ModelsAsked) -> ModelsShown:
        start = read_number(_LIST, query.after) or 0
        found = sorted((one for one in every if one.fits(query)), key=lambda one: one.id)
        page, end = found[start : start + query.limit], start + query.limit
        following = cursor(_LIST, end) if len(found) > end else None
        return ModelsShown([self._shown(one) for one in page], following)

    async def get_model(self, asked: Asked, query: ModelAsked) -> Answer:
        """Show a model, listed or not, and what it can be asked for."""
        named = next((one for one in (*self._own(), *await self._services(asked)) if one.id == query.id), None)
        listed = named is not None
        if named is None:
            targets = [(one.provider.name, one.model) for one in self._resolved(query.id)]
            named = Named(query.id, targets) if targets else None
        if named is None:
            raise NotFound("there is no such model")
        shown = self._whole(self._shown(named), self._resolved(query.id), listed=listed)
        return Answer(shown, tag=tag_of(shown))

    def _own(self) -> Iterator[Named]:
        """Give the models that are no services."""
        configured = self._gateway.config.models
        for name, model in configured.items():
            yield Named(name, [(provider, own) for provider, _, own in (one.partition("/") for one in model.targets)])
        for entry in self._ways().entries():
            if entry.id not in configured:
                yield Named(entry.id, [(one.provider.name, one.model) for one in self._resolved(entry.id)])

    async def _services(self, asked: Asked) -> Sequence[Named]:
        """Give the services that are called as models and that the caller may see."""
        if not self._gateway.config.services.enabled:
            return ()
        team = asked.caller.team
        reader = Reader(team, everything=not team and services.READ in asked.caller.scopes)
        found = []
        for entry in (await self._gateway.books.current()).entries.values():
            live = entry.live or entry.last
            service, design = entry.service, None if live is None else live.design
            if entry.spoken and _is_theirs(reader, service, design):
                found.append(Named(f"{MODEL}{service.slug}", (), service, design))
        return found

    def _shown(self, named: Named) -> ModelShown:
        targets = [self._target(named.id, provider, model) for provider, model in named.targets]
        first = next((one for one in targets if one.ready), targets[0] if targets else None)
        price = None if first is None else first.price
        entry = None if named.service is not None else self._ways().entry(named.id)
        configured = self._gateway.config.models.get(named.id)
        service = named.service
        successor = service.successor if service is not None else ""
        return ModelShown(
            id=named.id,
            kind="service" if service is not None else "provider" if configured is None else "configured",
            state=_state(service) if service is not None else "serving" if entry is not None else "waiting",
            targets=targets,
            price=price,
            unpriced=service is None and price is None,
            context=(configured.context if configured else None) if entry is None else entry.context,
            max_output=(configured.max_output if configured else None) if entry is None else entry.max_output,
            service=_service(service, named.design),
            deprecated_at=None if service is None else service.deprecated_at,
            ends_at=None if service is None else service.sunset_at,
            successor=f"{MODEL}{successor}" if successor else None,
        )

    def _whole(self, shown: ModelShown, targets: Sequence[Target], *, listed: bool) -> ModelWhole:
        known = targets[0].provider.models.get(targets[0].model) if targets else None
        names = () if known is None else (known.name, *known.also)
        return ModelWhole(
            **{name: getattr(shown, name) for name in ModelShown.__struct_fields__},
            listed=listed,
            also=[name for name in names if name != targets[0].model],
            speaks=speaking_of(targets, self._gateway.registry.dialects.values()),
        )

    def _target(self, alias: str, provider: str, model: str) -> TargetShown:
        host, known = self._ways().hosts.get(provider), self._gateway.registry.providers.get(provider)
        price_id = known.price_id if known is not None else provider
        price = self._price(alias, provider, price_id, model)
        return TargetShown(provider=provider, model=model, ready=host is not None, price=price)

    def _price(self, alias: str, provider: str, price_id: str, model: str) -> PriceShown | None:
        gateway = self._gateway
        if self._prices is None:
            self._prices = gateway.parts().prices if gateway.started else gateway.prices
        price = self._prices.find(price_id, model, gateway.clock.now(), alias=alias)
        if price is None:
            return None
        sharing = {name for name, one in gateway.registry.providers.items() if one.price_id == price_id}
        its = any(price.id.startswith(f"{name}: ") for name in sharing | {provider})
        otherwise: From = "provider" if its else "plugin"
        origin = next((said for begins, said in _ORIGINS.items() if price.id.startswith(begins)), otherwise)
        return price_shown(price.table(), price.left_out, origin)

    def _resolved(self, name: str) -> Sequence[Target]:
        found: Sequence[Target] = self._ways().resolve(name)
        return found

    def _ways(self) -> Any:
        return routes_of(self._gateway)


def routes_of(gateway: Gateway) -> Any:
    """Give the ways to the models; raises `Unavailable` on a machine where nothing is served and a key is missing."""
    try:
        return gateway.routes
    except SetupError as exc:
        raise Unavailable("the models cannot be told here", detail=str(exc)) from exc


def _is_theirs(reader: Reader, service: Service, design: Design | None) -> bool:
    """Whether a service is somebody's to see; of a retired one nobody knows any more to whom it showed itself."""
    if design is None:
        return reader.everything or (bool(reader.team) and reader.team == service.team)
    return reader.sees(service, design)


def _state(service: Service) -> State:
    if service.retired_at is not None:
        return "retired"
    if service.paused_at is not None:
        return "paused"
    if not service.live:
        return "failed"
    return "serving" if service.deprecated_at is None else "deprecated"


def _service(service: Service | None, design: Design | None) -> ServiceModelShown | None:
    if service is None:
        return None
    name, toll = (service.name, None) if design is None else (design.name, design.price_per_call_usd)
    return ServiceModelShown(slug=service.slug, name=name, team=service.team, price_per_call_usd=toll)
