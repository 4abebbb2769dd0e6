"""The pages for people: serves what plugins register as screens, such as the dashboard's and the portal's.

This module only has the hook; everything else loads when the gateway builds the app.
"""

from typing import TYPE_CHECKING

from tollbridge import hookimpl

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from tollbridge import Gateway, RegisterApp


@hookimpl
def register_apps(register: "RegisterApp") -> None:
    """Offer the pages at the prefix itself."""
    register("/", _make, own_guard="sessions of people: whoever has none is led to sign in")


def _make(gateway: "Gateway") -> "ASGIApp":
    from tollbridge.screens import make_app

    return make_app(gateway)
