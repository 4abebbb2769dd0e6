"""A client, what somebody lets it do, and what was issued for that, written without the pages that people see."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tollbridge.audit import Actor
from tollbridge.gateway import Gateway
from tollbridge.grants.model import Consent, Lent
from tollbridge.testing.client_contract import added
from tollbridge.tokens.conditions import Conditions
from tollbridge.tokens.model import TokenLimits
from tollbridge.tokens.secret import ISSUED

BY = Actor("operator", "code")


@dataclass(frozen=True)
class Lending:
    """The ids of a holder and of the grant below it and the client, and secrets of all that lives."""

    client: str
    holder: str
    grant: str
    access: str
    refresh: str
    secret: str


async def lend(gateway: Gateway, number: int = 7) -> Lending:
    """Write a holder, a client of that number and a grant, and issue an access and a refresh token.

    Its signature is none: the gateway knows it by its digest.
    """
    scopes = ("ai:*", "model:*")
    bare = {"limits": TokenLimits(), "budget": None, "conditions": Conditions(), "expires_at": None}
    client = await added(gateway.store, number, scopes=scopes, **bare)
    holder = await gateway.tokens.issue(name="person", scopes=scopes)
    consent = Consent(holder=holder.token.id, client_id=client.id, scopes=scopes, owner="", team="", name="Notes")
    grant = await gateway.grants.agree(consent, by=BY)
    access, refresh = await issue(gateway, client.id, grant)
    rotated = await gateway.clients.rotate(client.id)
    assert rotated is not None
    return Lending(client.id, holder.token.id, grant, access, refresh, rotated.secret)


async def issue(gateway: Gateway, client: str, grant: str) -> tuple[str, str]:
    """Issue an access and a refresh token of a grant."""
    lent = Lent(client_id=client, grant_id=grant, scopes=("ai:*", "model:*"), confirmed_at=None)
    async with gateway.grants.transaction() as granting:
        refresh = await granting.issue_refresh(lent, 3_600)
        access = f"{ISSUED.decode()}.{refresh}.none"
        await granting.issue_access(access, lent, grant, 600)
    return access, refresh


@asynccontextmanager
async def administered(config: Path) -> AsyncIterator[Gateway]:
    """Open the store of a configuration beside the processes that serve it."""
    gateway = Gateway(config, serves=False)
    async with gateway.administered():
        yield gateway
