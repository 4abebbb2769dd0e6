"""What all screens of a gateway share: the menu, the search, and what plugins add to tables."""

from collections.abc import Mapping, Sequence
from pkgutil import resolve_name
from typing import TYPE_CHECKING

import structlog
from starlette.requests import Request

from tollbridge.errors import GatewayError
from tollbridge.faults import told
from tollbridge.pagemodel import GROUPS, Column, Hit, MenuEntry, Screen, Search
from tollbridge.screens.viewing import Viewer, viewer

if TYPE_CHECKING:
    from tollbridge.gateway import Gateway

_COUNTS = "tollbridge.counts"
log = structlog.get_logger("tollbridge")
MOST_HITS = 8
"""Of each screen."""
_DENIED = 403


class Shell:
    """Knows the screens of one gateway."""

    def __init__(self, gateway: "Gateway") -> None:
        self._gateway = gateway
        registry = gateway.registry
        self.screens: Sequence[Screen] = tuple(registry.screens.values())
        self._columns = registry.columns
        entries = [*(entry for screen in self.screens for entry in screen.menu), *registry.menu.values()]
        groups = [*GROUPS, *dict.fromkeys(entry.group for entry in entries if entry.group not in GROUPS)]
        self._entries = sorted(entries, key=lambda one: (groups.index(one.group), one.order, one.title))
        self.searches: list[Search] = []

    def menu(self, who: Viewer) -> Sequence[tuple[str, Sequence[MenuEntry]]]:
        """Give the groups of the menu with the entries that somebody sees; none is empty."""
        found: dict[str, list[MenuEntry]] = {}
        for entry in self._entries:
            if who.may(entry):
                found.setdefault(entry.group, []).append(entry)
        return list(found.items())

    def first_path(self, who: Viewer) -> str:
        """Give the path of the first page that is somebody's to see, empty where there is none."""
        return next((entries[0].path for _, entries in self.menu(who)), "")

    async def count(self, request: Request) -> None:
        """Count what waits at those entries of the menu that somebody sees, for the page that is made next."""
        who, counts = viewer(request), dict[str, int]()
        for entry in self._entries:
            if entry.count is not None and who.may(entry):
                count = resolve_name(entry.count) if isinstance(entry.count, str) else entry.count
                try:
                    counts[entry.path] = await count(self._gateway, who)
                except Exception as exc:  # one of a plugin; the page is there without it
                    log.error("menu_count_failed", path=entry.path, **told(exc))
        request.scope[_COUNTS] = counts

    def counted(self, request: Request) -> Mapping[str, int]:
        """Give what was counted, by the paths of the entries."""
        found: Mapping[str, int] = request.scope.get(_COUNTS, {})
        return found

    def columns(self, table: str) -> Sequence[Column]:
        """Give the columns that plugins add to a table."""
        return self._columns.get(table, ())

    async def search(self, request: Request, wanted: str) -> Sequence[Hit]:
        """Find what is called so, among what somebody may see: a search that is refused (403) finds nothing.

        Raises whatever else a search does.
        """
        found: list[Hit] = []
        for search in self.searches:
            try:
                found += (await search(request, wanted))[:MOST_HITS]
            except GatewayError as exc:
                if exc.status != _DENIED:
                    raise
        return found
