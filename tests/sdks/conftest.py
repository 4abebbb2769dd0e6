"""A replaying upstream, a gateway in front of it, and the SDKs that call it."""

import os
from collections.abc import Iterator

import pytest
from tests.sdks.page import Results
from tests.sdks.rows import CLIENT, Family, pairs
from tests.sdks.runner import Runner
from tests.sdks.side import Side
from tests.support.corpus import VARIABLE
from tests.support.live import LiveGateway
from tests.support.replay import Replay

SECRET = "sk-upstream-secret"
"""The key that the gateway shows to providers (tests/support/live.py)."""


def provider(family: Family, upstream: str) -> str:
    """Give the sections of one provider and its model."""
    name = family.name.replace("_", "-")
    return f"""
[providers.{name}]
base_url = "{upstream}/{family.name}{family.base}"
dialect = "{family.dialect}"
api_key = "env:MOCK_KEY"
allow_private = true
[models.{name}]
targets = ["{name}/{family.model}"]
price = {{ input = "1", output = "2" }}
"""


@pytest.fixture(scope="session")
def replay() -> Iterator[Replay]:
    if not os.environ.get(VARIABLE):
        pytest.skip(f"recorded traffic is not here; name its folder in {VARIABLE}")
    with Replay.in_thread() as replay:
        yield replay


@pytest.fixture(scope="session")
def gateway(replay: Replay, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    reached = {family.name: family for _, family in pairs()}
    config = "".join(provider(family, replay.url) for family in reached.values())
    with LiveGateway(tmp_path_factory.mktemp("sdks"), config) as gateway:
        yield gateway


@pytest.fixture(scope="session")
def runners() -> Iterator[dict[str, Runner]]:
    running = _Runners()
    yield running
    for runner in running.values():
        runner.close()


class _Runners(dict[str, Runner]):
    """Starts an SDK's process when it is first wanted."""

    def __missing__(self, name: str) -> Runner:
        self[name] = Runner(CLIENT[name].runner)
        return self[name]


@pytest.fixture(scope="session")
def through(replay: Replay, gateway: LiveGateway, runners: dict[str, Runner]) -> Side:
    """The gateway, as SDKs see it."""
    return Side(replay, runners, gateway.url, gateway.token()["token"], named=True)


@pytest.fixture(scope="session")
def direct(replay: Replay, runners: dict[str, Runner]) -> Side:
    """The providers themselves: what SDKs make of them is what is to be expected."""
    return Side(replay, runners, replay.url, "sk-direct")


@pytest.fixture(scope="session")
def results() -> Results:
    """What was tried, and whether it went well."""
    return {}
