"""Which teams somebody may make something for."""

from collections.abc import Sequence

from starlette.requests import Request

from tollbridge.browsing import gettext as _
from tollbridge.screens import BRIDGE, Asking, Pages, viewer

_MOST_TEAMS = 200


async def teams_offered(pages: Pages, request: Request, scope: str) -> Sequence[str]:
    """Give the teams in which somebody has a scope: for whoever has it in the whole bridge, that and all of them."""
    own = viewer(request).teams(scope)
    if BRIDGE not in own:
        return own
    reply = await pages.asking(request, team=BRIDGE).send("GET", "/teams", query={"limit": _MOST_TEAMS})
    found = reply.value["items"] if reply.status == 200 else ()
    return (BRIDGE, *(one["name"] for one in found if one["state"] == "active"))


def asking_for(pages: Pages, request: Request, scope: str, team: str) -> Asking:
    """Give what asks with the rights by which somebody has a scope for what is of a team."""
    return pages.asking(request, team=BRIDGE if BRIDGE in viewer(request).teams(scope) else team)


def choices(teams: Sequence[str]) -> list[tuple[str, str]]:
    """Give teams to choose from."""
    return [(team, team or _("Whole bridge")) for team in teams]
