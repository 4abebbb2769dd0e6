"""Signing in: by password, by OpenID providers, by the operator's link; and what one's sessions are.

This module only has the hooks; everything else loads when the gateway builds the app.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tollbridge import hookimpl

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from tollbridge import Gateway, RegisterApp

PATH = "/sign-in"
"""Where it is under the prefix.  `?next=` names the page to go to afterwards, below the prefix too."""


@hookimpl
def register_apps(register: "RegisterApp") -> None:
    """Offer the pages."""
    register(PATH, _make, own_guard="it is where people show who they are")


@hookimpl
def register_commands(register: Callable[[str, Any], None]) -> None:
    """Offer `tollbridge admin-link`."""
    from tollbridge_signin.commands import admin_link

    register("admin-link", admin_link)


@hookimpl
def check(gateway: "Gateway") -> None:
    """Refuse an OpenID provider that nobody could sign in with, and words that no page could say.

    Raises `ConfigError`.
    """
    from tollbridge_signin.pages import check_languages
    from tollbridge_signin.ways import check_providers

    check_providers(gateway)
    check_languages(gateway)


@hookimpl
def startup(gateway: "Gateway") -> None:
    """Have `tollbridge serve` print where the dashboard is; on a terminal a link that signs in once."""
    from tollbridge_signin.door import Door, link

    server = gateway.config.server
    if server.prefix:
        door = Door(gateway.admin_key, gateway.config.data, gateway.clock)
        public = server.public_url
        gateway.announce(
            lambda base: ("dashboard", link(f"{public or base}{server.prefix}", door.make_code())),
            kept=lambda base: (
                "dashboard",
                f"{public or base}{server.prefix}/  (tollbridge admin-link prints a link that signs in)",
            ),
        )


def _make(gateway: "Gateway") -> "ASGIApp":
    from tollbridge_signin.app import make_app

    return make_app(gateway)
