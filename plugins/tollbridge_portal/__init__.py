"""The developer portal: what there is to be called, how, for how much, and a place to try it.

This module only says which screens there are; the rest loads when the gateway builds its pages.
"""

from collections.abc import Callable

from tollbridge import Screen, hookimpl
from tollbridge_portal.menu import SCREENS


@hookimpl
def register_screens(register: Callable[[Screen], None]) -> None:
    """Offer the screens."""
    for screen in SCREENS:
        register(screen)
