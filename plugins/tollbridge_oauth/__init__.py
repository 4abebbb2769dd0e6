"""The OAuth 2.0 authorization server: tokens for programs, and for what people let programs do.

This module only has the hooks; everything else loads when a gateway that has `[oauth] enabled` builds the app.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tollbridge import hookimpl

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from tollbridge import Gateway, RegisterApp

_PATH = "/oauth"


@hookimpl
def register_apps(register: "RegisterApp") -> None:
    """Offer the endpoints, and the pages that people agree at."""
    register(_PATH, _make, own_guard="clients show who they are at each endpoint, people have sessions")


@hookimpl
def check(gateway: "Gateway") -> None:
    """Refuse endpoints that could not be reached safely; raises `ConfigError`."""
    from tollbridge_oauth.addresses import Addresses

    if gateway.config.oauth.enabled:
        Addresses.of(gateway.config)


@hookimpl
def register_well_known(register: "Callable[[str, Callable[[Gateway], ASGIApp | None]], None]") -> None:
    """Offer what the server says of itself, and of the gateway."""
    register("oauth-authorization-server", _server)
    register("oauth-protected-resource", _resource)


def _make(gateway: "Gateway") -> "ASGIApp":
    from tollbridge_oauth.app import make_app, nothing

    return make_app(gateway) if gateway.config.oauth.enabled else nothing


def _server(gateway: "Gateway") -> "ASGIApp | None":
    from tollbridge_oauth.app import server_document

    return server_document(gateway) if gateway.config.oauth.enabled else None


def _resource(gateway: "Gateway") -> "ASGIApp | None":
    from tollbridge_oauth.app import resource_document

    return resource_document(gateway) if gateway.config.oauth.enabled else None
