"""The dashboard: what crosses the bridge, what it costs, and who may cross.

This module only says which screens there are; the rest loads when the gateway builds its pages.
"""

from collections.abc import Callable

from tollbridge import Screen, hookimpl
from tollbridge_dashboard.menu import SCREENS


@hookimpl
def register_screens(register: Callable[[Screen], None]) -> None:
    """Offer the screens."""
    for screen in SCREENS:
        register(screen)
