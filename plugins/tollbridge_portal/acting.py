"""As whom somebody tries a service: themselves, in one of their teams, or with a token of theirs."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request

from tollbridge import NotFound, Principal
from tollbridge.browsing import gettext as _
from tollbridge.screens import Cell, Pages, Refused, cells, viewer

MYSELF = "self:"
_MOST = 100
_CALLS = ("ai:", "service:", "model:")
_STANDINGS = {"approved": "ok", "asked": "info", "refused": "bad", "ended": "off", "expired": "off", "cancelled": "off"}


async def ways(pages: Pages, request: Request) -> Sequence[tuple[str, str]]:
    """Give the ways somebody may call by, each with what it is called: what a form sends, and what is read."""
    found = []
    for team, principal in viewer(request).callers():
        if any(scope.startswith(_CALLS) for scope in principal.scopes.scopes):
            named = _("Yourself, in the team %(team)s") % {"team": team} if team else _("Yourself")
            found.append((MYSELF + team, named))
    try:
        own = await pages.asking(request).get("/me/tokens", state="active", limit=_MOST)
    except Refused:
        return found
    return [*((one["id"], f"{one['name']} ({one['hint']})") for one in own["items"]), *found]


async def principal_of(pages: Pages, request: Request, way: str) -> Principal:
    """Give whom a way stands for; raises `NotFound` for one that is not theirs, or does not open any more."""
    if way.startswith(MYSELF):
        found = dict(viewer(request).callers()).get(way.removeprefix(MYSELF))
    else:
        await pages.asking(request).get(f"/me/tokens/{way}")
        found = await pages.gateway.store.find_holder(way)
    if found is None:
        raise NotFound("this is no token of yours that opens now")
    return found


def standing_of(card: Mapping[str, Any]) -> Cell:
    """Say how somebody stands to a service: whether their application may call it, or what a call needs."""
    standing = card["subscription"]
    if standing:
        words = {
            "approved": _("You have access"),
            "asked": _("Asked for"),
            "refused": _("Refused"),
            "ended": _("Ended"),
            "expired": _("Expired"),
            "cancelled": _("Cancelled"),
        }
        return cells.pill(words.get(standing, standing), _STANDINGS.get(standing, "off"))
    if card["access"] == "subscription":
        return cells.pill(_("Subscribe to call"), "info")
    return cells.pill(_("Open to your scopes"), "off")
