"""A whole gateway for tests: real chain, real store, fake upstream, settable clock."""

import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
from starlette.types import ASGIApp

from tollbridge.config import load_config
from tollbridge.gateway import Gateway
from tollbridge.jobsettings import JobsConfig
from tollbridge.stores.files import path_of
from tollbridge.testing.blank import lay_database
from tollbridge.testing.clock import FixedClock
from tollbridge.testing.fake import FakeUpstream, Sent
from tollbridge.tokens.scopes import EVERY_MODEL
from tollbridge.wrapping import Tollbridge

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


class GatewayUnderTest:
    """One gateway and what stands around it.  It starts with the first call."""

    def __init__(self, gateway: Gateway, upstream: FakeUpstream, clock: FixedClock) -> None:
        self.gateway = gateway
        self.upstream = upstream
        self.clock = clock
        self.app = Tollbridge(gateway.app, gateway=gateway)
        self._secret = ""
        self._client: httpx2.AsyncClient | None = None

    @property
    def sent(self) -> list[Sent]:
        """What would have left, in order."""
        return self.upstream.sent

    async def client(self) -> httpx2.AsyncClient:
        """Give a client of the gateway, without a token."""
        if not self.gateway.started:
            url = self.gateway.config.store_url
            if url.startswith("sqlite:"):
                lay_database(path_of(url))
            await self.gateway.start()
        if self._client is None:
            transport = httpx2.ASGITransport(app=self.app, raise_app_exceptions=False)
            self._client = httpx2.AsyncClient(transport=transport, base_url="http://gateway.test")
        return self._client

    async def token(self, *scopes: str, **options: Any) -> str:
        """Make a token and give its secret; without scopes it may call every model and every service."""
        await self.client()
        issued = await self.gateway.tokens.issue(name="test", scopes=scopes or (*EVERY_MODEL, "service:*"), **options)
        return issued.secret

    async def request(self, method: str, path: str, *, token: str | None = None, **options: Any) -> httpx2.Response:
        """Make a request with a token of its own unless one is given; `token=""` sends none."""
        client = await self.client()
        if token is None:
            self._secret = self._secret or await self.token()
            token = self._secret
        headers = {**({"authorization": f"Bearer {token}"} if token else {}), **options.pop("headers", {})}
        return await client.request(method, path, headers=headers, **options)

    async def chat(self, model: str, *, token: str | None = None, **fields: Any) -> httpx2.Response:
        """Make a chat call; `fields` go into the body."""
        body = {"model": model, "messages": [{"role": "user", "content": "Hello"}], **fields}
        return await self.request("POST", "/v1/chat/completions", token=token, json=body)

    async def close(self) -> None:
        """Stop the gateway."""
        if self._client is not None:
            await self._client.aclose()
        await self.gateway.stop()


def make_gateway(
    config: Mapping[str, object] | None = None,
    *,
    data: Path,
    clock: FixedClock,
    plugins: tuple[object, ...] = (),
    app: ASGIApp | None = None,
) -> GatewayUnderTest:
    """Build a gateway whose state is in `data` and whose upstream is fake; raises `SetupError` as a start would."""
    upstream = FakeUpstream()
    loaded = replace(load_config(config or {}, os.environ), data=data)
    if "jobs" not in (config or {}):
        loaded = replace(loaded, jobs=JobsConfig(enabled=False))  # a test does them when it wants: `jobs.run_due`
    gateway = Gateway(loaded, app=app, plugins=plugins, clock=clock, transport=upstream)
    return GatewayUnderTest(gateway, upstream, clock)
