"""Making, changing, finding and ending OAuth clients."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol, Unpack

from tollbridge.audit import OPERATOR, Actor
from tollbridge.clients.model import HAVE_SECRETS, Client, ClientEdit, ClientRules, NewClient
from tollbridge.clients.wishes import changed_rules, checked_rules
from tollbridge.clock import Clock
from tollbridge.stores.changes import TokenChange, change_for
from tollbridge.stores.clients import ClientStore
from tollbridge.tokens.making import Wish
from tollbridge.tokens.model import (
    Principal,
    Token,
)
from tollbridge.tokens.service import DAY, TokenService
from tollbridge.tokens.wishes import (
    change_within,
)


class _Store(Protocol):
    async def clients(self) -> ClientStore: ...


@dataclass(frozen=True, slots=True)
class IssuedClient:
    """A client and, this once, its secret; empty where it has none."""

    client: Client
    secret: str = field(repr=False)


class ClientService:
    """Clients of one gateway.  What ends or switches them off is done to their tokens, by their ids."""

    def __init__(self, store: _Store, tokens: TokenService, clock: Clock) -> None:
        self._store = store
        self._tokens = tokens
        self._clock = clock

    async def add(
        self,
        rules: ClientRules,
        *,
        scopes: Iterable[str],
        minter: Principal | None = None,
        registered: str = "",
        by: Actor = OPERATOR,
        **wish: Unpack[Wish],
    ) -> IssuedClient:
        """Make a client; its secret, where it proves itself with one, is in the result and nowhere else.

        A `minter` gives no scope that it does not hold itself, and stands above the client from then on; so does the
        holder of the `team`. Raises `BadRequest` with `param`, and `Denied` (scope_beyond, out_of_reach).
        """
        checked = checked_rules(rules)
        has_secret = checked.auth_method in HAVE_SECRETS
        new, secret = await self._tokens.for_client(scopes, minter=minter, has_secret=has_secret, **wish)
        client = NewClient(new, checked, registered)
        found = await (await self._store.clients()).add(client, await self._tokens.act(by))
        return IssuedClient(found, secret)

    async def change(
        self,
        client_id: str,
        edit: ClientEdit,
        *,
        editor: Principal | None = None,
        by: Actor = OPERATOR,
    ) -> Client | None:
        """Change a client, at once, on every worker.  None if there is no such client.

        Raises `BadRequest` with `param` for what cannot be used, `Denied` (scope_beyond) for a scope the editor does
        not hold, and what the edit raises.
        """
        now = self._clock.now()

        def changed(client: Client) -> tuple[TokenChange, ClientRules]:
            wished = change_for(edit, client)
            return change_within(wished.token, editor, now), changed_rules(client.rules, wished)

        return await (await self._store.clients()).change(client_id, changed, await self._tokens.act(by))

    async def get(self, client_id: str) -> Client | None:
        """Find a client by its id."""
        return await (await self._store.clients()).get(client_id)

    async def find(
        self, *, limit: int = 50, before: str | None = None, search: str = "", team: str = ""
    ) -> Sequence[Client]:
        """List clients, newest first, as `ClientStore.find` does."""
        return await (await self._store.clients()).find(limit=limit, before=before, search=search, team=team)

    async def rotate(self, client_id: str, overlap: timedelta = DAY, *, by: Actor = OPERATOR) -> IssuedClient | None:
        """Make a further secret of a client, as `TokenService.rotate` does.  None if there is no such client."""
        if await self.get(client_id) is None:
            return None
        made = await self._tokens.rotate(client_id, overlap, by=by)
        client = await self.get(client_id)
        return None if made is None or client is None else IssuedClient(client, made.secret)

    async def disable(self, client_id: str, *, by: Actor = OPERATOR) -> Client | None:
        """Switch a client off, with every grant it has, at once, until it is enabled.  None if there is none."""
        return await self._after(client_id, self._tokens.disable, by)

    async def enable(self, client_id: str, *, by: Actor = OPERATOR) -> Client | None:
        """Switch a client on again, and what was disabled with it.  None if there is none."""
        return await self._after(client_id, self._tokens.enable, by)

    async def revoke(self, client_id: str, *, by: Actor = OPERATOR) -> Client | None:
        """End a client and every grant it has, at once and for good.  None if there is none."""
        return await self._after(client_id, self._tokens.revoke, by)

    async def _after(self, client_id: str, act: "_Acting", by: Actor) -> Client | None:
        if await self.get(client_id) is None:
            return None
        await act(client_id, by=by)
        return await self.get(client_id)


class _Acting(Protocol):
    async def __call__(self, token_id: str, *, by: Actor) -> Token | None: ...
