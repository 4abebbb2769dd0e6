"""`tollbridge migrate`: what another gateway was told, as configuration and documents of this one."""

from collections.abc import Callable
from typing import Any

from tollbridge import hookimpl


@hookimpl
def register_commands(register: Callable[[str, Any], None]) -> None:
    """Offer the command."""
    from tollbridge_migrate.commands import app

    register("migrate", app)
