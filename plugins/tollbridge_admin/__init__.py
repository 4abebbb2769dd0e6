"""The admin API at `api/v1` under the prefix: tokens and the audit log, guarded by scopes of the same tokens.

This module only has the hook; everything else loads when the gateway builds the app.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tollbridge import hookimpl

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from tollbridge import Gateway

PATH = "/api/v1"
"""Where it is under the prefix."""


@hookimpl
def register_apps(register: "Callable[[str, Callable[[Gateway], ASGIApp]], None]") -> None:
    """Offer the API."""
    register(PATH, _make)


def _make(gateway: "Gateway") -> "ASGIApp":
    from tollbridge_admin.app import make_app

    return make_app(gateway)
