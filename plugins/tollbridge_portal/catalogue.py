"""The catalogue: services as cards, and models as a table."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from tollbridge import Page
from tollbridge.browsing import gettext as _
from tollbridge.pagemodel import Hit, Search
from tollbridge.screens import Pages
from tollbridge_portal.access import standings_of
from tollbridge_portal.acting import listed, standing_of
from tollbridge_portal.models import models_for

PORTAL = "/portal"
FILTERS = ("q", "kind", "tag", "category", "team")
PAGE = 24
_LONGEST = 200
_MOST_TAGS = 12


def make(pages: Pages) -> Sequence[Page]:
    """Give the pages."""
    catalogue = Catalogue(pages)
    return (Page("GET", PORTAL, catalogue.show), Page("GET", f"{PORTAL}/models", catalogue.models))


def search(pages: Pages) -> Search:
    """Look for services."""

    async def find(request: Request, wanted: str) -> Sequence[Hit]:
        found = await pages.asking(request).get("/catalogue/services", q=wanted, limit=5)
        return [Hit(one["name"], f"{PORTAL}/services/{one['slug']}", _("Service")) for one in found["items"]]

    return find


class Catalogue:
    """The first pages of the portal."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    async def show(self, request: Request) -> Response:
        """Show the services that somebody sees, as cards; the address holds search and filters."""
        asked, asking = _asked(request), self._pages.asking(request)
        after = request.query_params.get("after", "")[:_LONGEST]
        found = await asking.get("/catalogue/services", limit=PAGE, after=after, **asked)
        shelves = await asking.get("/catalogue")
        subscribed = any(one["access"] == "subscription" for one in found["items"])
        standings = await standings_of(
            asking, await listed(self._pages, request, "/applications") if subscribed else ()
        )

        def query(**other: str) -> str:
            return urlencode({name: value for name, value in {**asked, **other}.items() if value})

        return self._pages.render(
            request,
            "catalogue.html",
            nav=PORTAL,
            cards=found["items"],
            filters={name: asked.get(name, "") for name in FILTERS},
            kinds=_counted(shelves["kinds"]),
            tags=_counted(shelves["tags"])[:_MOST_TAGS],
            categories=_places(shelves["categories"]),
            query=query,
            older=query(after=found["next"]) if found.get("next") else "",
            newest=query() if after else None,
            standing=lambda card: standing_of(card, standings.get(card["id"], "")),
        )

    async def models(self, request: Request) -> Response:
        """Show the models that somebody may call, with their prices."""
        wanted = request.query_params.get("q", "").strip()[:_LONGEST]
        table = await models_for(self._pages, request, wanted)
        return self._pages.render(request, "models.html", nav=PORTAL, table=table, wanted=wanted)


def _asked(request: Request) -> dict[str, str]:
    said = request.query_params
    return {name: said[name].strip()[:_LONGEST] for name in FILTERS if said.get(name, "").strip()}


def _counted(shelves: Mapping[str, int]) -> list[tuple[str, int]]:
    """Give names with how many services each has, the most first."""
    return sorted(shelves.items(), key=lambda each: (-each[1], each[0]))


def _places(categories: Sequence[Mapping[str, Any]]) -> list[tuple[str, int]]:
    """Give the paths of all categories, each before those in it."""
    found: list[tuple[str, int]] = []
    for one in categories:
        found += [(one["path"], one["services"]), *_places(one["categories"])]
    return found
