"""What the configuration asks of plugins, made and checked before anything is opened."""

from collections.abc import Sequence
from typing import Any

from tollbridge.config import Config
from tollbridge.errors import ConfigError
from tollbridge.identity import IdentitySource, check_source
from tollbridge.layers.policies import check_policies
from tollbridge.options import build, suggest
from tollbridge.readings import limits_of
from tollbridge.registry import Registry
from tollbridge.tokens.model import TokenLimits


def policies_of(config: Config, registry: Registry, given: Sequence[object]) -> list[tuple[str, Any]]:
    """Make the policies of `[policies]`, then take those given in code; raises `SetupError`."""
    found: list[tuple[str, Any]] = []
    for name, options in config.policies.items():
        offered = registry.policies.get(name)
        if offered is None:
            raise ConfigError(f"policies.{name}: no installed plugin offers it{suggest(name, registry.policies)}")
        found.append((name, build(offered, options, f"policies.{name}")))
    found += [(type(policy).__name__.lower(), policy) for policy in given]
    check_policies(found)
    return found


def sources_of(config: Config, registry: Registry) -> tuple[tuple[str, IdentitySource], ...]:
    """Make the identity sources of `[identity]`, in the order plugins registered them; raises `SetupError`."""
    offers = registry.identity_sources
    for name in config.identity:
        if name not in offers:
            raise ConfigError(f"identity.{name}: no installed plugin offers it{suggest(name, offers)}")
    found = tuple(
        (name, build(offered, config.identity[name], f"identity.{name}"))
        for name, offered in offers.items()
        if name in config.identity
    )
    for name, source in found:
        check_source(name, source)
    return found


def check_limits(config: Config) -> None:
    """Refuse limits that several workers would each keep for themselves, unless that was accepted."""
    limits, workers = config.limits, config.server.workers
    if workers > 1 and not limits.url and not limits.per_process and limits_of(config) != TokenLimits(0, 0, 0):
        raise ConfigError(
            f"{workers} workers would each keep [limits] of their own; set limits.per_process = true to accept "
            "that, or server.workers = 1"
        )
