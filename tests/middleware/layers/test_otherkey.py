"""The other key of a provider, where the first one is refused: of sessions, and of schemes that sign.

What calls over HTTP do is in `providerkeys/test_serving.py`.
"""

import http
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.middleware.layers.test_relay import Bridge, ended
from tests.support.keyed import MOCK, NEW_KEY, OLD_KEY, KeyedUpstream, keyed_gateway
from tests.support.sessions import echo, provider

from tollbridge import hookimpl
from tollbridge.config import load_config
from tollbridge.errors import UpstreamError
from tollbridge.gateway import Gateway
from tollbridge.providerkeys.service import NewKey
from tollbridge.testing import FixedClock
from tollbridge.transport.base import UpstreamRequest

HOUR = timedelta(hours=1)
PRICE = {"input": "1", "output": "2", "audio_input": "10", "audio_output": "20"}


async def keep(gateway: Gateway, *keys: str) -> None:
    """Keep these, the last one as the newest."""
    await gateway.secrets.set("mock", NewKey(keys[0]))
    for key in keys[1:]:
        await gateway.secrets.rotate("mock", NewKey(key), HOUR)


# sessions


class Door:
    """Lets those in who show one of `keys`, and refuses others with `status`."""

    def __init__(self, *keys: str, status: int = 401) -> None:
        self.keys = keys
        self.status = status
        self.shown: list[str] = []

    def process_request(self, connection: Any, request: Any) -> Any:
        self.shown.append(request.headers["authorization"].removeprefix("Bearer "))
        return None if self.shown[-1] in self.keys else connection.respond(http.HTTPStatus(self.status), "no")


@asynccontextmanager
async def opened(data: Path, door: Door) -> AsyncIterator[Bridge]:
    """Give a gateway before a provider of sessions whose keys are in the database."""
    async with provider(echo, process_request=door.process_request) as seen:
        host = {"base_url": f"{seen.url}/v1", "api_key": "stored:mock", "allow_private": True}
        models = {"voice": {"targets": ["mock/gpt-realtime"], "price": PRICE}}
        loaded = replace(load_config({"providers": {"mock": host}, "models": models}, {}), data=data)
        async with Gateway(loaded, clock=FixedClock(), env={}) as gateway:
            yield Bridge(gateway, seen, (await gateway.tokens.issue(name="t")).secret)


async def accepted(made: Bridge) -> None:
    caller = made.caller()
    task = caller.start()
    await caller.gets("websocket.accept")
    caller.leave()
    await ended(task)


async def refusal(made: Bridge) -> tuple[int, str] | None:
    caller = made.caller()
    await ended(caller.start())
    found: tuple[int, str] | None = caller.refusal
    return found


def told(logs: Sequence[Any]) -> list[tuple[int, int]]:
    return [(one["version"], one["status"]) for one in logs if one["event"] == "provider_key_refused"]


async def test_session_is_opened_with_the_one_key_there_is(tmp_path) -> None:
    door = Door(OLD_KEY)
    async with opened(tmp_path, door) as made:
        await keep(made.gateway, OLD_KEY)

        await accepted(made)

        assert door.shown == [OLD_KEY]
        assert list(made.gateway.secrets._looking._live.uses()) == [("mock", 1)]


@pytest.mark.parametrize("status", [401, 403])
async def test_session_falls_back_to_the_older_key_which_goes_first_from_then_on(tmp_path, status) -> None:
    door = Door(OLD_KEY, status=status)
    async with opened(tmp_path, door) as made:
        await keep(made.gateway, OLD_KEY, NEW_KEY)

        with capture_logs() as logs:
            await accepted(made)
            await accepted(made)

        assert door.shown == [NEW_KEY, OLD_KEY, OLD_KEY]
        assert told(logs) == [(2, status)]


@pytest.mark.parametrize(
    ("status", "refused", "counted"),
    [(401, (502, "upstream_credential"), [(2, 401), (1, 401)]), (403, (403, "denied"), [])],
)
async def test_session_that_neither_key_opens_is_refused_as_the_provider_says(
    tmp_path, status, refused, counted
) -> None:
    door = Door(status=status)
    async with opened(tmp_path, door) as made:
        await keep(made.gateway, OLD_KEY, NEW_KEY)

        with capture_logs() as logs:
            assert await refusal(made) == refused

        assert door.shown == [NEW_KEY, OLD_KEY]
        assert told(logs) == counted


class Strict(Door):
    """Knows one key, and refuses what is asked with it all the same."""

    def process_request(self, connection: Any, request: Any) -> Any:
        self.shown.append(request.headers["authorization"].removeprefix("Bearer "))
        return connection.respond(http.HTTPStatus(403 if self.shown[-1] in self.keys else 401), "no")


async def test_session_that_the_known_key_may_not_open_is_refused_so_whatever_is_said_of_the_other(tmp_path) -> None:
    door = Strict(NEW_KEY)
    async with opened(tmp_path, door) as made:
        await keep(made.gateway, OLD_KEY, NEW_KEY)

        with capture_logs() as logs:
            assert await refusal(made) == (403, "denied")

        assert door.shown == [NEW_KEY, OLD_KEY]
        assert told(logs) == [(1, 401)]


