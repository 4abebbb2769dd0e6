"""Running calls end with the very secret that let them in, on both stores, and those of outside callers in time."""

import asyncio
import base64
import hmac
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from functools import partial
from hashlib import sha256
from pathlib import Path

import pytest
from tests.live.looking import eventually
from tests.live.test_cutting import CHAT_EVENT, CLAUDE, WITHIN_S, bridge, error_of, streams
from tests.plugins.signed.conftest import CHAT, PUBLIC, Wire, digest_of, signs_with
from tests.support.jwts import AUDIENCE, ISSUER, jwks, signer, token
from tests.support.lending import Lending, administered, issue, lend
from tests.support.live import LiveGateway, mock_config
from tests.support.postgres import PostgresServer
from tests.support.requires import requires

from tollbridge.credentials import CredentialKind, CredentialWish, IssuedCredential
from tollbridge.gateway import Gateway
from tollbridge.testing.upstream import ScriptedUpstream
from tollbridge.tokens.service import IssuedToken

End = Callable[[Gateway, Lending], Awaitable[object]]
WORKERS = 3
OUTSIDE = """
[identity.jwt.issuers.corp]
issuer = "{issuer}"
audience = "{audience}"
jwks_url = "{keys}/jwks"
scopes = ["ai:*", "model:*"]
leeway_s = 0.0
allow_private = true
"""
SIGNED = f"""public_url = "{PUBLIC}"
[identity.signed]
[identity.aksk]
[identity.basic]
"""
ENDS: dict[str, End] = {
    "the token is dropped": lambda gateway, lent: gateway.grants.drop_access(lent.access.encode()),
    "its grant ends": lambda gateway, lent: gateway.grants.end(lent.grant),
    "its client is switched off": lambda gateway, lent: gateway.clients.disable(lent.client),
    "its holder is revoked": lambda gateway, lent: gateway.tokens.revoke(lent.holder),
}


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=requires("postgres"))])
def store(request: pytest.FixtureRequest) -> Iterator[str]:
    """Give the configuration of a store of its own."""
    if request.param == "sqlite":
        yield ""
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = server.make_database()
    yield f'[store]\nurl = "{server.url(name)}"'
    server.drop_database(name)


@pytest.mark.parametrize("end", ENDS)
def test_calls_of_an_access_token_are_cut_within_a_second_of_its_end(tmp_path: Path, store: str, end: str) -> None:
    async def make(config: Path) -> tuple[Lending, str]:
        async with administered(config) as gateway:
            lent = await lend(gateway)
            return lent, (await issue(gateway, lent.client, lent.grant))[0]

    async def cut(config: Path, lent: Lending) -> float:
        async with administered(config) as gateway:
            await ENDS[end](gateway, lent)
            return time.monotonic()

    with ScriptedUpstream.in_thread() as upstream:
        config = mock_config(upstream.url, CLAUDE.format(url=upstream.url, cut="true") + store)
        with LiveGateway(tmp_path, config, workers=WORKERS) as gateway:
            lent, other = asyncio.run(make(gateway.config))
            with streams(gateway, upstream, other, "chat", 2) as others:
                with streams(gateway, upstream, lent.access, "chat", 2 * WORKERS) as running:
                    ended_at = asyncio.run(cut(gateway.config, lent))
                spared = [not reader.ended_at for reader in others]
                if end == "the token is dropped":
                    asyncio.run(cut_all(gateway.config, lent))

    assert max(reader.ended_at - ended_at for reader in running) < WITHIN_S
    assert all(error_of(reader, CHAT_EVENT)["error"]["code"] == "token_ended" for reader in running)
    if end == "the token is dropped":
        assert all(spared)  # another token of the same grant


async def cut_all(config: Path, lent: Lending) -> None:
    async with administered(config) as gateway:
        await gateway.grants.end(lent.grant)


def test_calls_of_a_secret_are_cut_when_it_was_changed_at_once_and_those_of_the_new_one_go_on(tmp_path: Path) -> None:
    with bridge(tmp_path) as (gateway, upstream):
        made = gateway.token()
        with streams(gateway, upstream, made["token"], "chat", 2) as old:
            gateway.run("token", "rotate", made["id"], "--overlap", "now")
            changed_at = time.monotonic()
            eventually(lambda: all(reader.ended_at for reader in old), "the end of both")

    assert max(reader.ended_at - changed_at for reader in old) < WITHIN_S
    assert {error_of(reader, CHAT_EVENT)["error"]["code"] for reader in old} == {"token_ended"}


