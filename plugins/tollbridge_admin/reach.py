"""Which tokens a caller sees and touches.

A caller with a team sees its team's tokens alone. What stands above the caller is out of its reach, and so is itself
but for rotating and ending it. What hands out a secret, or may widen a token, needs all that the token may do; tokens
below the caller are bound by it anyway.
"""

from collections.abc import Collection

from tollbridge import Denied, Gateway, NotFound, Principal, Token
from tollbridge.administering import HOLDERS, SERVICE, SUBSCRIPTION, lineage


class Reach:
    """Finds tokens for a caller."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def see(self, caller: Principal, token_id: str) -> Token:
        """Find a token that the caller may see; raises `NotFound`, also for one of another team, and what no token is.

        What holds what a team or a member may do is changed with them alone.
        """
        token = await self._gateway.store.get_token(token_id)
        if token is None or token.kind in HOLDERS or (caller.team and token.team != caller.team):
            raise NotFound("there is no such token")
        return token

    async def see_target(self, caller: Principal, target: str) -> None:
        """Look whether a caller with a team may read what befell something; raises `NotFound`.

        That is what holds the team's rights, or a member's, a token or an application of it, a service of it, or a
        subscription to the one or of the other.
        """
        ids = [target]
        if target.startswith(SUBSCRIPTION):
            one = await (await self._gateway.store.subscriptions()).get_subscription(target)
            ids = [] if one is None else [one.service_id, one.application]
        if caller.team not in [await self._team_of(id) for id in ids]:
            raise NotFound("there is no such thing of your team")

    async def _team_of(self, id: str) -> str:
        store = self._gateway.store
        found = await ((await store.services()).get_service(id) if id.startswith(SERVICE) else store.get_token(id))
        return "" if found is None else found.team

    async def touch(self, caller: Principal, token_id: str, *, itself: bool = False, widens: bool = False) -> Token:
        """Find a token that the caller may change; raises `NotFound`, or `Denied` with `out_of_reach`.

        `itself`: the caller may do this to itself. `widens`: it needs all that the token may do.
        """
        token = await self.see(caller, token_id)
        if token.id == caller.id:
            if itself:
                return token
            raise _beyond("a token does not change itself; it can be rotated and revoked")
        if token.id in await self._above(caller.id):
            raise _beyond("this token stands above yours")
        if widens:
            await self.check_within(caller, token)
        return token

    async def check_within(self, caller: Principal, token: Token) -> None:
        """Refuse a token that may do more than the caller and is not below it; raises `Denied` (scope_beyond)."""
        beyond = caller.scopes.lacking(token.scopes)
        if beyond and token.id != caller.id and caller.id not in await self._above(token.id):
            raise Denied(
                f"this token holds {beyond[0]!r}, which reaches beyond what you may do yourself", code="scope_beyond"
            )

    async def _above(self, token_id: str) -> Collection[str]:
        """Give the ids of all above a token."""
        return [token.id for token in (await lineage(self._gateway.store, token_id))[1:]]


def _beyond(why: str) -> Denied:
    return Denied(why, code="out_of_reach")
