"""Shared by every test."""

import pytest

pytest_plugins = ("tests.support.requires",)

pytest.register_assert_rewrite(
    *(f"tollbridge.testing.{name}_contract" for name in ("ledger", "limiter", "store", "token", "transport"))
)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run async tests on asyncio: the gateway's drivers need it."""
    return "asyncio"
