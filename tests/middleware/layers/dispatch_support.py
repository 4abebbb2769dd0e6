"""A gateway whose providers follow a script, and callers of it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from tests.support.scripted import Caller, Script

from tollbridge.config import load_config
from tollbridge.gateway import Gateway
from tollbridge.testing import FixedClock
from tollbridge.wrapping import Tollbridge

PRICE = {"input": "0.15", "output": "0.60"}


PROVIDER = {"base_url": "https://mock.example/v1", "api_key": "env:KEY"}


CONFIG: dict[str, Any] = {
    "providers": {"first": PROVIDER, "second": {**PROVIDER, "base_url": "https://second.example/v1"}},
    "models": {
        "one": {"targets": ["first/m1"], "price": PRICE},
        "two": {"targets": ["first/m1", "second/m2"], "price": PRICE},
    },
}


@pytest.fixture
def bridge(tmp_path) -> Callable[..., Any]:
    """Give `async with bridge(*steps) as (script, caller, gateway)`."""

    @asynccontextmanager
    async def make(*steps: Any, **sections: Any) -> AsyncIterator[tuple[Script, Callable[..., Caller], Gateway]]:
        script = Script(*steps)
        config = replace(load_config({**CONFIG, **sections}, {}), data=tmp_path)
        gateway = Gateway(config, transport=script, clock=FixedClock(), env={"KEY": "sk-1"})
        async with gateway:
            token = (await gateway.tokens.issue(name="t")).secret
            app = Tollbridge(gateway=gateway)
            yield script, lambda **fields: Caller(app, token, **fields), gateway

    return make


async def last_row(gateway: Gateway) -> Any:
    await gateway.chain.plan.settled()
    (row,) = await gateway.store.recent()
    return row
