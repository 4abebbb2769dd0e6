"""What a gateway holds while it serves: store, limiter, transport, and the chain over them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.types import ASGIApp

from tollbridge.call import Call
from tollbridge.canaries import CanaryAlarm
from tollbridge.chain import Link, check_order, fold, insert
from tollbridge.clock import Clock
from tollbridge.config import Config
from tollbridge.formats.dialect import ModelEntry
from tollbridge.formats.seal import Seal
from tollbridge.formats.ways import Ways
from tollbridge.identity import IdentitySource
from tollbridge.layers.authenticate import Authenticate
from tollbridge.layers.authorize import Authorize
from tollbridge.layers.context import Context
from tollbridge.layers.cutting import CuttingWatch
from tollbridge.layers.dispatch import Dispatch
from tollbridge.layers.layer import Layer, Plan
from tollbridge.layers.limit import Limit
from tollbridge.layers.meter import Meter
from tollbridge.layers.observe import Observe
from tollbridge.layers.policies import Policies
from tollbridge.layers.recall import Recall
from tollbridge.layers.sanity import Sanity
from tollbridge.layers.subscribe import Subscribe
from tollbridge.layers.teaming import Teaming
from tollbridge.layers.translate import Translate
from tollbridge.layers.vouch import Vouch
from tollbridge.metering.prices import PriceBook
from tollbridge.money import parse_usd, to_nano
from tollbridge.readings import budgets_of, issuer_of, limits_of, timeouts_of
from tollbridge.routes import ModelRoutes
from tollbridge.sanity import HeaderLimits
from tollbridge.services.admitting import knows_of
from tollbridge.services.entrance import PREFIX, Entrance
from tollbridge.services.kinds import MODEL
from tollbridge.signingkeys import SigningKeys
from tollbridge.surface import Surface
from tollbridge.throttle import Throttle
from tollbridge.tokens.model import Principal
from tollbridge.transport.base import Transport
from tollbridge.vault import Box

if TYPE_CHECKING:
    from tollbridge.limits.limiter import Limiter
    from tollbridge.registry import Registry
    from tollbridge.stores.base import Store
    from tollbridge.tokens.service import TokenService

_MARGIN_S = 60.0


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything the chain is made of."""

    config: Config
    clock: Clock
    registry: "Registry"
    routes: ModelRoutes
    prices: PriceBook
    policies: Sequence[tuple[str, Any]]
    sources: Sequence[tuple[str, IdentitySource]]
    store: "Store"
    tokens: "TokenService"
    limiter: "Limiter"
    transport: Transport
    seal: Seal
    box: Box
    observers: tuple[Callable[[Call], None], ...]
    entered: Callable[[], None]
    left: Callable[[], None]
    policy_failed: Callable[[str], None]
    alarm: CanaryAlarm
    throttle: Throttle
    vouching: SigningKeys | None = None
    services: Entrance | None = None


def links_of(parts: Parts, app: ASGIApp | None) -> list[Link]:
    """Give the links of the chain in order, plugins' layers in their places; raises `PluginError`."""
    config, clock = parts.config, parts.clock
    surface = Surface(parts.registry.dialects.values() if config.server.ai_routes else ())
    links = [
        observe_link(parts),
        sanity_link(parts, names_below=(*surface.heads, *((PREFIX,) if parts.services is not None else ()))),
        *_asking(parts, surface, app),
        *_paying(parts),
    ]
    if parts.vouching is not None:
        service = config.service
        said = {"issuer": issuer_of(config), "audience": service.audience or service.name}
        links.append(Link(Vouch, {"key": parts.vouching.current, **said, "clock": clock}))
    if parts.policies:
        options = {"policies": parts.policies, "timeout_s": config.plugins.timeout_s, "failed": parts.policy_failed}
        links.append(Link(Policies, options))
    extra = [Link(layer, {"clock": clock}, origin="plugin") for layer in parts.registry.layers.values()]
    links = insert(links, extra)
    check_order(links)
    return links


def _asking(parts: Parts, surface: Surface, app: ASGIApp | None) -> Sequence[Link]:
    """Give the links that know what is asked, by whom, and what it goes on from."""
    config = parts.config
    return (
        Link(
            Context,
            {
                "surface": surface,
                "routes": parts.routes,
                "host": app,
                "service": config.service.name,
                "services": parts.services,
                "assume_output": config.budgets.assume_output_tokens,
            },
        ),
        authenticate_link(parts, public=(*config.server.public, *config.service.public), sources=parts.sources),
        Link(Authorize),
        Link(Subscribe, {"subscriptions": parts.store}),
        Link(
            Recall,
            {
                "store": parts.store,
                "resolve": parts.routes.resolve,
                "keep_s": config.answers.keep_days * 86_400.0,
                "box": parts.box if config.answers.keep else None,
            },
        ),
    )