def test_calls_are_cut_with_the_key_that_signed_them_and_with_the_secret_that_basic_showed(
    tmp_path: Path, store: str
) -> None:
    async def make(config: Path) -> tuple[IssuedToken, list[IssuedCredential]]:
        async with administered(config) as gateway:
            issued = await gateway.tokens.issue(name="signer", scopes=("ai:*", "model:*"))
            kinds = (CredentialKind.SIGNATURE, CredentialKind.SIGNATURE, CredentialKind.AKSK)
            wishes = [CredentialWish(kind=kind) for kind in kinds]
            made = [await gateway.credentials.add(issued.token.id, wish) for wish in wishes]
            return issued, [one for one in made if one is not None]

    async def end(config: Path, token_id: str, removed: str, rotated: str) -> float:
        async with administered(config) as gateway:
            assert await gateway.credentials.rotate(token_id, rotated, timedelta(0))
            assert await gateway.tokens.rotate(token_id, timedelta(0))
            assert await gateway.credentials.remove(token_id, removed)
            return time.monotonic()

    async def revoke(config: Path, token_id: str) -> None:
        async with administered(config) as gateway:
            await gateway.tokens.revoke(token_id)

    with ScriptedUpstream.in_thread() as upstream:
        config = mock_config(upstream.url, CLAUDE.format(url=upstream.url, cut="true") + SIGNED + store)
        with LiveGateway(tmp_path, config) as gateway:
            issued, (first, other, access) = asyncio.run(make(gateway.config))
            id = issued.token.id
            pair = base64.b64encode(f"{id}:{issued.secret}".encode()).decode()
            ways = [
                partial(signed, first),
                partial(hmac_signed, access),
                lambda body: {"authorization": f"Basic {pair}"},
            ]
            with streams(gateway, upstream, partial(signed, other), "chat", 1) as (spared,):
                with ExitStack() as stack:
                    running = [stack.enter_context(streams(gateway, upstream, way, "chat", 1))[0] for way in ways]
                    ended_at = asyncio.run(end(gateway.config, id, first.credential.id, access.credential.id))
                went_on = not spared.ended_at
                asyncio.run(revoke(gateway.config, id))

    assert [reader for reader in running if reader.ended_at - ended_at >= WITHIN_S] == []
    assert {error_of(reader, CHAT_EVENT)["error"]["code"] for reader in running} == {"token_ended"}
    assert went_on


def signed(made: IssuedCredential, body: bytes) -> dict[str, str]:
    """Give the headers of a signed call (RFC 9421)."""
    said = {"created": int(time.time()), "nonce": made.credential.id, "keyid": made.credential.id, "tag": "tollbridge"}
    wire = Wire(body=body, parameters=said)
    wire.headers["content-digest"] = digest_of(body)
    signature = base64.b64encode(signs_with(made)(wire.base())).decode()
    return {**wire.headers, "signature-input": f"sig={wire.said()}", "signature": f"sig=:{signature}:"}


def hmac_signed(made: IssuedCredential, body: bytes) -> dict[str, str]:
    """Give the headers of a call that is signed with an access key and a secret key."""
    date, digest = formatdate(usegmt=True), f"SHA-256={base64.b64encode(sha256(body).digest()).decode()}"
    text = f"date: {date}\n@request-target: post {CHAT}\ndigest: {digest}"
    signature = base64.b64encode(hmac.digest(made.secret.encode(), text.encode(), "sha256")).decode()
    shown = (
        f'hmac username="{made.credential.id}", algorithm="hmac-sha256", headers="date @request-target digest", '
        f'signature="{signature}"'
    )
    return {"date": date, "digest": digest, "authorization": shown}


def test_call_of_an_outside_caller_goes_on_until_its_token_ends_and_is_cut_then(tmp_path: Path) -> None:
    with ScriptedUpstream.in_thread() as issuer, ScriptedUpstream.in_thread() as upstream:
        issuer.answer(jwks(signer()))
        outside = OUTSIDE.format(issuer=ISSUER, audience=AUDIENCE, keys=issuer.url)
        config = mock_config(upstream.url, CLAUDE.format(url=upstream.url, cut="true") + outside)
        with LiveGateway(tmp_path, config) as gateway:
            now = int(time.time())
            shown = token(iat=now, exp=now + 5).decode()
            with streams(gateway, upstream, shown, "chat", 1) as (running,):
                begun = datetime.now(UTC).timestamp()
            ended = datetime.now(UTC).timestamp()

    assert begun < now + 5 <= ended < now + 5 + WITHIN_S
    assert error_of(running, CHAT_EVENT)["error"]["code"] == "token_ended"
