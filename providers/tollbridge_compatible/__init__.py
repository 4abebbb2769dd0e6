"""Hosts that speak a dialect of someone else's: no code of their own, a few lines of `services.toml` each.

The biggest name their models too, in `models.toml`.
"""

from collections.abc import Callable

from tollbridge import Provider, hookimpl


@hookimpl
def register_providers(register: Callable[[Provider], None]) -> None:
    from tollbridge_compatible.catalogue import load_services
    from tollbridge_compatible.models import models_of

    for service in load_services():
        register(service.provider(models_of(service.id)))
