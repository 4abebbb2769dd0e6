"""A gateway with its authorization server, somebody who is signed in, and a program of theirs."""

from collections.abc import Callable, Mapping

import pytest
from tests.support.programs import Program, program
from tests.support.visiting import MOCK, Visitor

from tollbridge.testing import GatewayUnderTest, gateway

__all__ = ["gateway", "notes", "server", "visitor"]

Makes = Callable[..., GatewayUnderTest]


@pytest.fixture
def server(gateway: Makes, monkeypatch: pytest.MonkeyPatch) -> Callable[..., GatewayUnderTest]:
    """Give `server(**options)`: a gateway with these options of `[oauth]`, and more `sections`."""
    monkeypatch.setenv("MOCK_KEY", "sk-upstream-secret")

    def make(sections: Mapping[str, object] | None = None, **options: object) -> GatewayUnderTest:
        return gateway({**MOCK, "oauth": {"enabled": True, **options}, **(sections or {})})

    return make


@pytest.fixture
async def visitor(server: Makes) -> Visitor:
    """Give somebody who is signed in, and may call in the team `blue`."""
    visitor = Visitor(server())
    return await visitor.sign_in_as(await visitor.person(blue="consumer"))


@pytest.fixture
async def notes(visitor: Visitor) -> Program:
    """Give a program whose client may get tokens in every way."""
    return await program(visitor)
