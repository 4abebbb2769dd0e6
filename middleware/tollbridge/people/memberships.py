"""Who is what in which team, and what that lets them do."""

from collections.abc import Sequence
from dataclasses import replace

from msgspec import UNSET, UnsetType

from tollbridge.audit import OPERATOR, Actor
from tollbridge.clock import Clock
from tollbridge.errors import BadRequest, Denied, NotFound
from tollbridge.ids import new_id
from tollbridge.people.builtin import PLATFORM_ADMIN, TEAM_ADMIN
from tollbridge.people.model import BRIDGE, Member, Role
from tollbridge.people.reaching import check_giver, check_not_above
from tollbridge.people.roles import Roles
from tollbridge.stores.base import Store
from tollbridge.stores.changes import NewToken
from tollbridge.stores.newpeople import NewMember
from tollbridge.stores.people import PeopleStore
from tollbridge.tokens.model import Principal, TokenKind
from tollbridge.tokens.service import TokenService

_PLACES = {
    PLATFORM_ADMIN: (lambda team: team == BRIDGE, "it is a role in the whole bridge, not in a team"),
    TEAM_ADMIN: (lambda team: team != BRIDGE, "it is a role in a team, not in the whole bridge"),
}
"""Built-in roles that have one place."""


class Memberships:
    """The memberships of one gateway."""

    def __init__(self, store: Store, tokens: TokenService, clock: Clock) -> None:
        self._store = store
        self._tokens = tokens
        self._clock = clock
        self.roles = Roles(store, tokens)

    async def memberships(self, person_id: str) -> Sequence[Member]:
        """Give what somebody is in which teams; what they are in the whole bridge, `team` empty, comes first."""
        return await (await self._people()).memberships(person_id)

    async def members(self, team: str, *, limit: int = 50, after: str = "", role: str = "") -> Sequence[Member]:
        """List the members of a team, or of the whole bridge, by the ids of their persons, those behind `after`.

        With a role those alone who have it.
        """
        return await (await self._people()).list_members(team, limit=limit, after=after, role=role)

    async def member(self, person_id: str, team: str) -> Member | None:
        """Find a membership."""
        return await (await self._people()).get_member(person_id, team)

    async def holder_of(self, person_id: str, team: str) -> Principal | None:
        """Give what a person may do in a team now, live; None for no member, and for one that is disabled."""
        member = await self.member(person_id, team)
        return None if member is None else await self._store.find_holder(member.holder)

    async def set_membership(
        self,
        person_id: str,
        team: str,
        role: str,
        *,
        via: str = "",
        seen: Member | UnsetType | None = UNSET,
        giver: Principal | None = None,
        by: Actor = OPERATOR,
    ) -> Member:
        """Make a person a member of a team, or of the whole bridge where `team` is empty, or change the role of one.

        `via` is the issuer whose groups make it so, and `seen`, where it counts, what it takes the place of. Raises
        `NotFound` for an unknown person or team, `BadRequest` with `param` for a role that is unknown or not for there,
        `Denied` where the team is not the giver's (out_of_reach) or the old role or the new one reaches beyond what the
        giver may do (scope_beyond), `BadRequest` (409) where the team has ended, where something else is there by now,
        and (last_admin) where nobody would administer the bridge any more.
        """
        people = await self._people()
        person, before = await people.get_person(person_id), await people.get_member(person_id, team)
        if person is None:
            raise NotFound("there is no such person")
        wanted = await self.check_gives(team, role, giver, before)
        if seen is UNSET and giver is not None:
            seen = before
        holder = self.new_holder(person.id, person.name, wanted, team)
        new = NewMember(person_id, wanted, holder, via)
        if seen is not UNSET:
            had, had_by = ("", "") if seen is None else (seen.role, seen.via)
            new = replace(new, instead_of=had, instead_of_via=had_by)
        return await people.set_member(new, await self._tokens.act(by))

    async def remove_membership(
        self,
        person_id: str,
        team: str,
        *,
        via: str | UnsetType = UNSET,
        giver: Principal | None = None,
        by: Actor = OPERATOR,
    ) -> bool:
        """End a membership and all that was made with it, at once; False where there was none.

        `via`, where it counts, is the issuer whose groups gave it. Raises `Denied` (out_of_reach) for the giver's own
        and that of another team, `BadRequest` (409) where somebody else gave it meanwhile, and (last_admin) where
        nobody would administer the bridge any more.
        """
        people = await self._people()
        before = await people.get_member(person_id, team)
        if before is None:
            return False
        self._check_touches(giver, team, before)
        return await people.remove_member(person_id, team, await self._tokens.act(by), via=via) is not None

    async def check_gives(self, team: str, role: str, giver: Principal | None, before: Member | None = None) -> Role:
        """Find a role that may be given in a team, to who has another one `before`; raises as `set_membership` does."""
        wanted = await self.roles.there(role)
        _check_place(wanted, team)
        within = await self._holder_of_team(team)
        self._check_touches(giver, team, before)
        had = None if before is None else await self._store.get_token(before.holder)
        await check_giver(self._store, giver, (*wanted.scopes, *(() if had is None else had.scopes)), within)
        return wanted

    @staticmethod
    def _check_touches(giver: Principal | None, team: str, before: Member | None) -> None:
        """Refuse a change of a membership in another team than the giver's, and of the giver's own."""
        if giver is not None and giver.team and giver.team != team:
            raise Denied("a token with a team changes members of that team alone", code="out_of_reach")
        if before is not None:
            check_not_above(giver, before.holder)

    async def _holder_of_team(self, team: str) -> str:
        """Give the holder of a team that goes on, empty for the whole bridge; raises `NotFound` and `BadRequest`."""
        if team == BRIDGE:
            return ""
        found = await (await self._people()).get_team(team)
        if found is None:
            raise NotFound("there is no such team")
        if found.ended_at is not None:
            raise BadRequest("this team has ended, for good", code="conflict", status=409)
        return found.holder

    def new_holder(self, person_id: str, name: str, role: Role, team: str) -> NewToken:
        """Make what is to hold what a person of an id and a name may do in a team."""
        return NewToken(
            id=new_id("mem", self._clock),
            name=name,
            digest=b"",
            hint="",
            pepper_id="",
            scopes=role.scopes,
            created_at=self._clock.now(),
            kind=TokenKind.MEMBER,
            owner=person_id,
            team=team,
        )

    async def _people(self) -> PeopleStore:
        return await self._store.people()


def _check_place(role: Role, team: str) -> None:
    fits, why = _PLACES.get(role.name, (lambda _: True, ""))
    if not fits(team):
        raise BadRequest(f"{role.name} cannot be given here: {why}", param="role")
