"""Hosts that speak a dialect of someone else's: no code of their own, a few lines of `services.toml` each.

The biggest name their models too, in `models.toml`.
"""

from collections.abc import Callable
from functools import cache

from tollbridge import Provider, hookimpl


@hookimpl
def register_providers(register: Callable[[Provider], None]) -> None:
    for provider in _providers():
        register(provider)


@cache
def _providers() -> tuple[Provider, ...]:
    """Make them, once: none holds anything of a gateway's own."""
    from tollbridge_compatible.catalogue import load_services
    from tollbridge_compatible.models import models_of

    return tuple(service.provider(models_of(service.id)) for service in load_services())
