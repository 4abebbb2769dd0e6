"""Names that are the gateway's own: calls are counted, and opened, by the name of what they call."""

from typing import TYPE_CHECKING

from tollbridge.errors import ConfigError
from tollbridge.servicesettings import MODELS

if TYPE_CHECKING:
    from tollbridge.gateway import Gateway


def closed_names(gateway: "Gateway") -> frozenset[str]:
    """Give the slugs under which no service is served or summed up: its calls would be taken for others."""
    return frozenset((MODELS,) if gateway.app is None else (MODELS, gateway.config.service.name))


async def check_app_name(gateway: "Gateway") -> None:
    """Refuse to wrap an app under the slug of a service: whoever may call that could call the app.

    So it is with one that is retired, or that never served. Raises `ConfigError`.
    """
    name = gateway.config.service.name
    if gateway.app is not None and await (await gateway.store.services()).get_service(name) is not None:
        raise ConfigError(
            f"service.name: there is or was a service {name!r}, and who may call that could call the app which is "
            "wrapped; give the app another name"
        )
