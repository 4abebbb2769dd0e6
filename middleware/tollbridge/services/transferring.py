"""Whom it concerns that a service goes over to another team, and what it may not take along.

Subscriptions stay as they are. Who called it for the team that owned it needed none, and needs one from then on; who
calls for the team that owns it now needs none any more, and what its plan bounds and prices holds no call of theirs.
"""

from collections.abc import Sequence

from tollbridge.errors import BadRequest
from tollbridge.services.kinds import ServiceKind
from tollbridge.services.model import Access, Design, Service
from tollbridge.services.referring import references_of
from tollbridge.services.subscribing import SubscriptionState
from tollbridge.stores.base import Store
from tollbridge.tokens.model import TokenState

MOST_LOOKED_AT = 200
_MOST_NAMED = 20


def check_leaving(kind: ServiceKind | None, service: Service, designs: Sequence[Design]) -> None:
    """Refuse to give a service away that names secrets of the team which owns it; raises `BadRequest` (409).

    Whoever writes its draft from then on says where they are sent. An old release that names some is not looked at:
    where it sends them is written in it.
    """
    own = f"stored:{service.team}."
    found = {one for design in designs for one in references_of(kind, design.definition) if one.startswith(own)}
    if service.team and found:
        raise BadRequest(
            f"it names secrets of the team {service.team}, which would go along: {_named(sorted(found))}; take them "
            "out of the draft and publish that first; supersede or unschedule other releases with them",
            code="conflict",
            status=409,
            param="team",
        )


async def transfer_notes(store: Store, service: Service, before: str) -> Sequence[str]:
    """Say in sentences whom it concerns that a service is not of the team `before` any more; none for nobody.

    At most so many applications and subscriptions are looked at.
    """
    if before == service.team or not service.live:
        return ()
    design = (await (await store.services()).designs([service.live])).get(service.live)
    if design is None or design.access is not Access.SUBSCRIPTION:
        return ()
    notes = []
    if before:
        lacking = await _lacking(store, service, before)
        of_it = (
            f"of its applications these have none: {_named(lacking)}" if lacking else "each of its applications has one"
        )
        notes.append(f"tokens of the team {before} called it without a subscription and need one now; {of_it}")
    unneeded = await _subscribed(store, service, service.team) if service.team else []
    if unneeded:
        notes.append(
            f"applications of the team {service.team} need no subscription any more; those they have stay, and their "
            f"plans bound and price no call of theirs: {_named(unneeded)}"
        )
    return notes


async def _lacking(store: Store, service: Service, team: str) -> Sequence[str]:
    """Name the applications of a team that may call and have no subscription."""
    having = set(await _subscribed(store, service, team))
    applications = await store.applications()
    found = await applications.list_applications(team=team, state=TokenState.ACTIVE.value, limit=MOST_LOOKED_AT)
    return [one.id for one in found if one.id not in having]


async def _subscribed(store: Store, service: Service, team: str) -> Sequence[str]:
    """Name the applications of a team that have a subscription."""
    found = await (await store.subscriptions()).list_subscriptions(
        service_id=service.id,
        application_team=team,
        state=SubscriptionState.APPROVED.value,
        limit=MOST_LOOKED_AT,
    )
    return [one.application for one in found]


def _named(things: Sequence[str]) -> str:
    more = len(things) - _MOST_NAMED
    return ", ".join(things[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