@pytest.mark.parametrize(("status", "counted"), [(401, [(1, 401)]), (403, [])])
async def test_single_key_that_is_refused_is_told_where_that_is_certain(tmp_path, status, counted) -> None:
    door = Door(status=status)
    async with opened(tmp_path, door) as made:
        await keep(made.gateway, OLD_KEY)

        with capture_logs() as logs:
            await refusal(made)

        assert door.shown == [OLD_KEY]
        assert told(logs) == counted


@pytest.mark.parametrize("status", [429, 500])
async def test_session_that_is_refused_for_another_reason_is_not_asked_for_again(tmp_path, status) -> None:
    door = Door(OLD_KEY, status=status)
    async with opened(tmp_path, door) as made:
        await keep(made.gateway, OLD_KEY, NEW_KEY)

        with capture_logs() as logs:
            await refusal(made)

        assert door.shown == [NEW_KEY]
        assert told(logs) == []


# signed requests


@dataclass(frozen=True)
class Exchanging:
    """Exchanges a key for a token, as Google's and Microsoft's schemes do; fails for keys that nobody knows there."""

    known: tuple[str, ...] = ()
    env: tuple[str, ...] = ()

    def headers(self, key: str) -> list[tuple[bytes, bytes]]:
        return [(b"x-project", b"old")] if key == OLD_KEY else [(b"x-project", b"new"), (b"x-account", b"new")]

    async def sign(self, key: str, request: UpstreamRequest) -> list[tuple[bytes, bytes]]:
        if key not in self.known:
            raise UpstreamError("no token was given", code="upstream_credential", detail=f"not for {key}")
        lent = [(b"x-lent-for", b"new")] if key == NEW_KEY else []
        return [(b"authorization", b"Bearer token-of-" + key.encode()), *lent]


class Offers:
    @hookimpl
    def register_auth_schemes(self, register: Any) -> None:
        register("exchanging", Exchanging)


@asynccontextmanager
async def signing(data: Path, upstream: KeyedUpstream, *known: str) -> AsyncIterator[Any]:
    section = {**MOCK, "auth": "exchanging", "auth_options": {"known": list(known)}}
    made = keyed_gateway(data, upstream, {"providers": {"mock": section}}, plugins=[Offers()])
    await made.client()
    await keep(made.gateway, OLD_KEY, NEW_KEY)
    try:
        yield made
    finally:
        await made.close()


def token_of(key: str) -> str:
    return f"token-of-{key}"


async def test_key_that_gives_no_credential_yet_falls_back_to_the_one_before(tmp_path) -> None:
    upstream = KeyedUpstream(token_of(OLD_KEY))
    async with signing(tmp_path, upstream, OLD_KEY) as gw:
        with capture_logs() as logs:
            assert (await gw.chat("mock/m")).status_code == 200
            assert (await gw.chat("mock/m")).status_code == 200

    assert upstream.shown == [token_of(OLD_KEY)] * 2
    assert told(logs) == [(2, 0)]
    assert [sent.headers["x-project"] for sent in upstream.sent] == ["old"] * 2  # all of it is of that key
    assert not any("x-account" in sent.headers for sent in upstream.sent)
    assert OLD_KEY not in str([one for one in logs if one["event"] != "request_served"])


async def test_signed_request_that_the_provider_refuses_is_signed_again_with_the_other_key(tmp_path) -> None:
    upstream = KeyedUpstream(token_of(OLD_KEY))
    async with signing(tmp_path, upstream, OLD_KEY, NEW_KEY) as gw:
        with capture_logs() as logs:
            assert (await gw.chat("mock/m")).status_code == 200

    assert upstream.shown == [token_of(NEW_KEY), token_of(OLD_KEY)]
    assert ["x-lent-for" in sent.headers for sent in upstream.sent] == [True, False]
    assert told(logs) == [(2, 401)]


async def test_call_that_neither_key_signs_reaches_nobody(tmp_path) -> None:
    upstream = KeyedUpstream()
    async with signing(tmp_path, upstream) as gw:
        refused = await gw.chat("mock/m")

    assert (refused.status_code, refused.json()["error"]["code"]) == (502, "upstream_credential")
    assert upstream.sent == []


async def test_unfinished_answer_is_asked_for_again_with_whichever_key_is_taken(tmp_path) -> None:
    section = {"base_url": "https://mock.example/v1", "dialect": "replicate-predictions", "api_key": "stored:mock"}
    upstream = KeyedUpstream(OLD_KEY)
    made = keyed_gateway(tmp_path, upstream, {"providers": {"mock": section}})
    await made.client()
    await keep(made.gateway, OLD_KEY, NEW_KEY)
    working = {"id": "p", "status": "processing", "urls": {"get": "https://mock.example/v1/predictions/p"}}
    done = {**working, "status": "succeeded", "output": ["Hello"], "metrics": {}}
    upstream.reply({})
    for answer in (working, {}, done):
        upstream.reply(answer)

    reply = await made.chat("mock/meta/llama")
    await made.close()

    assert reply.status_code == 200
    assert upstream.shown == [NEW_KEY, OLD_KEY, NEW_KEY, OLD_KEY]
