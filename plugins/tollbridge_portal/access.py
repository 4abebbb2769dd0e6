"""How somebody's applications stand to a service, and with which of them it can be asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tollbridge.screens import Asking, Cell, Refused, Viewer
from tollbridge_portal.acting import pill_of

_MOST = 200
_OPEN = ("asked", "approved")


@dataclass(frozen=True, slots=True)
class Access:
    """What a page says of access to a service that is subscribed to.

    `standing` has the name and the state of each application that asked or has it, `applications` those that may ask
    for it, `may` whether whoever looks has anything to do with applications, `best` the best of those states.
    """

    may: bool
    best: str = ""
    standing: Sequence[tuple[str, Cell]] = ()
    applications: Sequence[Mapping[str, Any]] = ()


async def standings_of(asking: Asking, applications: Sequence[Mapping[str, Any]] | None) -> Mapping[str, str]:
    """Give how somebody's applications stand to services, by their ids: with access if one of them has it, else asked.

    `applications` is None for whoever may see none. It is read of the newest subscriptions.
    """
    if not applications:
        return {}
    own, found = {one["id"] for one in applications}, dict[str, str]()
    for state in reversed(_OPEN):
        try:
            held = (await asking.get("/subscriptions", state=state, limit=_MOST))["items"]
        except Refused:
            return {}
        for one in held:
            if one["application"] in own:
                found.setdefault(one["service"], state)
    return found


async def access_of(
    asking: Asking, viewer: Viewer, service: Mapping[str, Any], applications: Sequence[Mapping[str, Any]] | None
) -> Access | None:
    """Look which of somebody's applications has access; None where nobody has to ask for it.

    `applications` is None for whoever may see none.
    """
    if service["access"] != "subscription":
        return None
    if applications is None:
        return Access(may=False)
    try:
        held = (await asking.get("/subscriptions", service=service["id"], limit=_MOST))["items"]
    except Refused:
        return Access(may=False)
    own = {one["id"] for one in applications}
    states = {one["application"]: one["state"] for one in held if one["state"] in _OPEN and one["application"] in own}
    return Access(
        may=bool(viewer.teams("admin:subscriptions:write")),
        best=next((state for state in reversed(_OPEN) if state in states.values()), ""),
        standing=[(one["name"], pill_of(states[one["id"]])) for one in applications if one["id"] in states],
        applications=[one for one in applications if one["id"] not in states],
    )
