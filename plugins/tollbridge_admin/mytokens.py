"""Tokens of the caller's own person.

Whoever signs in, or shows a token that may do all that its person may, sees and keeps what that person owns, of the
caller's team where it has one. Any other token is for somebody's one use: it sees itself, and changes nothing here.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from tollbridge import Denied, Gateway, NotFound, Token
from tollbridge_admin.asking import Answer, Asked
from tollbridge_admin.paging import Cursor, Limit, cursor, read_cursor
from tollbridge_admin.reach import Reach
from tollbridge_admin.routes import ANY_TOKEN, Nothing, Route, route
from tollbridge_admin.speaking import person_of
from tollbridge_admin.tags import tag_of
from tollbridge_admin.tokendetails import TokenAsked, TokenDetailed, TokensDetailed, detailed, detailed_tag, plain
from tollbridge_admin.tokens import there
from tollbridge_admin.tokenshapes import PASSING, Details, IssuedShown, Rotation, State, TokenShown, Wish, issued, shown

_LIST = "my-tokens"
_ALL, _ONE = "/me/tokens", "/me/tokens/{id}"


class OwnTokensAsked(Wish, frozen=True):
    """Which of one's own tokens are listed."""

    q: Annotated[str, Meta(max_length=200, description="Part of a name or id.")] = ""
    state: State | UnsetType = UNSET
    details: Details = False
    limit: Limit = 50
    after: Cursor = ""


class MyTokens:
    """Answers for them."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._reach = Reach(gateway)

    def routes(self) -> Sequence[Route]:
        """Say what can be asked."""
        own: dict[str, Any] = {"scope": ANY_TOKEN, "also": (404,)}
        acting: dict[str, Any] = {"scope": ANY_TOKEN, "also": (404, 409), "may_be_bare": True, "tagged": True}
        one: dict[str, Any] = {"takes": TokenAsked, "gives": TokenDetailed, "tagged": True}
        return (
            route("GET", _ALL, self.list_own_tokens, takes=OwnTokensAsked, gives=TokensDetailed, scope=ANY_TOKEN),
            route("GET", _ONE, self.get_own_token, **one, **own),
            route("POST", f"{_ONE}/rotate", self.rotate_own_token, takes=Rotation, gives=IssuedShown, **acting),
            route("POST", f"{_ONE}/revoke", self.revoke_own_token, takes=Nothing, gives=TokenShown, **acting),
        )

    async def list_own_tokens(self, asked: Asked, query: OwnTokensAsked) -> Answer:
        """List the tokens of the caller's own person, newest first; of one that speaks for nobody itself alone."""
        owner = await self._owner(asked)
        found = await self._owned(asked, owner, query) if owner else await self._itself(asked, query)
        page = found[: query.limit]
        following = cursor(_LIST, page[-1].id) if len(found) > len(page) else None
        if query.details:
            return Answer(TokensDetailed(await detailed(self._gateway, asked.caller, page), following))
        return Answer(TokensDetailed(tuple(map(plain, page)), following))

    async def get_own_token(self, asked: Asked, query: TokenAsked) -> Answer:
        """Show a token of the caller's own person, or the caller itself."""
        token = await self._reach.see(asked.caller, asked.id)
        if token.id != asked.caller.id and token.owner != (await self._owner(asked) or None):
            raise NotFound("there is no such token")
        if not query.details:
            return Answer(shown(token), tag=_tag(token))
        (one,) = await detailed(self._gateway, asked.caller, (token,))
        return Answer(one, tag=detailed_tag(one))

    async def rotate_own_token(self, asked: Asked, wish: Rotation) -> Answer:
        """Give a token of the caller's own person a further secret, in the answer this once."""
        token = await self._mine(asked, widens=True)
        made = there(await self._gateway.tokens.rotate(token.id, timedelta(seconds=wish.overlap_s), by=asked.actor))
        await self._reach.check_within(asked.caller, made.token)  # it may have been widened meanwhile
        return Answer(issued(made.token, made.secret), tag=_tag(made.token))

    async def revoke_own_token(self, asked: Asked, nothing: Nothing) -> Answer:
        """Revoke a token of the caller's own person and those it minted, at once and for good."""
        token = await self._mine(asked)
        ended = there(await self._gateway.tokens.revoke(token.id, by=asked.actor))
        return Answer(shown(ended), tag=_tag(ended))

    async def _owner(self, asked: Asked) -> str:
        """Give the id of the person that the caller speaks for, empty where that is nobody."""
        try:
            return (await person_of(self._gateway, asked)).id
        except (NotFound, Denied):
            return ""

    async def _owned(self, asked: Asked, owner: str, query: OwnTokensAsked) -> Sequence[Token]:
        return await self._gateway.store.list_tokens(
            limit=query.limit + 1,
            before=read_cursor(_LIST, query.after),
            search=query.q,
            state=query.state or "",
            team=asked.caller.team,
            owner=owner,
            budgets=self._gateway.budgets.token,
        )

    async def _itself(self, asked: Asked, query: OwnTokensAsked) -> Sequence[Token]:
        if read_cursor(_LIST, query.after) is not None:
            return ()
        token = await self._gateway.store.get_token(asked.caller.id)
        if token is None or query.state not in (UNSET, token.state.value):
            return ()
        return (token,) if query.q.lower() in f"{token.name} {token.id}".lower() else ()

    async def _mine(self, asked: Asked, *, widens: bool = False) -> Token:
        """Find a token that the caller may change here; raises `NotFound` and `Denied`."""
        person = await person_of(self._gateway, asked)
        token = await self._reach.see(asked.caller, asked.id)
        if token.owner != person.id:
            raise NotFound("there is no such token")
        await self._reach.touch(asked.caller, token.id, itself=True, widens=widens)
        asked.check_match(_tag(token))
        return token


def _tag(token: Token) -> str:
    return tag_of(shown(token), *PASSING)
