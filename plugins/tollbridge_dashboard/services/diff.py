"""What differs between two releases, or a release and the draft, and whom that concerns."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tollbridge.browsing import gettext as _
from tollbridge.screens import Pages, Refused
from tollbridge.screens.forms import sentence
from tollbridge_dashboard.services.access import application_names
from tollbridge_dashboard.services.common import see

_MOST = 100
_MOST_TOLD = 100
_MOST_CHANGES = 200
_MOST_LINES = 400
_LONGEST = 2_000


def lines_of(change: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    """Give a change as lines, each with whether it was added or removed; one of a text shows its lines alone."""
    if not change["before"] and change["after"].startswith("--- "):
        lines = [line for line in change["after"].splitlines() if not line.startswith(("--- ", "+++ ", "@@"))]
        tones = {"+": "added", "-": "removed"}
        return [(tones.get(line[:1], ""), line[1:][:_LONGEST]) for line in lines[:_MOST_LINES]]
    sides = (("removed", change["before"]), ("added", change["after"]))
    return [(tone, text[:_LONGEST]) for tone, text in sides if text]


class Diff:
    """The page."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    async def show(self, request: Request) -> Response:
        """Compare what the address names: `from` and `to`, each live, draft or a number."""
        seen = await see(self._pages, request, "/versions")
        asking, service = self._pages.asking(request), seen["service"]
        listed = (await asking.get(f"/services/{service['slug']}/releases", limit=_MOST))["items"]
        sides = [("draft", _("Draft"))]
        sides += [("live", _("What serves"))] if service["live"] else []
        sides += [(str(one["number"]), one["version"]) for one in listed]
        newest = sides[-len(listed)][0] if listed else "draft"
        before = request.query_params.get("from") or ("live" if service["live"] else newest)
        after = request.query_params.get("to") or "draft"
        found, refused = None, ""
        try:
            found = await asking.get(f"/services/{service['slug']}/diff", **{"from": before, "to": after})
        except Refused as exc:
            refused = sentence(exc.message)
        told = []
        if found is not None and found["changes"] and seen["may"].sees_subscribers:
            query = {"service": service["id"], "state": "approved", "limit": _MOST_TOLD}
            told = (await asking.get("/subscriptions", **query))["items"]
        names = await application_names(asking, told)
        return self._pages.render(
            request,
            "service_diff.html",
            status=400 if refused else 200,
            **seen,
            sides=sides,
            before=before,
            after=after,
            found=found,
            refused=refused,
            changes=[(one, lines_of(one)) for one in (found or {"changes": ()})["changes"][:_MOST_CHANGES]],
            told=[(one, names.get(one["application"], one["application"])) for one in told],
            most=_MOST_TOLD,
        )
