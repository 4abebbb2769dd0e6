"""Shared by every test."""

import gc
import signal
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

# How long one example takes says more about the machine than about the code.
settings.register_profile("tollbridge", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tollbridge")

# Begun in the background of a script they would ignore it, and so would every program that they start and end by it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

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


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Leave what is collected out of garbage collections, as it stays, and have those of all seldom.

    To look through everything again and again took a fifth of the processor's time.
    """
    gc.disable()
    found = yield
    gc.freeze()
    gc.set_threshold(5_000, 10, 50)
    gc.enable()
    return found


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run async tests on asyncio: the gateway's drivers need it."""
    return "asyncio"
