"""What is done for keys of providers without anybody asking: a warning before an end, and automatic rotation."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import structlog

from tollbridge.audit import Actor
from tollbridge.errors import ConfigError
from tollbridge.options import build, suggest
from tollbridge.providerkeys.rotating import Errand, KeyRotations, KeyRotator, Rotated

if TYPE_CHECKING:
    from tollbridge.gateway import Gateway

log = structlog.get_logger("tollbridge")


async def tend_keys(gateway: "Gateway", by: Actor) -> None:
    """Warn of keys that end within `[tokens] warn_days`, each once, and change those that change by themselves."""
    await _warn(gateway, by)
    await KeyRotations(gateway.secrets, rotated_of(gateway), gateway.clock).run(by)


def rotated_of(gateway: "Gateway") -> Sequence[Rotated]:
    """Make what changes keys by itself, ready to ask; raises as `rotators_of`."""
    found = []
    for name, rotator in rotators_of(gateway):
        where, given = f"providers.{name}.rotator_options", gateway.config.providers[name]
        errand = Errand(gateway.transport, partial(gateway.read_key, where=where))
        found.append(Rotated(name, rotator, errand, given.rotate_days))
    return found


def rotators_of(gateway: "Gateway") -> Sequence[tuple[str, KeyRotator]]:
    """Make the rotators of the configuration, by provider; raises `ConfigError` for one that nothing offers."""
    offered = gateway.registry.key_rotators
    found: list[tuple[str, KeyRotator]] = []
    for name, given in gateway.config.providers.items():
        if not given.rotator:
            continue
        where = f"providers.{name}"
        if given.rotator not in offered:
            near = suggest(given.rotator, offered)
            raise ConfigError(f"{where}.rotator: no installed plugin offers {given.rotator!r}{near}")
        found.append((name, build(offered[given.rotator], given.rotator_options, f"{where}.rotator_options")))
    return found


async def _warn(gateway: "Gateway", by: Actor) -> None:
    now, soon = gateway.clock.now(), timedelta(days=gateway.config.tokens.warn_days)
    for key in await gateway.secrets.list():
        ends = [one for one in key.live(now)[:1] if one.expires_at is not None and one.expires_at - now <= soon]
        for newest in ends:
            act = await gateway.tokens.act(by)
            if await (await gateway.store.secrets()).warn(key.name, newest.version, act):
                log.warning("provider_key_ending", provider=key.provider, name=key.name, version=newest.version)
