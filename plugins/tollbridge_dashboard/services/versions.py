"""The releases of a service: all of them, and one with what its trials gave."""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tollbridge.browsing import gettext as _
from tollbridge.browsing import gettext_noop as N_
from tollbridge.screens import Pages, Refused
from tollbridge.screens.forms import sentence
from tollbridge_dashboard.services.common import ALL, release_state, see
from tollbridge_dashboard.services.moves import moves_of

_PAGE = 25
_SAID = {
    "passed": N_("It passed its trial."),
    "failed": N_("It was tried, and did not pass. What came of each case stands below."),
}


class Versions:
    """The tab, and the page of one release."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    async def show(self, request: Request) -> Response:
        """List them, the newest first."""
        seen = await see(self._pages, request, "/versions")
        after = request.query_params.get("after", "")[:200]
        path = f"/services/{seen['service']['slug']}/releases"
        found = await self._pages.asking(request).get(path, limit=_PAGE, after=after)
        return self._pages.render(
            request,
            "service_versions.html",
            **seen,
            releases=[(one, release_state(one)) for one in found["items"]],
            following=found["next"],
            first_page=not after,
        )

    async def show_one(self, request: Request, *, refused: str = "") -> Response:
        """Show one: its way, what its trials gave, and what it is made of."""
        seen = await see(self._pages, request, "/versions")
        asking, number = self._pages.asking(request), request.path_params["number"]
        path = f"/services/{seen['service']['slug']}/releases/{number}"
        release = await asking.get(path)
        found = (await asking.get(f"{path}/evaluations"))["items"]
        names = await _names(self._pages, request, release, *found)
        return self._pages.render(
            request,
            "service_release.html",
            status=400 if refused else 200,
            **seen,
            release=release,
            release_state=release_state(release),
            moves=moves_of(release, seen["may"]),
            evaluations=found,
            names=names,
            document=json.dumps(release["design"], indent=2, ensure_ascii=False),
            refused=refused,
            said=self._pages.told(request, _SAID),
        )

    async def prove(self, request: Request) -> Response:
        """Try it as its kind does, on the account of whoever looks."""
        slug, number = request.path_params["service"], request.path_params["number"]
        try:
            done = await self._pages.asking(request).post(f"/services/{slug}/releases/{number}/prove")
        except Refused as exc:
            return await self.show_one(request, refused=sentence(exc.message))
        said = "passed" if done["evaluation"]["passed"] else "failed"
        return self._pages.back(request, f"{ALL}/{slug}/releases/{number}", said=said)


async def _names(pages: Pages, request: Request, release: dict[str, Any], *trials: dict[str, Any]) -> dict[str, str]:
    """Name the people and tokens by whom something was done, as far as whoever looks may know them."""
    by = (release["created_by"], release["asked_by"], release["decided_by"], *(one["by"] for one in trials))
    names, asking = dict[str, str](), pages.asking(request)
    for id in dict.fromkeys(one for one in by if one):
        if id == "operator":
            names[id] = _("Administrator")
            continue
        place = {"per": "people", "tok": "tokens"}.get(id.partition("_")[0])
        reply = await asking.send("GET", f"/{place}/{id}") if place else None
        names[id] = reply.value["name"] if reply is not None and reply.status == 200 else id
    return names
