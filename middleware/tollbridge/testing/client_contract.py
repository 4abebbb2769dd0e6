"""What every store promises about OAuth clients, as tests.  Subclass as `StoreContract` says."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from tollbridge.clients.model import AuthMethod, Client, ClientRules, GrantType, NewClient
from tollbridge.errors import BadRequest, Unavailable
from tollbridge.stores.base import Store
from tollbridge.stores.changes import NewSecret, TokenChange
from tollbridge.testing.samples import ACT, NOON, TOKEN
from tollbridge.tokens.model import SecretUse, TokenKind, TokenState

RULES = ClientRules(
    auth_method=AuthMethod.BASIC,
    grants=(GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN),
    redirect_uris=("https://app.example/done", "http://127.0.0.1/done"),
    about_url="https://app.example",
    trusted=True,
    access_s=300,
    refresh_s=3_600,
)


def new_client(number: int = 1, rules: ClientRules = RULES, **values: object) -> NewClient:
    """Make a client; the digest of its secret is its number, 32 times."""
    token = replace(TOKEN, id=f"client_{number}", digest=b"%d" % number * 32, use=SecretUse.CLIENT)
    return NewClient(replace(token, **values), rules)  # type: ignore[arg-type]  # fields by their names


async def added(store: Store, number: int = 1, rules: ClientRules = RULES, **values: object) -> Client:
    """Write such a client."""
    return await (await store.clients()).add(new_client(number, rules, **values), ACT)


def distrusted(client: Client) -> tuple[TokenChange, ClientRules]:
    """Have people asked about a client, which has another name then."""
    return TokenChange(name="renamed"), replace(client.rules, trusted=False)


class ClientContract:
    """Tests of `ClientStore`."""

    async def test_client_comes_back_as_it_was_written(self, store: Store) -> None:
        made = await added(store)

        assert made == await (await store.clients()).get("client_1")
        assert (made.id, made.rules, made.registered, made.created_at) == ("client_1", RULES, "", NOON)
        assert (made.token.kind, made.token.state) == (TokenKind.SECRET, TokenState.ACTIVE)
        assert [secret.hint for secret in made.token.secrets] == [TOKEN.hint]
        assert await (await store.clients()).get("client_2") is None

    async def test_client_that_signs_is_kept_with_its_keys_and_no_secret(self, store: Store) -> None:
        rules = ClientRules(AuthMethod.PRIVATE_KEY, (GrantType.CLIENT_CREDENTIALS,), keys='{"keys":[]}')

        made = await added(store, 1, rules, digest=b"", hint="")

        assert (made.rules, made.token.secrets) == (rules, ())

    async def test_client_and_its_token_are_written_together_or_not_at_all(self, store: Store) -> None:
        await added(store)

        with pytest.raises(BadRequest) as refused:
            await added(store, 1, name="another")

        assert refused.value.status == 409
        assert [client.token.name for client in await (await store.clients()).find()] == ["reporting job"]

    async def test_each_change_of_a_client_is_one_record(self, store: Store) -> None:
        clients = await store.clients()
        await added(store)

        await clients.change("client_1", distrusted, ACT)

        added_record, changed = reversed(await store.list_audit(target="client_1"))
        assert (added_record.action, changed.action) == ("client.add", "client.change")
        assert '"auth_method":"client_secret_basic"' in added_record.after
        assert changed.before == '{"name":"reporting job","trusted":true}'
        assert changed.after == '{"name":"renamed","trusted":false}'

    async def test_change_holds_for_token_and_rules_alike(self, store: Store) -> None:
        clients = await store.clients()
        await added(store)
        rules = replace(RULES, grants=(GrantType.AUTHORIZATION_CODE,), redirect_uris=("https://app.example/b",))

        changed = await clients.change("client_1", lambda _: (TokenChange(scopes=("ai:chat",)), rules), ACT)

        assert changed is not None
        assert changed == await clients.get("client_1")
        assert (changed.rules, changed.token.scopes) == (rules, ("ai:chat",))
        assert await clients.change("client_2", distrusted, ACT) is None

    async def test_changes_of_a_client_at_the_same_time_each_begin_with_what_others_left(self, store: Store) -> None:
        clients = await store.clients()
        await added(store)

        def more(client: Client) -> tuple[TokenChange, ClientRules]:
            change = TokenChange(metadata={**client.token.metadata, str(len(client.token.metadata)): "x"})
            return change, replace(client.rules, access_s=client.rules.access_s + 1)

        await asyncio.gather(*(clients.change("client_1", more, ACT) for _ in range(8)))

        found = await clients.get("client_1")
        assert found is not None
        assert found.rules == replace(RULES, access_s=RULES.access_s + 8)
        assert len(found.token.metadata) == len(TOKEN.metadata) + 8

    async def test_change_that_is_refused_when_it_sees_the_client_leaves_all_as_it_was(self, store: Store) -> None:
        clients = await store.clients()
        await added(store)
        before = await clients.get("client_1")

        def refuse(client: Client) -> tuple[TokenChange, ClientRules]:
            assert client == before
            raise BadRequest("no")

        with pytest.raises(BadRequest):
            await clients.change("client_1", refuse, ACT)

        assert await clients.get("client_1") == before
        assert len(await store.list_audit(target="client_1")) == 1

    async def test_revoked_client_is_not_changed(self, store: Store) -> None:
        clients = await store.clients()
        await added(store)
        await store.revoke_token("client_1", ACT)

        with pytest.raises(BadRequest) as refused:
            await clients.change("client_1", distrusted, ACT)

        assert refused.value.status == 409
        found = await clients.get("client_1")
        assert found is not None
        assert (found.rules.trusted, found.token.state) == (True, TokenState.REVOKED)

    async def test_clients_are_listed_newest_first_a_page_at_a_time(self, store: Store) -> None:
        clients = await store.clients()
        for number in range(1, 5):
            await added(store, number, name=f"Client {number}", team="blue" if number % 2 else "red")
        await store.add_token(replace(TOKEN, digest=b"t" * 32), ACT)

        async def found(**wanted: object) -> list[str]:
            return [client.id for client in await clients.find(**wanted)]  # type: ignore[arg-type]  # by name

        assert await found() == ["client_4", "client_3", "client_2", "client_1"]
        assert await found(limit=2) == ["client_4", "client_3"]
        assert await found(before="client_3") == ["client_2", "client_1"]
        assert await found(team="red") == ["client_4", "client_2"]
        assert await found(search="CLIENT 3") == ["client_3"]
        assert await found(search="%") == []
        with pytest.raises(ValueError, match="limit 0"):
            await clients.find(limit=0)

    async def test_further_secret_of_a_client_opens_nothing_by_itself_either(self, store: Store) -> None:
        await added(store)
        new = NewSecret(b"n" * 32, "tb_new", "1", NOON + timedelta(seconds=1))

        await store.rotate_token("client_1", new, NOON + timedelta(days=1), ACT)

        client = await (await store.clients()).get("client_1")
        assert client is not None
        assert [secret.hint for secret in client.token.secrets] == ["tb_new", TOKEN.hint]
        assert await store.find_principal(b"n" * 32) is None

    async def test_client_without_a_secret_is_given_none(self, store: Store) -> None:
        await added(store, 1, replace(RULES, auth_method=AuthMethod.NONE), digest=b"")

        with pytest.raises(BadRequest, match="no secret") as refused:
            await store.rotate_token("client_1", NewSecret(b"n" * 32, "tb_new", "1", NOON), NOON, ACT)

        assert refused.value.status == 409

    async def test_closed_store_has_no_clients(self, store: Store) -> None:
        clients = await store.clients()
        await clients.find()
        await store.close()

        with pytest.raises(Unavailable):
            await store.clients()
