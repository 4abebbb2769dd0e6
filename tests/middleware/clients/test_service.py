"""Making, changing and ending OAuth clients, on a real store."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from tollbridge.audit import Actor
from tollbridge.clients.model import AuthMethod, Client, ClientChange, ClientRules, GrantType
from tollbridge.clients.service import ClientService, IssuedClient
from tollbridge.errors import BadRequest, Denied
from tollbridge.stores.changes import TokenChange
from tollbridge.stores.sqlite import SqliteStore
from tollbridge.testing import FixedClock
from tollbridge.testing.blank import lay_database
from tollbridge.testing.samples import sample_key
from tollbridge.tokens.model import TokenKind, TokenLimits, TokenState
from tollbridge.tokens.peppers import OnePepper
from tollbridge.tokens.secret import digest
from tollbridge.tokens.service import TokenService

PEPPER = b"p" * 32
RULES = ClientRules(AuthMethod.BASIC, (GrantType.CLIENT_CREDENTIALS,))
ADA = Actor("ada", "api")


@dataclass
class Office:
    store: SqliteStore
    clock: FixedClock
    tokens: TokenService
    clients: ClientService

    async def add(self, rules: ClientRules = RULES, **options: Any) -> IssuedClient:
        return await self.clients.add(rules, **{"name": "Notes", "scopes": ("ai:chat",), "by": ADA, **options})

    async def proves(self, client_id: str, secret: bytes) -> bool:
        return await (await self.store.credentials()).find_secret(client_id, [digest(PEPPER, secret)]) is not None


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    clock = FixedClock()
    store = SqliteStore(lay_database(tmp_path / "t.db"), clock)
    await store.open()
    hashes = OnePepper(PEPPER)
    tokens = TokenService(store, store, hashes, clock, audit_key=sample_key)
    yield Office(store, clock, tokens, ClientService(store, tokens, clock))
    await store.close()


async def test_client_is_made_with_a_secret_that_proves_it_and_opens_nothing(office: Office) -> None:
    made = await office.add()

    assert made.client.id.startswith("client_")
    assert (made.client.token.kind, made.client.token.name) == (TokenKind.SECRET, "Notes")
    assert made.client.rules == RULES
    assert await office.proves(made.client.id, made.secret.encode())
    assert await office.tokens.identify(made.secret.encode()) is None
    assert made.secret not in repr(made)
    (record,) = await office.store.list_audit(action="client.add")
    assert (record.actor, record.target) == (ADA, made.client.id)
    assert made.secret not in record.after


async def test_client_that_has_no_secret_is_given_none(office: Office) -> None:
    made = await office.add(ClientRules(AuthMethod.NONE, (GrantType.DEVICE_CODE,)))

    assert (made.secret, made.client.token.secrets, made.client.has_secret) == ("", (), False)
    assert (await office.add()).client.has_secret
    with pytest.raises(BadRequest, match="no secret"):
        await office.clients.rotate(made.client.id)


async def test_minter_gives_no_more_than_it_holds_and_stands_above(office: Office) -> None:
    issued = await office.tokens.issue(name="minter", scopes=("ai:*",))
    minter = await office.tokens.identify(issued.secret.encode())

    made = await office.add(minter=minter)
    with pytest.raises(Denied):
        await office.add(minter=minter, scopes=("model:*",))
    wider = ClientChange(token=TokenChange(scopes=("model:*",)))
    with pytest.raises(Denied):
        await office.clients.change(made.client.id, wider, editor=minter)

    assert made.client.token.parent == issued.token.id
    changed = await office.clients.change(
        made.client.id, ClientChange(token=TokenChange(scopes=("ai:embeddings",))), editor=minter
    )
    assert changed is not None
    assert changed.token.scopes == ("ai:embeddings",)


async def test_what_cannot_be_used_is_refused_before_anything_is_written(office: Office) -> None:
    for options in ({"name": " "}, {"scopes": ()}, {"scopes": ("x",)}, {"rotate_days": -1}, {"tags": ("a b",)}):
        with pytest.raises(BadRequest):
            await office.add(**options)
    with pytest.raises(BadRequest):
        await office.add(ClientRules(AuthMethod.BASIC, ()))

    assert list(await office.clients.find()) == []


async def test_client_is_found_changed_and_listed(office: Office) -> None:
    made = await office.add(team="blue", owner=" ada ")

    changed = await office.clients.change(made.client.id, ClientChange(access_s=120, token=TokenChange(name=" Other ")))

    assert changed == await office.clients.get(made.client.id)
    assert changed is not None
    assert (changed.rules.access_s, changed.token.name, changed.token.owner) == (120, "Other", "ada")
    assert list(await office.clients.find(team="blue")) == [changed]
    assert await office.clients.change("client_0", ClientChange()) is None


async def test_changes_at_the_same_time_undo_nothing_of_each_other_and_see_what_they_change(office: Office) -> None:
    made, seen = await office.add(), []

    def change_to(**wished: Any) -> Callable[[Client], ClientChange]:
        def change(client: Client) -> ClientChange:
            seen.append(client.rules)
            limits = structs.replace(client.token.limits, **wished)
            return ClientChange(access_s=client.rules.access_s + 60, token=TokenChange(limits=limits))

        return change

    edits = (change_to(requests_per_minute=1), change_to(concurrency=2))
    await asyncio.gather(*(office.clients.change(made.client.id, edit) for edit in edits))

    found = await office.clients.get(made.client.id)
    assert found is not None
    assert found.rules.access_s == RULES.access_s + 120
    assert found.token.limits == TokenLimits(requests_per_minute=1, concurrency=2)
    assert seen[0] == RULES != seen[1]


async def test_owner_that_is_a_persons_id_is_given_by_that_person_alone(office: Office) -> None:
    issued = await office.tokens.issue(name="ada's", scopes=("ai:*",), owner="per_1")
    ada = await office.tokens.identify(issued.secret.encode())

    with pytest.raises(Denied) as caught:
        await office.add(owner="per_2", minter=ada)

    assert (caught.value.code, caught.value.param) == ("out_of_reach", "owner")
    assert list(await office.clients.find()) == []
    assert (await office.add(owner="per_1", minter=ada)).client.token.owner == "per_1"


async def test_two_secrets_prove_it_while_they_overlap(office: Office) -> None:
    made = await office.add()
    id = made.client.id

    newer = await office.clients.rotate(id, timedelta(hours=1), by=ADA)

    assert newer is not None
    assert len(newer.client.token.secrets) == 2
    shown = [secret.encode() for secret in (made.secret, newer.secret)]
    assert [await office.proves(id, secret) for secret in shown] == [True, True]
    office.clock.advance(3_600)
    assert [await office.proves(id, secret) for secret in shown] == [False, True]
    for wrong in (b"", b"x", b"\xff", made.secret.encode()[:-1], newer.secret.encode() + b"x"):
        assert not await office.proves(id, wrong)
    assert not await office.proves("client_0", shown[1])
    assert await office.clients.rotate("client_0") is None


async def test_client_is_switched_off_and_on_and_ended(office: Office) -> None:
    id = (await office.add()).client.id

    acts = (office.clients.disable, office.clients.enable, office.clients.revoke)
    found = [await act(id, by=ADA) for act in acts]

    assert [one.token.state for one in found if one] == [TokenState.DISABLED, TokenState.ACTIVE, TokenState.REVOKED]
    assert [await act("client_0", by=ADA) for act in acts] == [None] * 3


async def test_token_that_is_no_client_is_not_ended_as_one(office: Office) -> None:
    issued = await office.tokens.issue(name="x")

    assert await office.clients.revoke(issued.token.id) is None

    assert await office.tokens.identify(issued.secret.encode()) is not None
