"""Hosts that speak a dialect of someone else's: no code of their own, a few lines of `services.toml` each."""

from collections.abc import Callable

from tollbridge import Provider, hookimpl


@hookimpl
def register_providers(register: Callable[[Provider], None]) -> None:
    from tollbridge_compatible.catalogue import load_services

    for service in load_services():
        register(service.provider())
