"""A gateway with its pages to sign in at, and a browser's side of it."""

import os
from collections.abc import Callable
from dataclasses import replace

import pytest
from argon2 import PasswordHasher
from argon2.profiles import CHEAPEST
from tests.plugins.signin.openid import CORP, PUBLIC, SECRET, OpenId
from tests.support.visiting import MOCK, PASSWORD, PREFIX, Visitor

from tollbridge.config import load_config
from tollbridge.gateway import Gateway
from tollbridge.testing import FixedClock, GatewayUnderTest, gateway

__all__ = ["PASSWORD", "PREFIX", "Visitor", "ada", "enter", "gateway", "mock", "visitor"]


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash at no cost: what is tested here is not how."""
    monkeypatch.setattr("tollbridge.people.passwords.PasswordHasher", lambda: PasswordHasher.from_parameters(CHEAPEST))


@pytest.fixture
def mock(gateway: Callable[..., GatewayUnderTest], monkeypatch: pytest.MonkeyPatch) -> Callable[..., GatewayUnderTest]:
    """Give `mock(**sections)`: a gateway with a priced provider, the given sections put over it."""
    monkeypatch.setenv("MOCK_KEY", "sk-upstream-secret")
    return lambda **sections: gateway({**MOCK, **sections})


@pytest.fixture
async def visitor(mock: Callable[..., GatewayUnderTest]) -> Visitor:
    """Give somebody who is not signed in."""
    visitor = Visitor(mock())
    await visitor.under.client()
    return visitor


@pytest.fixture
async def ada(visitor: Visitor) -> Visitor:
    """Give somebody who is not signed in yet, and has a password and a role."""
    visitor.ada = await visitor.person("ada", PASSWORD, bridge="viewer")
    return visitor


@pytest.fixture
async def enter(tmp_path, monkeypatch):
    """Give `enter(**options)`: somebody before a gateway with that provider, in `.corp`."""
    monkeypatch.setenv("MOCK_KEY", "sk-upstream-secret")
    monkeypatch.setenv("CORP_SECRET", SECRET)
    made = []

    async def make(*, upstream=None, others=None, public_url=PUBLIC, **options):
        corp = upstream or OpenId()
        signin = {"oidc": {"corp": {**CORP, **options}, **(others or {})}}
        config = load_config({**MOCK, "server": {"public_url": public_url}, "signin": signin}, os.environ)
        clock = FixedClock()
        gateway = Gateway(replace(config, data=tmp_path / str(len(made))), clock=clock, transport=corp)
        under = GatewayUnderTest(gateway, corp, clock)
        made.append(under)
        await under.client()
        visitor = Visitor(under)
        visitor.corp = corp
        return visitor

    yield make
    for under in made:
        await under.close()
