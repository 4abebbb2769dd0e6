"""As whom somebody tries a service: themselves, in one of their teams, with a token, or as an application of theirs."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import structs
from starlette.requests import Request

from tollbridge import NotFound, Principal
from tollbridge.browsing import gettext as _
from tollbridge.screens import Cell, Pages, Refused, cells, viewer

MYSELF, APPLICATION = "self:", "application:"
_ADMINISTERS = "admin:applications:write"
_MOST = 200
_CALLS = ("ai:", "service:", "model:")
_STANDINGS = {"approved": "ok", "asked": "info", "refused": "bad", "ended": "off", "expired": "off", "cancelled": "off"}


async def ways(
    pages: Pages, request: Request, service: Mapping[str, Any], applications: Sequence[Mapping[str, Any]]
) -> Sequence[tuple[str, str]]:
    """Give the ways somebody may call a service by, each with what it is called: what a form sends, and what is read.

    Where it has to be subscribed to, those come first that may have done so.
    """
    found = []
    for team, principal in viewer(request).callers():
        if any(scope.startswith(_CALLS) for scope in principal.scopes.scopes):
            named = _("Yourself, in the team %(team)s") % {"team": team} if team else _("Yourself")
            found.append((MYSELF + team, named))
    tokens = [(one["id"], f"{one['name']} ({one['hint']})") for one in await listed(pages, request, "/me/tokens") or ()]
    theirs = [
        (APPLICATION + one["id"], _("The application %(name)s") % {"name": one["name"]})
        for one in applications
        if viewer(request).reaches(_ADMINISTERS, one["team"])
    ]
    if service["access"] == "subscription":
        return [*theirs, *tokens, *found]
    return [*tokens, *found, *theirs]


async def principal_of(pages: Pages, request: Request, way: str) -> Principal:
    """Give whom a way stands for; raises `NotFound` for one that is not theirs, or does not open any more."""
    if way.startswith(MYSELF):
        found = dict(viewer(request).callers()).get(way.removeprefix(MYSELF))
    elif way.startswith(APPLICATION):
        found = await _application(pages, request, way.removeprefix(APPLICATION))
    else:
        await pages.asking(request).get(f"/me/tokens/{way}")
        found = await pages.gateway.store.find_holder(way)
    if found is None:
        raise NotFound("this is no token of yours that opens now")
    return found


async def listed(pages: Pages, request: Request, path: str) -> Sequence[Mapping[str, Any]] | None:
    """Give what is active of a list; None to whoever may not see it."""
    try:
        found = await pages.asking(request).get(path, state="active", limit=_MOST)
    except Refused:
        return None
    items: Sequence[Mapping[str, Any]] = found["items"]
    return items


async def _application(pages: Pages, request: Request, id: str) -> Principal | None:
    """Give what an application may do to whoever could make a token of it; None for anybody else."""
    try:
        one = await pages.asking(request).get(f"/applications/{id}")
    except Refused:
        return None
    if not viewer(request).reaches(_ADMINISTERS, one["team"]):
        return None
    holder = await pages.gateway.store.find_holder(one["id"])
    return None if holder is None else structs.replace(holder, team=one["team"])


def standing_of(card: Mapping[str, Any], standing: str = "") -> Cell:
    """Say how somebody stands to a service: whether their application may call it, or what a call needs.

    `standing` is that of the applications they administer, empty where none asked.
    """
    if card["subscription"] or standing:
        return pill_of(card["subscription"] or standing)
    if card["access"] == "subscription":
        return cells.pill(_("Subscribe to call"), "info")
    return cells.pill(_("Open to your scopes"), "off")


def pill_of(standing: str) -> Cell:
    """Say how an application stands to a service."""
    words = {
        "approved": _("You have access"),
        "asked": _("Asked for"),
        "refused": _("Refused"),
        "ended": _("Ended"),
        "expired": _("Expired"),
        "cancelled": _("Cancelled"),
    }
    return cells.pill(words.get(standing, standing), _STANDINGS.get(standing, "off"))
