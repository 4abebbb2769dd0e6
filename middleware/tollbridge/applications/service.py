"""Applications: made, changed, switched, ended and given to other teams.  The only writer of them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Unpack

from msgspec import UNSET, structs

from tollbridge.applications.model import PREFIX, Application, ApplicationChange, ApplicationEdit, Look
from tollbridge.applications.wishes import (
    ITS_CALLS,
    checked_application_change,
    checked_given,
    checked_name,
    checked_owner,
    touches_rights,
)
from tollbridge.audit import OPERATOR, Actor
from tollbridge.clock import Clock
from tollbridge.errors import BadRequest, NotFound
from tollbridge.ids import new_id
from tollbridge.people.reaching import check_bridge, check_not_above, reach_of
from tollbridge.people.wishes import checked_description
from tollbridge.stores.applications import ApplicationStore, NewApplication
from tollbridge.stores.base import Store
from tollbridge.stores.changes import NewToken, change_for
from tollbridge.tokens.conditions import ANYWHERE, Conditions
from tollbridge.tokens.making import TokenWish
from tollbridge.tokens.model import Principal, TokenBudget, TokenKind, TokenLimits
from tollbridge.tokens.scopes import ScopeSet
from tollbridge.tokens.service import IssuedToken, TokenService
from tollbridge.tokens.wishes import (
    check_within,
    checked_metadata,
    checked_scopes,
    checked_tags,
    owner_for,
    team_for,
)

_NOTHING = ScopeSet(())


class Applications:
    """The applications of one gateway.

    What changes them says who does (`by`) and, where somebody does it with a token, with which rights (`giver`): who
    has a team sees its applications alone, and nobody makes or widens one beyond their own. `look` sees an application
    as it is when something is done to it, and refuses that by raising.
    """

    def __init__(self, store: Store, tokens: TokenService, clock: Clock) -> None:
        self._store = store
        self._tokens = tokens
        self._clock = clock

    async def get(self, application_id: str, *, giver: Principal | None = None) -> Application | None:
        """Find an application by its id, one that has ended too."""
        found = await (await self._applications()).get_application(application_id)
        return found if found is not None and _is_seen(giver, found) else None

    async def list(
        self, *, limit: int = 50, before: str = "", search: str = "", team: str = "", state: str = ""
    ) -> Sequence[Application]:
        """List applications, newest first, those with an id below `before`; `search` is a part of name, owner or id."""
        asked = {"before": before, "search": search, "team": team, "state": state}
        return await (await self._applications()).list_applications(limit=limit, **asked)

    async def add(
        self,
        name: str,
        *,
        team: str = "",
        owner: str = "",
        description: str = "",
        scopes: Iterable[str] = (),
        limits: TokenLimits | None = None,
        budget: TokenBudget | None = None,
        conditions: Conditions = ANYWHERE,
        tags: Iterable[str] = (),
        metadata: Mapping[str, str] | None = None,
        giver: Principal | None = None,
        by: Actor = OPERATOR,
    ) -> Application:
        """Make an application: it may call what it subscribes to, and what its `scopes` say beside.

        It is the giver's team's and, unless somebody else is named, its giver's. Raises `BadRequest` with `param` for
        what cannot be used, with status 409 where the team has one of that name, `Denied` for a scope the giver does
        not hold (scope_beyond) and for a team or an owner that is not the giver's (out_of_reach).
        """
        its_team, given = team_for(giver, team), checked_given(scopes)
        if giver is not None:
            check_within(given, await self._reach(giver))
        holder = NewToken(
            id=new_id(PREFIX, self._clock),
            name=checked_name(name),
            digest=b"",
            hint="",
            pepper_id="",
            scopes=given,
            created_at=self._clock.now(),
            kind=TokenKind.APPLICATION,
            team=its_team,
            limits=limits or TokenLimits(),
            budget=budget,
            conditions=conditions,
            tags=checked_tags(tags),
            metadata=checked_metadata(metadata or {}),
        )
        whose = owner_for(giver, checked_owner(owner)) or ("" if giver is None else giver.owner)
        new = NewApplication(holder, whose, checked_description(description))
        return await (await self._applications()).add_application(new, await self._tokens.act(by))

    async def change(
        self, application_id: str, edit: ApplicationEdit, *, giver: Principal | None = None, by: Actor = OPERATOR
    ) -> Application | None:
        """Change an application, and what its tokens may do, at once.  None if there is no such application.

        Raises `BadRequest` and `Denied` as `add` does, and what the edit raises.
        """
        reach = await self._reach(giver)

        def changed(application: Application) -> ApplicationChange:
            _check_touches(giver, application)
            checked = checked_application_change(change_for(edit, application))
            if giver is not None and touches_rights(checked):
                check_within((*application.holds, *(checked.scopes or ())), reach)
            if checked.owner is not UNSET and checked.owner != application.owner:
                owner_for(giver, checked.owner)
            return checked

        return await (await self._applications()).change_application(
            application_id, changed, await self._tokens.act(by)
        )

    async def disable(
        self,
        application_id: str,
        *,
        look: Look | None = None,
        giver: Principal | None = None,
        by: Actor = OPERATOR,
    ) -> Application | None:
        """Switch an application and all of its tokens off, until it is enabled.  None if there is no such one."""
        store, act = await self._applications(), await self._tokens.act(by)
        return await store.switch_application(application_id, act, on=False, look=_looking(giver, look))

    async def enable(
        self,
        application_id: str,
        *,
        look: Look | None = None,
        giver: Principal | None = None,
        by: Actor = OPERATOR,
    ) -> Application | None:
        """Switch an application on again, and what was disabled with it.  None if there is no such application."""
        store, act, reach = await self._applications(), await self._tokens.act(by), await self._reach(giver)
        looking = _looking(giver, look, reach)
        return await store.switch_application(application_id, act, on=True, look=looking)

    async def end(
        self,
        application_id: str,
        *,
        look: Look | None = None,
        giver: Principal | None = None,
        by: Actor = OPERATOR,
    ) -> Application | None:
        """End an application and all of its tokens, at once and for good.  None if there is no such application."""
        store, act = await self._applications(), await self._tokens.act(by)
        return await store.end_application(application_id, act, look=_looking(giver, look))

    async def transfer(
        self,
        application_id: str,
        team: str,
        *,
        look: Look | None = None,
        giver: Principal | None = None,
        by: Actor = OPERATOR,
    ) -> Application | None:
        """Give an application with all of its tokens to another team, or to none: that bounds it from then on.

        Only who has no team does, and holds all that the application may do. None if there is no such application.
        """
        check_bridge(giver)
        store, act, reach = await self._applications(), await self._tokens.act(by), await self._reach(giver)
        looking = _looking(giver, look, reach)
        return await store.transfer_application(application_id, team.strip(), act, look=looking)

    async def issue(
        self, application_id: str, *, giver: Principal | None = None, by: Actor = OPERATOR, **wish: Unpack[TokenWish]
    ) -> IssuedToken | None:
        """Make a token of an application; the secret is in the result and nowhere else.

        It may do what its scopes say and the application may: without any named, all calls of the application, those
        too that it subscribes to later. It outlives whoever asks for it. None if there is no such application. Raises
        `BadRequest` with `param` for what cannot be used, with status 409 where the application is off or has ended,
        and `Denied` for a scope that the giver does not hold (scope_beyond).
        """
        found = await self.get(application_id, giver=giver)
        if found is None:
            return None
        check_not_above(giver, found.id)
        wish.setdefault("scopes", ITS_CALLS)
        if giver is not None:
            check_within(checked_scopes(wish["scopes"]), await self._reach(giver))
        holder = await self._store.find_holder(found.id)
        if holder is None:
            raise BadRequest("this application is off, or has ended", code="conflict", status=409)
        whose = owner_for(giver, wish.get("owner", ""))
        holder = structs.replace(holder, team=found.team, owner=whose)
        return await self._tokens.issue_below(holder, by=by, **wish)

    async def _reach(self, giver: Principal | None) -> ScopeSet:
        """Give what somebody may give: the holder of their team bounds the applications of that too."""
        if giver is None:
            return _NOTHING
        team = await (await self._store.people()).get_team(giver.team) if giver.team else None
        return await reach_of(self._store, giver, "" if team is None else team.holder)

    async def _applications(self) -> ApplicationStore:
        return await self._store.applications()


def _is_seen(giver: Principal | None, application: Application) -> bool:
    return giver is None or giver.team in ("", application.team)


def _check_touches(giver: Principal | None, application: Application) -> None:
    """Refuse an application of another team, and what the giver stands below; raises `NotFound` and `Denied`."""
    if not _is_seen(giver, application):
        raise NotFound("there is no such application")
    check_not_above(giver, application.id)


def _looking(giver: Principal | None, look: Look | None, reach: ScopeSet | None = None) -> Look:
    """Give what refuses a giver who may not do this to an application; where it widens that, to within a `reach`."""

    def looking(application: Application) -> None:
        _check_touches(giver, application)
        if giver is not None and reach is not None:
            check_within(application.holds, reach)
        if look is not None:
            look(application)

    return looking
