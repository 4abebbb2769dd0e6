"""Shared by every test."""

import pytest
from hypothesis import HealthCheck, settings

# How long one example takes says more about the machine than about the code.
settings.register_profile("tollbridge", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tollbridge")

pytest_plugins = (
    "tests.support.eavesdropping",
    "tests.support.postgres",
    "tests.support.requires",
    "tests.support.spread",
)

pytest.register_assert_rewrite(
    *(
        f"tollbridge.testing.{name}_contract"
        for name in ("connection", "lease", "ledger", "limiter", "settling", "store", "token", "transport")
    )
)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run async tests on asyncio: the gateway's drivers need it."""
    return "asyncio"
