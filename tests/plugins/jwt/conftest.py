"""A gateway whose provider and issuers are all one fake upstream, told apart by URL."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.support.jwts import AUDIENCE, ISSUER, jwks, signer

from tollbridge import Call, Principal, hookimpl
from tollbridge.config import load_config
from tollbridge.gateway import Gateway
from tollbridge.testing import FakeUpstream, FixedClock, GatewayUnderTest
from tollbridge.testing.fake import FakeAnswer, Reply
from tollbridge.transport.base import UpstreamRequest, UpstreamResponse

JWKS = f"{ISSUER}/jwks"
INTROSPECT = "https://as.example/introspect"
JWT = {"issuers": {"corp": {"issuer": ISSUER, "audience": AUDIENCE, "jwks_url": JWKS}}}
OPAQUE = {"url": INTROSPECT, "client_id": "gw", "client_secret": "env:AS_SECRET", "audience": AUDIENCE}
MOCK = {
    "providers": {"mock": {"base_url": "https://mock.example/v1", "api_key": "env:MOCK_KEY"}},
    "models": {"small": {"targets": ["mock/tiny-1"], "price": {"input": "0.15", "output": "0.60"}}},
}


class Outside(FakeUpstream):
    """Answers the URLs in `pages` with what stands there once it `speaks`, everything else as a provider does."""

    def __init__(self) -> None:
        super().__init__()
        self.pages: dict[str, Reply] = {JWKS: Reply(body=jwks(signer()))}
        self.asked: list[UpstreamRequest] = []
        self.speaks = asyncio.Event()
        self.speaks.set()

    async def send(self, request: UpstreamRequest) -> UpstreamResponse:
        page = self.pages.get(request.url)
        if page is None:
            return await super().send(request)
        self.asked.append(request)
        await self.speaks.wait()
        page = self.pages[request.url]
        if page.error is not None:
            raise page.error
        return FakeAnswer(page)

    @property
    def urls(self) -> list[str]:
        """The URLs of `pages` that were asked for, in order."""
        return [request.url for request in self.asked]


class Watch:
    """Notes who called, in the order of the calls."""

    def __init__(self) -> None:
        self.principals: list[Principal | None] = []

    @hookimpl
    def register_metrics(self, register: Callable[[Callable[[Call], None]], None]) -> None:
        register(lambda call: self.principals.append(call.principal))


class Bridge(GatewayUnderTest):
    """A gateway and what it was asked by callers without a token of ours."""

    outside: Outside
    watch: Watch

    async def call(self, shown: bytes | str, **options: Any) -> Any:
        """Ask a model, with this for a token."""
        token = shown if isinstance(shown, str) else shown.decode("latin-1")
        body = {"model": "small", "messages": []}
        return await self.request("POST", "/v1/chat/completions", token=token, json=body, **options)

    @property
    def callers(self) -> list[Principal]:
        """Who called, in order, where that was found out."""
        return [principal for principal in self.watch.principals if principal is not None]


Make = Callable[..., Bridge]


@pytest.fixture
async def bridge(anyio_backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Make]:
    """Give `bridge(jwt=..., introspection=..., **sections)`; all are closed after the test."""
    monkeypatch.setenv("MOCK_KEY", "sk-upstream-secret")
    monkeypatch.setenv("AS_SECRET", "as:secret?")
    made: list[Bridge] = []

    def make(*, app: Any = None, plugins: tuple[object, ...] = (), **sections: Any) -> Bridge:
        identity = {name: sections.pop(name) for name in ("jwt", "introspection", "guest") if name in sections}
        loaded = replace(
            load_config({**MOCK, "identity": identity, **sections}, os.environ), data=tmp_path / str(len(made))
        )
        clock, outside, watch = FixedClock(), Outside(), Watch()
        one = Bridge(
            Gateway(loaded, app=app, clock=clock, transport=outside, plugins=(watch, *plugins)), outside, clock
        )
        one.outside, one.watch = outside, watch
        made.append(one)
        return one

    yield make
    for one in made:
        await one.close()


def issuer(**options: Any) -> dict[str, Any]:
    """Give the section of one issuer, with these options over those of a good one."""
    found = {**JWT["issuers"]["corp"], **options}
    return {"issuers": {"corp": {name: value for name, value in found.items() if value is not None}}}
