"""What the chain of a gateway is made of, and the services that administer it."""

from typing import TYPE_CHECKING

from starlette.types import ASGIApp

from tollbridge.access import AccessLog
from tollbridge.asking import Asking
from tollbridge.canaries import CanaryAlarm
from tollbridge.clients.service import ClientService
from tollbridge.credentials.service import CredentialService
from tollbridge.grants.service import GrantService
from tollbridge.importing import foreign_hashes
from tollbridge.layers.layer import Layer
from tollbridge.ownkeys import AUDIT, OwnKey
from tollbridge.pepperseal import PepperSeal
from tollbridge.runtime import Parts, build_chain
from tollbridge.services.book import Books
from tollbridge.services.entrance import Entrance
from tollbridge.services.opened import Opened
from tollbridge.services.service import Services
from tollbridge.services.subscriptions import Subscriptions
from tollbridge.sessions.service import Sessions
from tollbridge.signingkeys import SigningKeys
from tollbridge.tokens.peppers import Peppers
from tollbridge.tokens.service import TokenService

if TYPE_CHECKING:
    from tollbridge.gateway import Gateway


def parts_of(gateway: "Gateway") -> Parts:
    """Give the parts of a gateway whose store is open; raises `SetupError` for what calls need and is not there."""
    seal = PepperSeal(gateway.rings.peppers)
    access = (AccessLog(gateway.clock),) if gateway.config.logging.access else ()
    return Parts(
        config=gateway.config,
        clock=gateway.clock,
        registry=gateway.registry,
        routes=gateway.routes,
        prices=gateway.prices,
        policies=gateway.policies,
        sources=gateway.sources,
        store=gateway.store,
        tokens=gateway.tokens,
        limiter=gateway.limiter,
        transport=gateway.transport,
        seal=seal,
        box=gateway.box,
        observers=(gateway.metrics.observe, *access, *gateway.registry.observers),
        entered=gateway.metrics.entered,
        left=gateway.metrics.left,
        policy_failed=gateway.metrics.policy_failed,
        alarm=CanaryAlarm(gateway.store, gateway.metrics.canary_used, gateway.tokens.act),
        throttle=gateway.throttle,
        vouching=gateway.vouching,
        services=_entrance(gateway, seal) if gateway.config.services.enabled else None,
    )


def _entrance(gateway: "Gateway", seal: PepperSeal) -> Entrance:
    opened = Opened(gateway.store.services, gateway.registry.service_kinds)
    return Entrance(gateway.books, seal, opened, strict=gateway.config.upstream.strict)


def chain_of(parts: Parts, app: ASGIApp | None) -> tuple[Layer, Asking]:
    """Give the chain that calls cross, and what asks models for those that crossed it."""
    chain = build_chain(parts, app)
    return chain, Asking(parts, chain)


def tokens_of(gateway: "Gateway") -> TokenService:
    """Give the tokens of a gateway; raises `SetupError` where a key of imported ones is not there."""
    return TokenService(
        gateway.store,
        gateway.store,
        Peppers(gateway.rings.peppers, gateway.clock),
        gateway.clock,
        audit_key=OwnKey(gateway.store, gateway.box, AUDIT),
        rotation_days=gateway.config.tokens.rotation_days,
        teams=gateway.store.people,
        foreign=foreign_hashes(gateway.config, gateway.vault),
    )


def services_of(gateway: "Gateway") -> tuple[Services, Subscriptions, Books]:
    """Give what services are made by, and subscribed, and the book of those that serve."""
    kinds, config = gateway.registry.service_kinds, gateway.config.services
    books = Books(gateway.store.services, gateway.store.edition, kinds, gateway)
    app = gateway.config.service.name
    policies = gateway.policing.problems
    services = Services(gateway.store, gateway.tokens, gateway.clock, config, kinds, policies=policies, app=app)
    return services, Subscriptions(gateway.store, gateway.tokens, gateway.clock, policies=policies), books


def credentials_of(gateway: "Gateway") -> CredentialService:
    """Give the keys that callers sign with."""
    hashes = Peppers(gateway.rings.peppers, gateway.clock)
    return CredentialService(gateway.store, gateway.tokens, hashes, box=gateway.box, clock=gateway.clock)


def sessions_of(gateway: "Gateway") -> Sessions:
    """Give the sessions of those who signed in."""
    return Sessions(gateway.store.sessions, gateway.tokens.act, gateway.clock, gateway.config.sessions)


def administering_of(gateway: "Gateway") -> tuple[CredentialService, ClientService, GrantService, Sessions]:
    """Give the services that administer who calls, beside tokens and people."""
    return credentials_of(gateway), clients_of(gateway), grants_of(gateway), sessions_of(gateway)


def clients_of(gateway: "Gateway") -> ClientService:
    """Give the OAuth clients of a gateway."""
    return ClientService(gateway.store, gateway.tokens, gateway.clock)


def grants_of(gateway: "Gateway") -> GrantService:
    """Give what people let them do."""
    hashes, grace_s = Peppers(gateway.rings.peppers, gateway.clock), gateway.config.oauth.refresh_grace_s
    return GrantService(gateway.store, gateway.tokens, hashes, box=gateway.box, clock=gateway.clock, grace_s=grace_s)


def signing_of(gateway: "Gateway") -> tuple[SigningKeys | None, SigningKeys | None]:
    """Give the keys that who calls is vouched for with, and those of access tokens; None for what is not signed."""
    config = gateway.config
    vouching = _signing(gateway, "assertion") if config.service.vouch else None
    return vouching, _signing(gateway, "access") if config.oauth.enabled else None


def _signing(gateway: "Gateway", used_for: str) -> SigningKeys:
    return SigningKeys(gateway.store, gateway.box, gateway.clock, used_for=used_for, algorithm="ES256")
