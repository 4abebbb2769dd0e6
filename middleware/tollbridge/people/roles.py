"""Roles: the built-in ones, and those of one's own."""

from collections.abc import Iterable, Sequence

from tollbridge.audit import OPERATOR, Actor
from tollbridge.errors import BadRequest
from tollbridge.people.builtin import BUILT_IN
from tollbridge.people.model import Role
from tollbridge.people.reaching import check_bridge, check_giver
from tollbridge.people.wishes import checked_description, checked_slug
from tollbridge.stores.base import Store
from tollbridge.tokens.model import Principal
from tollbridge.tokens.service import TokenService
from tollbridge.tokens.wishes import checked_scopes


class Roles:
    """The roles of one gateway.

    What changes them says who does (`by`) and, where somebody does it with a token, with which rights (`giver`): nobody
    makes, changes or gives a role that reaches beyond their own.
    """

    def __init__(self, store: Store, tokens: TokenService) -> None:
        self._store = store
        self._tokens = tokens

    async def get(self, name: str) -> Role | None:
        """Find a role by its name."""
        return BUILT_IN.get(name) or await (await self._store.people()).get_role(name)

    async def list(self) -> Sequence[Role]:
        """List all roles, the built-in ones first."""
        return [*BUILT_IN.values(), *await (await self._store.people()).list_roles()]

    async def expand(self, names: Iterable[str]) -> tuple[str, ...]:
        """Give the scopes of some roles together; raises `BadRequest` with `param` for one that is not there."""
        found: dict[str, None] = {}
        for name in names:
            found |= dict.fromkeys((await self.there(name)).scopes)
        return tuple(found)

    async def there(self, name: str) -> Role:
        """Find a role by its name; raises `BadRequest` with `param` where there is none."""
        found = await self.get(name)
        if found is None:
            known = ", ".join(role.name for role in await self.list())
            raise BadRequest(f"there is no such role; known: {known}", param="role")
        return found

    async def add(
        self,
        name: str,
        scopes: Iterable[str],
        *,
        description: str = "",
        giver: Principal | None = None,
        by: Actor = OPERATOR,
    ) -> Role:
        """Make a role.

        Raises `BadRequest` with `param` for what cannot be used, with status 409 where the name is taken, `Denied`
        (scope_beyond) for a scope the giver does not hold.
        """
        new = Role(checked_slug(name), checked_scopes(scopes), checked_description(description))
        if new.name in BUILT_IN:
            raise BadRequest("there is a role of this name already", code="already_exists", status=409)
        check_bridge(giver)
        await check_giver(self._store, giver, new.scopes)
        return await (await self._store.people()).add_role(new, await self._tokens.act(by))

    async def change(
        self,
        name: str,
        *,
        scopes: Iterable[str] | None = None,
        description: str | None = None,
        giver: Principal | None = None,
        by: Actor = OPERATOR,
    ) -> Role | None:
        """Change a role, and what all who have it may do, at once.  None if there is no such role.

        Raises `BadRequest` and `Denied` as `add` does; a giver needs what the role holds already, too. Where somebody
        else changes it meanwhile it stays as they made it, and this is refused (409).
        """
        before = await self._own(name)
        if before is None:
            return None
        check_bridge(giver)
        wanted = before.scopes if scopes is None else checked_scopes(scopes)
        await check_giver(self._store, giver, (*before.scopes, *wanted))
        said = before.description if description is None else checked_description(description)
        after, act = Role(name, wanted, said), await self._tokens.act(by)
        return await (await self._store.people()).change_role(before, after, act)

    async def remove(self, name: str, *, giver: Principal | None = None, by: Actor = OPERATOR) -> Role | None:
        """Remove a role that nobody has.  None if there is no such role.

        Raises `BadRequest` (409) where it is used, or changed meanwhile, and `Denied` as `change` does.
        """
        before = await self._own(name)
        if before is None:
            return None
        check_bridge(giver)
        await check_giver(self._store, giver, before.scopes)
        return await (await self._store.people()).remove_role(before, await self._tokens.act(by))

    async def _own(self, name: str) -> Role | None:
        if name in BUILT_IN:
            raise BadRequest("this role is built in; make one of your own", code="built_in", status=409)
        return await (await self._store.people()).get_role(name)
