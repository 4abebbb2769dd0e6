"""Tokens: listed, made, changed, rotated, switched and ended."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from tollbridge import Denied, Gateway, NotFound, Token
from tollbridge.administering import TokenChange
from tollbridge_admin.asking import Answer, Asked
from tollbridge_admin.paging import cursor, read_cursor
from tollbridge_admin.reach import Reach
from tollbridge_admin.routes import Nothing, Route, route
from tollbridge_admin.tags import tag_of
from tollbridge_admin.tokencounts import CountsAsked, TokenCountsShown, counts_shown
from tollbridge_admin.tokendetails import TokenAsked, TokenDetailed, TokensDetailed, detailed, detailed_tag, plain
from tollbridge_admin.tokenshapes import (
    PASSING,
    IssuedShown,
    ManyRevoked,
    ManyTokens,
    NewTokenWish,
    RevokedShown,
    Rotation,
    TokenPatch,
    TokensAsked,
    TokenShown,
    issued,
    shown,
)
from tollbridge_admin.wishes import change_of, new_token, touches_rights

READ, WRITE = "admin:tokens:read", "admin:tokens:write"
_LIST = "tokens"
_ONE = "/tokens/{id}"

T = TypeVar("T")


class Tokens:
    """Answers for tokens."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._reach = Reach(gateway)

    def routes(self) -> Sequence[Route]:
        """Say what can be asked."""
        write: dict[str, Any] = {"scope": WRITE, "also": (409,)}
        acting: dict[str, Any] = {**write, "may_be_bare": True, "tagged": True}
        one: dict[str, Any] = {"takes": Nothing, "gives": TokenShown}
        return (
            route("GET", "/tokens", self.list_tokens, takes=TokensAsked, gives=TokensDetailed, scope=READ),
            route("GET", "/tokens/counts", self.count_tokens, takes=CountsAsked, gives=TokenCountsShown, scope=READ),
            route("POST", "/tokens", self.create_token, takes=NewTokenWish, gives=IssuedShown, status=201, **write),
            route("POST", "/tokens/revoke", self.revoke_tokens, takes=ManyTokens, gives=ManyRevoked, scope=WRITE),
            route("GET", _ONE, self.get_token, takes=TokenAsked, gives=TokenDetailed, scope=READ, tagged=True),
            route("PATCH", _ONE, self.change_token, takes=TokenPatch, gives=TokenShown, tagged=True, **write),
            route("POST", f"{_ONE}/rotate", self.rotate_token, takes=Rotation, gives=IssuedShown, **acting),
            route("POST", f"{_ONE}/disable", self.disable_token, **one, **acting),
            route("POST", f"{_ONE}/enable", self.enable_token, **one, **acting),
            route("POST", f"{_ONE}/revoke", self.revoke_token, **one, **acting),
        )

    async def list_tokens(self, asked: Asked, query: TokensAsked) -> Answer:
        """List tokens, newest first."""
        own = asked.caller.team
        if own and query.team not in ("", own):
            return Answer(TokensDetailed((), None))
        found = await self._gateway.store.list_tokens(
            limit=query.limit + 1,
            before=read_cursor(_LIST, query.after) or query.before or None,
            search=query.q,
            state=query.state or "",
            parent=query.parent,
            team=own or query.team,
            owner=query.owner,
            budgets=self._gateway.budgets.token,
        )
        page = found[: query.limit]
        following = cursor(_LIST, page[-1].id) if len(found) > len(page) else None
        if query.details:
            return Answer(TokensDetailed(await detailed(self._gateway, asked.caller, page), following))
        return Answer(TokensDetailed(tuple(map(plain, page)), following))

    async def count_tokens(self, asked: Asked, query: CountsAsked) -> Answer:
        """Count tokens by state, and by what needs somebody."""
        own = asked.caller.team
        if own and query.team not in ("", own):
            return Answer(TokenCountsShown())
        budgets = self._gateway.budgets.token
        return Answer(counts_shown(await self._gateway.store.count_tokens(budgets=budgets, team=own or query.team)))

    async def create_token(self, asked: Asked, wish: NewTokenWish) -> Answer:
        """Make a token below the caller's; its secret is in the answer, this once."""
        made = await self._gateway.tokens.issue(**new_token(wish), minter=asked.minter, by=asked.actor)
        found = issued(made.token, made.secret)
        return Answer(found, 201, _tag(made.token), {"location": f"tokens/{made.token.id}"})

    async def revoke_tokens(self, asked: Asked, wish: ManyTokens) -> Answer:
        """Revoke several tokens and those they minted, at once and for good; each has a result of its own."""
        results = []
        for token_id in wish.ids:
            try:
                await self._reach.touch(asked.caller, token_id, itself=True)
                await self._gateway.tokens.revoke(token_id, by=asked.actor)
                results.append(RevokedShown(token_id, "revoked"))
            except NotFound:
                results.append(RevokedShown(token_id, "not_found"))
            except Denied:
                results.append(RevokedShown(token_id, "out_of_reach"))
        return Answer(ManyRevoked(results))

    async def get_token(self, asked: Asked, query: TokenAsked) -> Answer:
        """Show one token."""
        token = await self._reach.see(asked.caller, asked.id)
        if not query.details:
            return _one(token)
        (one,) = await detailed(self._gateway, asked.caller, (token,))
        return Answer(one, tag=detailed_tag(one))

    async def change_token(self, asked: Asked, patch: TokenPatch) -> Answer:
        """Change a token, at once: what is not there stays, null takes away (RFC 7396)."""
        await self._reach.touch(asked.caller, asked.id, widens=touches_rights(patch))

        def change(token: Token) -> TokenChange:
            asked.check_match(_tag(token))
            return change_of(token, patch)

        return _one(there(await self._gateway.tokens.change(asked.id, change, editor=asked.minter, by=asked.actor)))

    async def rotate_token(self, asked: Asked, wish: Rotation) -> Answer:
        """Give a token a further secret, in the answer this once; the old one opens for the overlap."""
        token = await self._reach.touch(asked.caller, asked.id, itself=True, widens=True)
        asked.check_match(_tag(token))
        overlap = timedelta(seconds=wish.overlap_s)
        made = there(await self._gateway.tokens.rotate(token.id, overlap, by=asked.actor))
        await self._reach.check_within(asked.caller, made.token)  # it may have been widened meanwhile
        return Answer(issued(made.token, made.secret), tag=_tag(made.token))

    async def disable_token(self, asked: Asked, nothing: Nothing) -> Answer:
        """Switch a token and those it minted off, at once, until it is enabled."""
        return await self._act(asked, self._gateway.tokens.disable)

    async def enable_token(self, asked: Asked, nothing: Nothing) -> Answer:
        """Switch a token on again, and those that were disabled with it."""
        return await self._act(asked, self._gateway.tokens.enable, widens=True)

    async def revoke_token(self, asked: Asked, nothing: Nothing) -> Answer:
        """Revoke a token and those it minted, at once and for good."""
        return await self._act(asked, self._gateway.tokens.revoke, itself=True)

    async def _act(self, asked: Asked, act: Callable[..., Awaitable[Token | None]], **reach: bool) -> Answer:
        token = await self._reach.touch(asked.caller, asked.id, **reach)
        asked.check_match(_tag(token))
        return _one(there(await act(token.id, by=asked.actor)))


def _tag(token: Token) -> str:
    return tag_of(shown(token), *PASSING)


def _one(token: Token) -> Answer:
    return Answer(shown(token), tag=_tag(token))


def there(found: T | None) -> T:
    """Give what was found; raises `NotFound` where it was not."""
    if found is None:
        raise NotFound("there is no such token")
    return found
