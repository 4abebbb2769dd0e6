"""A gateway's keys of providers: made when its store is open, and shown from when it serves."""

from typing import TYPE_CHECKING

import structlog

from tollbridge.hosts import Host, Hosts
from tollbridge.providerkeys.checking import Checked, check_host
from tollbridge.providerkeys.live import LiveKeys
from tollbridge.providerkeys.naming import KeyedProviders
from tollbridge.providerkeys.service import ProviderKeys
from tollbridge.providerkeys.tending import rotated_of

if TYPE_CHECKING:
    from tollbridge.gateway import Gateway

log = structlog.get_logger("tollbridge")


def hosts_of(gateway: "Gateway") -> Hosts:
    """Give what finds out how providers are reached; reads no key."""
    registry = gateway.registry
    return Hosts(
        registry.dialects,
        registry.auth_schemes,
        env=gateway.env,
        read_key=gateway.read_key,
        timeout_s=gateway.config.plugins.timeout_s,
    )


def providers_of(gateway: "Gateway") -> KeyedProviders:
    """Give the providers whose keys can be in the database; reads none."""
    return KeyedProviders(hosts_of(gateway), gateway.registry.providers, gateway.config.providers)


def keys_of(gateway: "Gateway") -> ProviderKeys:
    """Make what administers the keys.  Nothing is asked, and no key of the configuration is read."""
    dialects = gateway.registry.dialects

    async def ask(host: Host, bare: Host) -> Checked:
        return await check_host(host, bare, dialects.values(), gateway.transport)

    return ProviderKeys(
        gateway.store,
        gateway.box,
        gateway.clock,
        providers=providers_of(gateway),
        act=gateway.tokens.act,
        ask=ask,
    )


async def show_keys(gateway: "Gateway") -> None:
    """Show providers the keys that the database has, now and whenever they change; say whose is missing.

    Raises `ConfigError` for a rotator that nothing offers.
    """
    rotated_of(gateway)
    keys, routes = gateway.secrets, gateway.routes
    live = LiveKeys(
        routes, gateway.box, gateway.clock, reads=keys.providers.reads, counted=gateway.metrics.provider_key_refused
    )
    await keys.serve(live)
    for provider in routes.waiting():
        log.warning("provider_key_missing", provider=provider, name=keys.providers.reads(provider))
