"""Members: of a team, and of the whole bridge.

A caller with a team sees and changes the members of that one alone.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tollbridge import Gateway, NotFound
from tollbridge.administering import BRIDGE, Member
from tollbridge_admin.asking import Answer, Asked
from tollbridge_admin.paging import cursor, read_cursor
from tollbridge_admin.peopleshapes import (
    MemberPatch,
    MembersAsked,
    MemberSet,
    MemberShown,
    MembersShown,
    NewMemberWish,
    member_set,
    member_shown,
)
from tollbridge_admin.problems import refused
from tollbridge_admin.routes import Nothing, Route, route
from tollbridge_admin.tags import tag_of

READ, WRITE = "admin:members:read", "admin:members:write"
_LIST = "members"


class Members:
    """Answers for members, of a team or, without one in the path, of the whole bridge."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def routes(self) -> Sequence[Route]:
        """Say what can be asked."""
        of_teams = self._routes("/teams/{name}/members")
        renamed = (replace(one, name=one.name.replace("member", "team_member")) for one in of_teams)
        return (*renamed, *self._routes("/members"))

    def _routes(self, path: str) -> Sequence[Route]:
        write: dict[str, Any] = {"scope": WRITE, "also": (404, 409), "gives": MemberShown}
        one = f"{path}/{{id}}"
        acting: dict[str, Any] = {**write, "takes": Nothing, "may_be_bare": True, "tagged": True}
        listed: dict[str, Any] = {"takes": MembersAsked, "gives": MembersShown, "scope": READ, "also": (404,)}
        shown: dict[str, Any] = {"takes": Nothing, "gives": MemberShown, "scope": READ, "tagged": True}
        return (
            route("GET", path, self.list_members, **listed),
            route("POST", path, self.set_member, takes=NewMemberWish, **{**write, "gives": MemberSet}),
            route("GET", one, self.get_member, **shown),
            route("PATCH", one, self.change_member, takes=MemberPatch, tagged=True, **write),
            route("POST", f"{one}/remove", self.remove_member, **acting),
        )

    async def list_members(self, asked: Asked, query: MembersAsked) -> Answer:
        """List members by the ids of their persons."""
        team, after = await self._team(asked), read_cursor(_LIST, query.after) or ""
        found = await self._gateway.people.members(team, limit=query.limit + 1, after=after, role=query.role)
        page = found[: query.limit]
        following = cursor(_LIST, page[-1].person_id) if len(found) > len(page) else None
        return Answer(MembersShown(tuple(map(member_shown, page)), following))

    async def set_member(self, asked: Asked, wish: NewMemberWish) -> Answer:
        """Make somebody a member, somebody new where a name is given, or give a member another role."""
        team, person_id = await self._team(asked), await self._known(asked, wish)
        if person_id is not None:
            before = await self._gateway.people.member(person_id, team)
            member = await self._set(asked, team, person_id, wish.role)
            return Answer(member_set(member, before), tag=_tag(member))
        if wish.name is None:
            raise refused("name", "nobody has this address; give a name too to add somebody new")
        more: dict[str, Any] = {"giver": asked.minter, "by": asked.actor}
        person = await self._gateway.people.add_person(
            email=wish.email or "", name=wish.name, team=team, role=wish.role, **more
        )
        member = there(await self._gateway.people.member(person.id, team))
        return Answer(member_set(member, None), tag=_tag(member))

    async def get_member(self, asked: Asked, nothing: Nothing) -> Answer:
        """Show one membership."""
        return _one(await self._see(asked, await self._team(asked)))

    async def change_member(self, asked: Asked, patch: MemberPatch) -> Answer:
        """Give a member another role, at once."""
        team = await self._team(asked)
        member = await self._see(asked, team)
        asked.check_match(_tag(member))
        return _one(await self._set(asked, team, member.person_id, patch.role))

    async def remove_member(self, asked: Asked, nothing: Nothing) -> Answer:
        """End a membership and all that was made with it, at once and for good."""
        team = await self._team(asked)
        member = await self._see(asked, team)
        asked.check_match(_tag(member))
        await self._gateway.people.remove_membership(member.person_id, team, giver=asked.minter, by=asked.actor)
        return _one(member)

    async def _set(self, asked: Asked, team: str, person_id: str, role: str) -> Member:
        given: dict[str, Any] = {"giver": asked.minter, "by": asked.actor}
        return await self._gateway.people.set_membership(person_id, team, role, **given)

    async def _known(self, asked: Asked, wish: NewMemberWish) -> str | None:
        """Give the id of whom the wish names, None for somebody new.

        A caller with a team knows those who are not in it by their address alone.
        """
        people, own = self._gateway.people, asked.caller.team
        if wish.person is not None:
            if own and await people.member(wish.person, own) is None:
                raise NotFound("there is no such person")
            return wish.person
        if wish.email is None:
            raise refused("person", "name the person's id, or the e-mail address")
        found = await people.find_person(wish.email)
        return None if found is None else found.id

    async def _team(self, asked: Asked) -> str:
        """Give the team of the path; raises `NotFound`, also for one that is not the caller's."""
        team, own = asked.named.get("name", BRIDGE), asked.caller.team
        if (own and team != own) or (team != BRIDGE and await self._gateway.people.teams.get(team) is None):
            raise NotFound("there is no such team")
        return team

    async def _see(self, asked: Asked, team: str) -> Member:
        return there(await self._gateway.people.member(asked.id, team))


def there(member: Member | None) -> Member:
    """Give who was found; raises `NotFound` where nobody was."""
    if member is None:
        raise NotFound("there is no such member")
    return member


def _tag(member: Member) -> str:
    return tag_of(member_shown(member))


def _one(member: Member) -> Answer:
    return Answer(member_shown(member), tag=_tag(member))
