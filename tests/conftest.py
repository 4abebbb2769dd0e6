"""Shared by every test."""

import pytest


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run async tests on asyncio: the gateway's drivers need it."""
    return "asyncio"
