"""Whether whoever set where a new secret is handed over still may: a place does not outlive their rights."""

from tollbridge.errors import Denied
from tollbridge.stores.base import Store
from tollbridge.tokens.lineage import lineage
from tollbridge.tokens.model import Principal, Token

WRITE = "admin:tokens:write"
"""What whoever sets a place must hold, beside all that the token may do."""
GONE = "the token of whoever set the place opens nothing any more; have somebody set it anew"
MAY_NOT = "whoever set the place may not set it any more; have somebody who may set it anew"


class Setters:
    """Knows them by their tokens; the operator of the machine has none, and may for ever."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def refusal(self, set_by: str, token: Token) -> str:
        """Say why a token's secret is not handed over where they said, empty where it is.  Raises `Unavailable`.

        They need what setting a place needs: to be live, in the token's team or none, `WRITE`, and all that the token
        may do, unless it stands below theirs. None sets a place for itself or for one above it.
        """
        if not set_by:
            return ""
        setter = await self._store.find_holder(set_by)
        if setter is None or setter.canary:
            return GONE
        if WRITE not in setter.scopes or setter.team not in ("", token.team):
            return MAY_NOT
        if token.id == setter.id or token.id in await self._above(setter.id):
            return MAY_NOT
        if setter.scopes.lacking(token.scopes) and setter.id not in await self._above(token.id):
            return MAY_NOT
        return ""

    async def _above(self, token_id: str) -> set[str]:
        return {token.id for token in (await lineage(self._store, token_id))[1:]}


def known_as(setter: Principal | None) -> str:
    """Give the token by which somebody is known later; raises `Denied` where they show none of this bridge's."""
    if setter is None:
        return ""
    if setter.outside:
        raise Denied("whoever sets where secrets are handed over needs a token of this bridge", code="out_of_reach")
    return setter.id
