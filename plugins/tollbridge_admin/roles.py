"""Roles: the built-in ones, and those of one's own."""

from collections.abc import Sequence
from typing import Any

from msgspec import UNSET

from tollbridge import Gateway, NotFound
from tollbridge.administering import Role
from tollbridge_admin.asking import Answer, Asked
from tollbridge_admin.paging import cursor, read_cursor
from tollbridge_admin.peopleshapes import RolePatch, RolesAsked, RoleShown, RolesShown, RoleWish, role_shown
from tollbridge_admin.routes import Nothing, Route, route
from tollbridge_admin.tags import tag_of

READ, WRITE = "admin:roles:read", "admin:roles:write"
_LIST = "roles"
_ONE = "/roles/{name}"


class Roles:
    """Answers for roles."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def routes(self) -> Sequence[Route]:
        """Say what can be asked."""
        write: dict[str, Any] = {"scope": WRITE, "also": (409,), "gives": RoleShown}
        return (
            route("GET", "/roles", self.list_roles, takes=RolesAsked, gives=RolesShown, scope=READ),
            route("POST", "/roles", self.create_role, takes=RoleWish, status=201, **write),
            route("GET", _ONE, self.get_role, takes=Nothing, gives=RoleShown, scope=READ, tagged=True),
            route("PATCH", _ONE, self.change_role, takes=RolePatch, tagged=True, **write),
            route("POST", f"{_ONE}/remove", self.remove_role, takes=Nothing, may_be_bare=True, tagged=True, **write),
        )

    async def list_roles(self, asked: Asked, query: RolesAsked) -> Answer:
        """List all roles, the built-in ones first."""
        after, part = read_cursor(_LIST, query.after), query.q.lower()
        found = await self._gateway.people.roles.list()
        behind = [
            role
            for role in (found if after is None else _behind(found, after))
            if part in role.name or part in role.description.lower()
        ]
        page = behind[: query.limit]
        following = cursor(_LIST, page[-1].name) if len(behind) > len(page) else None
        return Answer(RolesShown(tuple(map(role_shown, page)), following))

    async def create_role(self, asked: Asked, wish: RoleWish) -> Answer:
        """Make a role."""
        more: dict[str, Any] = {"description": wish.description, "giver": asked.minter, "by": asked.actor}
        role = role_shown(await self._gateway.people.roles.add(wish.name, wish.scopes, **more))
        return Answer(role, 201, tag_of(role), {"location": f"roles/{role.name}"})

    async def get_role(self, asked: Asked, nothing: Nothing) -> Answer:
        """Show one role."""
        return _one(await self._see(asked))

    async def change_role(self, asked: Asked, patch: RolePatch) -> Answer:
        """Change a role, and what all who have it may do, at once; what is not there stays."""
        role = await self._matching(asked)
        said = {"scopes": patch.scopes, "description": patch.description}
        wished: dict[str, Any] = {name: value for name, value in said.items() if value is not UNSET}
        change = self._gateway.people.roles.change
        return _one(there(await change(role.name, **wished, giver=asked.minter, by=asked.actor)))

    async def remove_role(self, asked: Asked, nothing: Nothing) -> Answer:
        """Remove a role that nobody has."""
        role = await self._matching(asked)
        return _one(there(await self._gateway.people.roles.remove(role.name, giver=asked.minter, by=asked.actor)))

    async def _matching(self, asked: Asked) -> Role:
        role = await self._see(asked)
        asked.check_match(tag_of(role_shown(role)))
        return role

    async def _see(self, asked: Asked) -> Role:
        return there(await self._gateway.people.roles.get(asked.named["name"]))


def _behind(roles: Sequence[Role], name: str) -> Sequence[Role]:
    """Give the roles behind one, which may be gone by now: the built-in ones as they are, then the others by name."""
    built_in = [role.name for role in roles if role.built_in]

    def place(name: str) -> tuple[int, str]:
        return (built_in.index(name), "") if name in built_in else (len(built_in), name)

    return [role for role in roles if place(role.name) > place(name)]


def _one(role: Role) -> Answer:
    return Answer(role_shown(role), tag=tag_of(role_shown(role)))


def there(role: Role | None) -> Role:
    """Give what was found; raises `NotFound` where it was not."""
    if role is None:
        raise NotFound("there is no such role")
    return role
