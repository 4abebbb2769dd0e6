"""The pages about services, and the search for them."""

from collections.abc import Sequence

from starlette.requests import Request

from tollbridge import Need, Page
from tollbridge.pagemodel import Hit, Search
from tollbridge.screens import Pages, viewer
from tollbridge_dashboard.services.access import Access
from tollbridge_dashboard.services.acting import OfRelease, OfService
from tollbridge_dashboard.services.common import ALL, DECIDES, ONE, READ, WRITE, kind_word, path_of, prepare
from tollbridge_dashboard.services.diff import Diff
from tollbridge_dashboard.services.endpoints import Endpoints
from tollbridge_dashboard.services.lifecycle import Lifecycle
from tollbridge_dashboard.services.list import List
from tollbridge_dashboard.services.making import Making
from tollbridge_dashboard.services.moves import RELEASE_MOVES, SERVICE_MOVES
from tollbridge_dashboard.services.overview import Overview
from tollbridge_dashboard.services.policies import Policies
from tollbridge_dashboard.services.settings import Settings
from tollbridge_dashboard.services.versions import Versions

_SEES, _WRITES, _DECIDES = Need(READ), Need(WRITE), Need(DECIDES)


def make(pages: Pages) -> Sequence[Page]:
    """Give the pages."""
    prepare(pages)
    making = Making(pages)
    return (
        Page("GET", ALL, List(pages).page, _SEES),
        Page("GET", f"{ALL}/new", making.choose, _WRITES),
        Page("GET", f"{ALL}/new/{{way}}", making.new, _WRITES),
        Page("POST", f"{ALL}/new/{{way}}", making.create, _WRITES),
        *_tabs(pages),
        *_forms(pages),
        *_moves(pages),
    )


def _tabs(pages: Pages) -> Sequence[Page]:
    endpoints, versions = Endpoints(pages), Versions(pages)
    return (
        Page("GET", ONE, Overview(pages).show, _SEES),
        Page("GET", f"{ONE}/endpoints", endpoints.show, _SEES),
        Page("GET", f"{ONE}/docs", endpoints.docs, _SEES),
        Page("GET", f"{ONE}/openapi.json", endpoints.openapi, _SEES),
        Page("GET", f"{ONE}/policies", Policies(pages).show, _SEES),
        Page("GET", f"{ONE}/access", Access(pages).show, _SEES),
        Page("GET", f"{ONE}/versions", versions.show, _SEES),
        Page("GET", f"{ONE}/diff", Diff(pages).show, _SEES),
        Page("GET", f"{ONE}/lifecycle", Lifecycle(pages).show, _SEES),
        Page("GET", f"{ONE}/settings", Settings(pages).show, _SEES),
        Page("GET", f"{ONE}/releases/{{number}}", versions.show_one, _SEES),
        Page("POST", f"{ONE}/releases/{{number}}/prove", versions.prove, _WRITES),
    )


def _forms(pages: Pages) -> Sequence[Page]:
    endpoints, policies, settings, access = Endpoints(pages), Policies(pages), Settings(pages), Access(pages)
    decision = f"{ONE}/subscriptions/{{id}}/{{act}}"
    return (
        Page("GET", f"{ONE}/definition", endpoints.edit, _WRITES),
        Page("POST", f"{ONE}/definition", endpoints.change, _WRITES),
        Page("POST", f"{ONE}/policies", policies.add, _WRITES),
        Page("GET", f"{ONE}/policies/{{policy}}", policies.edit, _WRITES),
        Page("POST", f"{ONE}/policies/{{policy}}", policies.change, _WRITES),
        Page("POST", f"{ONE}/policies/{{policy}}/remove", policies.remove, _WRITES),
        Page("POST", f"{ONE}/policies/{{policy}}/up", policies.raise_one, _WRITES),
        Page("POST", f"{ONE}/settings/team", settings.give, _WRITES),
        Page("GET", f"{ONE}/settings/{{part}}", settings.edit, _WRITES),
        Page("POST", f"{ONE}/settings/{{part}}", settings.change, _WRITES),
        Page("GET", decision, access.ask, _DECIDES),
        Page("POST", decision, access.decide, _DECIDES),
    )


def _moves(pages: Pages) -> Sequence[Page]:
    """Give the pages that do something to a release or the service, each with what that needs."""
    found = [Page("POST", f"{ONE}/lifecycle", Lifecycle(pages).cut, _WRITES)]
    for path, acts, moves in (
        (f"{ONE}/releases/{{number}}", OfRelease, RELEASE_MOVES),
        (ONE, OfService, SERVICE_MOVES),
    ):
        for move in moves.values():
            act, need = acts(pages, move), Need(move.scope, proved=move.sure)
            found.append(Page("GET", f"{path}/{move.name}", act.ask, need))
            found.append(Page("POST", f"{path}/{move.name}", act.do, need))
    return found


def search(pages: Pages) -> Search:
    """Look for services."""

    async def find(request: Request, wanted: str) -> Sequence[Hit]:
        if not viewer(request).teams(READ):
            return ()
        found = await pages.asking(request).get("/services", q=wanted, limit=5)
        return [Hit(one["name"] or one["slug"], path_of(one), kind_word(one["kind"])) for one in found["items"]]

    return find