def _paying(parts: Parts) -> Sequence[Link]:
    """Give the links that limit and charge, and the one that speaks to the provider."""
    config = parts.config
    return (
        limit_link(parts),
        Link(
            Meter,
            {
                "ledger": parts.store,
                "prices": parts.prices,
                "budgets": budgets_of(config),
                "unpriced": config.budgets.unpriced,
                "call_price": to_nano(parse_usd(config.service.price_per_call)),
                "longest_s": config.upstream.total_timeout_s + _MARGIN_S,
                "clock": parts.clock,
            },
        ),
        Link(
            Translate,
            {
                "ways": Ways(parts.registry.dialects.values()),
                "seal": parts.seal,
                "strict": config.upstream.strict,
                "cost_in_stream": config.upstream.cost_in_stream,
                "cap_output": config.budgets.cap_output,
            },
        ),
    )


def observe_link(parts: Parts) -> Link:
    """Give the link that names, counts and logs."""
    observed = {"observers": parts.observers, "entered": parts.entered, "left": parts.left, "clock": parts.clock}
    return Link(Observe, observed)


def sanity_link(parts: Parts, *, names_below: Sequence[str] = ()) -> Link:
    """Give the link that refuses what reads in two ways."""
    server = parts.config.server
    limits = HeaderLimits(count=server.max_header_count, bytes=server.max_header_bytes)
    options = {"json_depth": server.max_json_depth, "names_below": names_below, "clock": parts.clock}
    return Link(Sanity, {"limits": limits, **options})


def authenticate_link(
    parts: Parts, *, public: Sequence[str] = (), sources: Sequence[tuple[str, IdentitySource]] = ()
) -> Link:
    """Give the link that finds who calls; without `sources` only tokens of ours are known."""
    options = {
        "tokens": parts.tokens,
        "public": public,
        "sources": sources,
        "timeout_s": parts.config.plugins.timeout_s,
        "warn_s": parts.config.tokens.warn_days * 86_400.0,
        "alarm": parts.alarm,
        "holders": parts.store.find_holder,
        "teams": Teaming(parts.store.team_holder, parts.store.find_holder).bound,
        "throttle": parts.throttle,
        "issuer": issuer_of(parts.config) if parts.config.oauth.enabled else "",
    }
    return Link(Authenticate, options)


def limit_link(parts: Parts) -> Link:
    """Give the link that keeps the limits of a token."""
    config = parts.config
    return Link(Limit, {"limiter": parts.limiter, "defaults": limits_of(config), "share": config.server.workers})


def layers_of(
    registry: "Registry", policies: Sequence[tuple[str, Any]], *, vouch: bool = False
) -> list[tuple[type[Layer], str]]:
    """Give the chain's layers in order with who provided each, without building them."""
    core: list[type[Layer]] = [
        Observe,
        Sanity,
        Context,
        Authenticate,
        Authorize,
        Subscribe,
        Recall,
        Limit,
        Meter,
        Translate,
    ]
    if vouch:
        core.append(Vouch)
    if policies:
        core.append(Policies)
    links = insert([Link(layer) for layer in core], [Link(x, origin="plugin") for x in registry.layers.values()])
    check_order(links)
    return [(link.layer, link.origin) for link in links]


def build_chain(parts: Parts, app: ASGIApp | None) -> Layer:
    """Fold the chain around a dispatch to the models and to the app."""
    outermost, *inner = links_of(parts, app)
    chain = outermost.layer(fold(inner, dispatch_of(parts, app)), **outermost.options)
    measured(chain.plan, parts.config)
    return chain


def measured(plan: Plan, config: Config) -> Plan:
    """Give a plan the bounds of `[server]` for bodies."""
    plan.max_body = config.server.max_body_bytes
    plan.body_timeout_s = config.server.body_timeout_s
    return plan


def dispatch_of(parts: Parts, app: ASGIApp | None) -> Dispatch:
    """Give the end of the chain, which sends calls to the models and to the app."""
    config = parts.config
    return Dispatch(
        app,
        transport=parts.transport,
        models=lambda call: offered_models(parts, call),
        model=lambda call, name: offered_model(parts, call, name),
        timeouts=timeouts_of(config),
        max_answer=config.upstream.max_answer_bytes,
        keep_alive_s=config.upstream.keep_alive_s,
        watch=CuttingWatch(parts.store, parts.clock) if config.server.cut_revoked_calls else None,
    )


async def offered_models(parts: Parts, call: Call) -> list[ModelEntry]:
    """List the models this caller's scopes reach, services among them that are called as such and theirs to know of."""
    principal = call.principal
    if principal is None:
        return []
    offered = [entry for entry in parts.routes.entries() if f"model:{entry.id}" in principal.scopes]
    return [*offered, *await _services(parts, principal)]


async def offered_model(parts: Parts, call: Call, name: str) -> ModelEntry | None:
    """Find one model this caller's scopes reach, listed or not; None if there is none."""
    principal = call.principal
    if principal is None or f"model:{name}" not in principal.scopes:
        return None
    services = await _services(parts, principal, name) if name.startswith(MODEL) else ()
    return next(iter(services), None) or parts.routes.entry(name)


async def _services(parts: Parts, principal: Principal, name: str = "") -> Sequence[ModelEntry]:
    """List the services that a caller may call as models and know of, or the one of a name."""
    found = () if parts.services is None else parts.services.models()
    return [
        entry
        for entry, service, design in found
        if name in ("", entry.id)
        and f"model:{entry.id}" in principal.scopes
        and await knows_of(parts.store, principal, service, design)
    ]
