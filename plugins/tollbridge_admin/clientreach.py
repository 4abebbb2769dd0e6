"""Which clients a caller sees: with a team, its team's alone."""

from tollbridge import Gateway, NotFound, Principal, Token
from tollbridge.administering import Client


class ClientReach:
    """Finds clients for a caller."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def see(self, caller: Principal, client_id: str) -> Client:
        """Find a client that the caller may see; raises `NotFound`, also for one of another team."""
        found = await self._gateway.clients.get(client_id)
        if found is None or (caller.team and found.token.team != caller.team):
            raise NotFound("there is no such client")
        return found

    async def token(self, caller: Principal, client_id: str) -> Token:
        """Give its token, which is what it may do."""
        return (await self.see(caller, client_id)).token
