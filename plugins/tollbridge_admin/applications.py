"""Applications: listed, made, changed, switched, ended and given to other teams; tokens of theirs made in place.

A caller with a team sees the applications of that alone.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from msgspec import UNSET, UnsetType

from tollbridge import Gateway, NotFound
from tollbridge.administering import Application, ApplicationChange
from tollbridge_admin.applicationshapes import (
    COUNTS,
    ApplicationPatch,
    ApplicationsAsked,
    ApplicationShown,
    ApplicationsShown,
    ApplicationTokensAsked,
    ApplicationTokenWish,
    NewApplicationWish,
    Transfer,
    shown,
)
from tollbridge_admin.asking import Answer, Asked
from tollbridge_admin.bounds import changed_bounds, new_bounds
from tollbridge_admin.paging import cursor, read_cursor
from tollbridge_admin.routes import Nothing, Route, route
from tollbridge_admin.tags import tag_of
from tollbridge_admin.tokenshapes import PASSING, IssuedShown, TokensShown, issued
from tollbridge_admin.tokenshapes import shown as token_shown
from tollbridge_admin.wishes import merged, moment_of

READ, WRITE = "admin:applications:read", "admin:applications:write"
_LIST, _TOKENS = "applications", "application-tokens"
_ONE = "/applications/{id}"

T = TypeVar("T")


class Applications:
    """Answers for applications."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def routes(self) -> Sequence[Route]:
        """Say what can be asked."""
        write: dict[str, Any] = {"scope": WRITE, "also": (409,)}
        acting: dict[str, Any] = {**write, "may_be_bare": True, "tagged": True}
        gives: dict[str, Any] = {"gives": ApplicationShown}
        one: dict[str, Any] = {"takes": Nothing, **gives}
        listing: dict[str, Any] = {"takes": ApplicationsAsked, "gives": ApplicationsShown, "scope": READ}
        making: dict[str, Any] = {"takes": NewApplicationWish, "status": 201, **write}
        tokens: dict[str, Any] = {"takes": ApplicationTokensAsked, "gives": TokensShown, "scope": READ}
        issuing: dict[str, Any] = {"takes": ApplicationTokenWish, "gives": IssuedShown, "status": 201, **write}
        return (
            route("GET", "/applications", self.list_applications, **listing),
            route("POST", "/applications", self.create_application, **gives, **making),
            route("GET", _ONE, self.get_application, **one, scope=READ, tagged=True),
            route("PATCH", _ONE, self.change_application, takes=ApplicationPatch, **gives, tagged=True, **write),
            route("POST", f"{_ONE}/disable", self.disable_application, **one, **acting),
            route("POST", f"{_ONE}/enable", self.enable_application, **one, **acting),
            route("POST", f"{_ONE}/end", self.end_application, **one, **acting),
            route("POST", f"{_ONE}/transfer", self.transfer_application, takes=Transfer, **gives, tagged=True, **write),
            route("GET", f"{_ONE}/tokens", self.list_application_tokens, **tokens),
            route("POST", f"{_ONE}/tokens", self.create_application_token, **issuing),
        )

    async def list_applications(self, asked: Asked, query: ApplicationsAsked) -> Answer:
        """List applications, newest first."""
        own = asked.caller.team
        if own and query.team not in ("", own):
            return Answer(ApplicationsShown((), None))
        found = await self._gateway.applications.list(
            limit=query.limit + 1,
            before=read_cursor(_LIST, query.after) or "",
            search=query.q,
            team=own or query.team,
            state=query.state or "",
        )
        page = found[: query.limit]
        following = cursor(_LIST, page[-1].id) if len(found) > len(page) else None
        return Answer(ApplicationsShown(await self._shown(page), following))

    async def create_application(self, asked: Asked, wish: NewApplicationWish) -> Answer:
        """Make an application, of the caller's team where the caller has one."""
        said = {name: getattr(wish, name) for name in ("team", "owner", "description", "scopes", "tags", "metadata")}
        more = {**said, **new_bounds(wish), "giver": asked.minter, "by": asked.actor}
        application = await self._gateway.applications.add(wish.name, **more)
        (found,) = await self._shown([application])
        return Answer(found, 201, tag_of(found, *COUNTS), {"location": f"applications/{application.id}"})

    async def get_application(self, asked: Asked, nothing: Nothing) -> Answer:
        """Show one application."""
        return await self._one(await self._see(asked))

    async def change_application(self, asked: Asked, patch: ApplicationPatch) -> Answer:
        """Change an application and what its tokens may do, at once: null takes away, the rest stays (RFC 7396)."""

        def change(application: Application) -> ApplicationChange:
            asked.check_match(tag_of(shown(application), *COUNTS))
            return ApplicationChange(
                name=patch.name,
                owner=_or_empty(patch.owner, ""),
                description=_or_empty(patch.description, ""),
                scopes=patch.scopes if patch.scopes is UNSET else tuple(patch.scopes or ()),
                **changed_bounds(application, patch),
                tags=patch.tags if patch.tags is UNSET else tuple(patch.tags or ()),
                metadata=patch.metadata if patch.metadata is UNSET else merged(application.metadata, patch.metadata),
            )

        more: dict[str, Any] = {"giver": asked.minter, "by": asked.actor}
        return await self._one(there(await self._gateway.applications.change(asked.id, change, **more)))

    async def disable_application(self, asked: Asked, nothing: Nothing) -> Answer:
        """Switch an application and all of its tokens off, at once, until it is enabled."""
        return await self._act(asked, self._gateway.applications.disable)

    async def enable_application(self, asked: Asked, nothing: Nothing) -> Answer:
        """Switch an application on again, and what was disabled with it."""
        return await self._act(asked, self._gateway.applications.enable)

    async def end_application(self, asked: Asked, nothing: Nothing) -> Answer:
        """End an application and all of its tokens, at once and for good."""
        return await self._act(asked, self._gateway.applications.end)

    async def transfer_application(self, asked: Asked, wish: Transfer) -> Answer:
        """Give an application and all of its tokens to another team, or to none: that bounds it from then on."""
        return await self._act(asked, self._gateway.applications.transfer, wish.team)

    async def list_application_tokens(self, asked: Asked, query: ApplicationTokensAsked) -> Answer:
        """List the tokens that were made for an application, newest first, without those that they minted."""
        application = await self._see(asked)
        found = await self._gateway.store.list_tokens(
            limit=query.limit + 1,
            before=read_cursor(_TOKENS, query.after),
            search=query.q,
            state=query.state or "",
            parent=application.id,
            team=asked.caller.team,
            budgets=self._gateway.budgets.token,
        )
        page = found[: query.limit]
        following = cursor(_TOKENS, page[-1].id) if len(found) > len(page) else None
        return Answer(TokensShown(tuple(map(token_shown, page)), following))

    async def create_application_token(self, asked: Asked, wish: ApplicationTokenWish) -> Answer:
        """Make a token of an application; its secret is in the answer, this once."""
        words = ("name", "owner", "tags", "metadata", "environment", "rotate_days")
        said: dict[str, Any] = {word: getattr(wish, word) for word in words}
        scopes = {} if wish.scopes is UNSET else {"scopes": wish.scopes}
        more = {**said, **scopes, "expires_at": moment_of(wish.expires_at), **new_bounds(wish)}
        applications = self._gateway.applications
        made = there(await applications.issue(asked.id, giver=asked.minter, by=asked.actor, **more))
        found = issued(made.token, made.secret)
        return Answer(found, 201, tag_of(token_shown(made.token), *PASSING), {"location": f"tokens/{made.token.id}"})

    async def _act(self, asked: Asked, act: Callable[..., Awaitable[Application | None]], *more: str) -> Answer:
        def look(application: Application) -> None:
            asked.check_match(tag_of(shown(application), *COUNTS))

        return await self._one(there(await act(asked.id, *more, look=look, giver=asked.minter, by=asked.actor)))

    async def _shown(self, applications: Sequence[Application]) -> Sequence[ApplicationShown]:
        counts = await (await self._gateway.store.overviews()).of_applications([one.id for one in applications])
        return [shown(one, counts[one.id]) for one in applications]

    async def _one(self, application: Application) -> Answer:
        (found,) = await self._shown([application])
        return Answer(found, tag=tag_of(found, *COUNTS))

    async def _see(self, asked: Asked) -> Application:
        """Find the application of the path; raises `NotFound`, also for one of another team."""
        return there(await self._gateway.applications.get(asked.id, giver=asked.minter))


def _or_empty(said: T | UnsetType | None, empty: T) -> T | UnsetType:
    return empty if said is None else said


def there(found: T | None) -> T:
    """Give what was found; raises `NotFound` where it was not."""
    if found is None:
        raise NotFound("there is no such application")
    return found
