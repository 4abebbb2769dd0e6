"""A replaying upstream, a gateway in front of it, and the SDKs that call it."""

import json
import os
from collections.abc import Iterator

import pytest
from tests.sdks.page import Results
from tests.sdks.rows import ASKING
from tests.sdks.runner import Runner
from tests.sdks.side import Remembered, Runners, Side
from tests.sdks.table import Family
from tests.support.corpus import VARIABLE
from tests.support.live import LiveGateway
from tests.support.replay import Replay

SECRET = "sk-upstream-secret"
"""The key that the gateway shows to providers (tests/support/live.py)."""


def provider(family: Family, upstream: str) -> str:
    """Give the section of one provider."""
    auth = f'auth = "{family.auth}"\n' if family.auth else ""
    amiss = f"rewritten = {json.dumps(family.amiss)}" if family.amiss else ""
    return f"""
[providers.{family.host}]
base_url = "{upstream}/{family.host}{family.base}"
dialect = "{family.dialect}"
api_key = "env:MOCK_KEY"
allow_private = true
{auth}{amiss}
"""


def model(family: Family) -> str:
    """Give the section of its model."""
    return f"""
[models.{family.alias}]
targets = ["{family.host}/{family.model}"]
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
    families = [family for kind in ASKING for family in kind.families]
    hosts = {family.host: provider(family, replay.url) for family in families}
    config = "".join(["[answers]\nkeep = true\n", *hosts.values(), *map(model, families)])
    with LiveGateway(tmp_path_factory.mktemp("sdks"), config) as gateway:
        yield gateway


@pytest.fixture(scope="session")
def runners() -> Iterator[Runners]:
    running = _Runners()
    yield running
    for runner in running.values():
        runner.leave()  # all of them before the first is waited for
    for runner in running.values():
        runner.close()


class _Runners(dict[tuple[str, ...], Runner]):
    """Starts an SDK's process when it is first wanted."""

    def __missing__(self, command: tuple[str, ...]) -> Runner:
        self[command] = Runner(command)
        return self[command]


@pytest.fixture(scope="session")
def through(replay: Replay, gateway: LiveGateway, runners: Runners) -> Side:
    """The gateway, as SDKs see it."""
    return Side(replay, runners, gateway.url, gateway.token()["token"], through=True)


@pytest.fixture(scope="session")
def direct(replay: Replay, runners: Runners) -> Side:
    """The providers themselves: what SDKs make of them is what is to be expected."""
    return Side(replay, runners, replay.url, "sk-direct")


@pytest.fixture(scope="session")
def remembered(direct: Side) -> Remembered:
    """What SDKs get from the providers themselves, for those who compare with it."""
    return Remembered(direct)


@pytest.fixture(scope="session")
def results() -> Results:
    """What was tried, and whether it went well."""
    return {}
