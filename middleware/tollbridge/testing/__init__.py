"""What plugin authors test with: put `pytest_plugins = ["tollbridge.testing"]` in a test module.

It brings the fixture `gateway`, a whole gateway with a fake upstream and a settable clock, and lets `async def` tests
run as they are (asyncio).
"""

import inspect
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tollbridge.testing.clock import FixedClock
from tollbridge.testing.fake import FakeUpstream, Sent
from tollbridge.testing.gateway import NOON, GatewayUnderTest, make_gateway

__all__ = ["FakeUpstream", "FixedClock", "GatewayUnderTest", "Sent", "gateway", "make_gateway"]


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(collector: Any, name: str, obj: object) -> None:
    """Let async tests run without a mark."""
    if collector.istestfunction(obj, name) and inspect.iscoroutinefunction(getattr(obj, "hypothesis", obj)):
        pytest.mark.anyio(obj)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run async tests on asyncio."""
    return "asyncio"


@pytest.fixture
async def gateway(anyio_backend: str, tmp_path: Path) -> AsyncIterator[Callable[..., GatewayUnderTest]]:
    """Give `gateway(config, at=..., plugins=...)`, which makes a gateway; all are closed after the test.

    `config` is a table such as TOML gives; `at` is an ISO time the clock starts at. Building raises `SetupError` as a
    real start would. It asks for `anyio_backend` so that a test that is not async can have it too.
    """
    made: list[GatewayUnderTest] = []

    def make(
        config: Mapping[str, object] | None = None,
        *,
        at: str = "",
        plugins: tuple[object, ...] = (),
        app: Any = None,
    ) -> GatewayUnderTest:
        clock = FixedClock(datetime.fromisoformat(at) if at else NOON)
        under_test = make_gateway(config, data=tmp_path / f"data-{len(made)}", clock=clock, plugins=plugins, app=app)
        made.append(under_test)
        return under_test

    yield make
    for under_test in made:
        await under_test.close()
