"""People: listed, made, changed, switched and removed.

A caller with a team sees its members, and what they are in it; people themselves belong to the whole bridge.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from tollbridge import Denied, Gateway, NotFound
from tollbridge.administering import Person, PersonChange
from tollbridge_admin.asking import Answer, Asked
from tollbridge_admin.paging import cursor, read_cursor
from tollbridge_admin.peopleshapes import (
    PASSING,
    NewPersonWish,
    PeopleAsked,
    PeopleShown,
    PersonPatch,
    PersonShown,
    PersonWhole,
    shown,
    whole,
)
from tollbridge_admin.routes import Nothing, Route, route
from tollbridge_admin.tags import tag_of

READ, WRITE = "admin:people:read", "admin:people:write"
_LIST = "people"
_ONE = "/people/{id}"


class People:
    """Answers for people."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def routes(self) -> Sequence[Route]:
        """Say what can be asked."""
        write: dict[str, Any] = {"scope": WRITE, "also": (409,)}
        acting: dict[str, Any] = {**write, "may_be_bare": True, "tagged": True}
        one: dict[str, Any] = {"takes": Nothing, "gives": PersonWhole}
        made: dict[str, Any] = {"takes": NewPersonWish, "gives": PersonWhole, "status": 201}
        return (
            route("GET", "/people", self.list_people, takes=PeopleAsked, gives=PeopleShown, scope=READ),
            route("POST", "/people", self.create_person, **made, **write),
            route("GET", _ONE, self.get_person, **one, scope=READ, tagged=True),
            route("PATCH", _ONE, self.change_person, takes=PersonPatch, gives=PersonWhole, tagged=True, **write),
            route("POST", f"{_ONE}/disable", self.disable_person, **one, **acting),
            route("POST", f"{_ONE}/enable", self.enable_person, **one, **acting),
            route("POST", f"{_ONE}/remove", self.remove_person, takes=Nothing, gives=PersonShown, **acting),
        )

    async def list_people(self, asked: Asked, query: PeopleAsked) -> Answer:
        """List people, newest first."""
        own = asked.caller.team
        if own and query.team not in ("", own):
            return Answer(PeopleShown((), None))
        found = await self._gateway.people.list_people(
            limit=query.limit + 1,
            before=read_cursor(_LIST, query.after) or "",
            search=query.q,
            team=own or query.team,
        )
        page = found[: query.limit]
        following = cursor(_LIST, page[-1].id) if len(found) > len(page) else None
        return Answer(PeopleShown(tuple(map(shown, page)), following))

    async def create_person(self, asked: Asked, wish: NewPersonWish) -> Answer:
        """Make a person, with a role in the whole bridge where one is named."""
        if asked.caller.team:
            raise Denied("a token with a team makes nobody but members of it", code="out_of_reach")
        more: dict[str, Any] = {"password": wish.password, "giver": asked.minter, "by": asked.actor}
        person = await self._gateway.people.add_person(email=wish.email, name=wish.name, role=wish.role or "", **more)
        found = await self._one(asked, person)
        return Answer(found.shown, 201, found.tag, {"location": f"people/{person.id}"})

    async def get_person(self, asked: Asked, nothing: Nothing) -> Answer:
        """Show one person."""
        return await self._one(asked, await see_person(self._gateway, asked))

    async def change_person(self, asked: Asked, patch: PersonPatch) -> Answer:
        """Change a person: what is not there stays, null takes the password away; another one ends all sessions."""
        person, change = await self._matching(asked), PersonChange(name=patch.name, email=patch.email)
        given: dict[str, Any] = {"password": patch.password, "giver": asked.minter, "by": asked.actor}
        return await self._one(asked, there(await self._gateway.people.change_person(person.id, change, **given)))

    async def disable_person(self, asked: Asked, nothing: Nothing) -> Answer:
        """Switch a person off: all memberships, all tokens made with them and all sessions, at once."""
        return await self._one(asked, await self._act(asked, self._gateway.people.disable_person))

    async def enable_person(self, asked: Asked, nothing: Nothing) -> Answer:
        """Switch a person on again, and what was disabled with them."""
        return await self._one(asked, await self._act(asked, self._gateway.people.enable_person))

    async def remove_person(self, asked: Asked, nothing: Nothing) -> Answer:
        """Forget a person; all memberships, all tokens made with them and all sessions end, at once and for good."""
        person = shown(await self._act(asked, self._gateway.people.remove_person))
        return Answer(person, tag=tag_of(person, *PASSING))

    async def _act(self, asked: Asked, act: Callable[..., Awaitable[Person | None]]) -> Person:
        person = await self._matching(asked)
        return there(await act(person.id, giver=asked.minter, by=asked.actor))

    async def _matching(self, asked: Asked) -> Person:
        person = await see_person(self._gateway, asked)
        asked.check_match((await self._one(asked, person)).tag)
        return person

    async def _one(self, asked: Asked, person: Person) -> Answer:
        own = asked.caller.team
        members = [one for one in await self._gateway.people.memberships(person.id) if own in ("", one.team)]
        found = whole(person, members)
        return Answer(found, tag=tag_of(found, *PASSING))


async def see_person(gateway: Gateway, asked: Asked) -> Person:
    """Find the person of the path; raises `NotFound`, also for one who is not in the caller's team."""
    own = asked.caller.team
    if own and await gateway.people.member(asked.id, own) is None:
        raise NotFound("there is no such person")
    return there(await gateway.people.get_person(asked.id))


def there(person: Person | None) -> Person:
    """Give who was found; raises `NotFound` where nobody was."""
    if person is None:
        raise NotFound("there is no such person")
    return person
