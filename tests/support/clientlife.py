"""The secret of an OAuth client that changes by itself, over any store."""

from pathlib import Path

from tests.support.crashing import DAY_S, OVERLAP_S, Bridge

from tollbridge.audit import OPERATOR
from tollbridge.clients.model import AuthMethod, ClientRules, GrantType


async def check_client_rotation(bridge: Bridge) -> None:
    """A client's secret that is due by policy is handed over by the job; both prove the client in the overlap."""
    gateway, rules = bridge.gateway, ClientRules(AuthMethod.BASIC, (GrantType.CLIENT_CREDENTIALS,))
    made = await gateway.clients.add(rules, name="Notes", scopes=("ai:chat",), by=OPERATOR)
    token = made.client.token
    await gateway.rotations.set(token, into=f"file:{token.id}", days_before=14, overlap_s=OVERLAP_S, by=OPERATOR)
    assert await handed_over(bridge, token.id) == ""

    bridge.clock.advance(77 * DAY_S)
    new = await handed_over(bridge, token.id)

    assert await proves(bridge, token.id, made.secret, new) == [True, True]
    assert await bridge.opens([new]) == [False]  # it is a client's: as a bearer token it opens nothing
    found = await gateway.clients.get(token.id)
    assert found is not None
    assert len(found.token.secrets) == 2
    bridge.clock.advance(OVERLAP_S)
    assert await proves(bridge, token.id, made.secret, new) == [False, True]
    records = await gateway.store.list_audit(target=token.id)
    actions = [record.action for record in records][::-1]
    assert actions == ["client.add", "token.set_rotation", "token.rotate", "token.rotated_automatically"]

    bridge.clock.advance(77 * DAY_S)
    third = await handed_over(bridge, token.id)
    assert third != new
    assert await proves(bridge, token.id, new, third) == [True, True]


async def handed_over(bridge: Bridge, name: str) -> str:
    """Do the job; gives what lies in the file then, empty where there is none."""
    await bridge.gateway.jobs.known["rotate_secrets"].run(bridge.gateway)
    path: Path = bridge.folder / name
    return path.read_text().strip() if path.exists() else ""


async def proves(bridge: Bridge, client_id: str, *secrets: str) -> list[bool]:
    """Say which secrets prove the client."""
    prove = bridge.gateway.credentials.prove
    return [await prove(client_id, secret) is not None for secret in secrets]
