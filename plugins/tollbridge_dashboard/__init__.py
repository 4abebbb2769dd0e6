"""The dashboard: what crosses the bridge, what it costs, and who may cross.

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
    from tollbridge_dashboard.app import make_app

    return make_app(gateway)
