"""The pages that the screens of a gateway offer."""

from collections.abc import Iterator
from pkgutil import resolve_name

from tollbridge import Gateway
from tollbridge.browsing import Languages
from tollbridge.pagemodel import Page
from tollbridge.screens.pages import SHARED, Pages, framed
from tollbridge.screens.shell import Shell


def offered(gateway: Gateway) -> Iterator[Page]:
    """Give all pages of all screens."""
    shell = Shell(gateway)
    languages = Languages(SHARED, *(screen.package for screen in shell.screens), config=gateway.config)
    for screen in shell.screens:
        make = resolve_name(screen.make) if isinstance(screen.make, str) else screen.make
        yield from make(Pages(gateway, shell, framed(gateway, screen.package, languages)))
