"""The fixture that plugin authors test with."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tollbridge import hookimpl
from tollbridge.errors import ConfigError
from tollbridge.stores.sqlite import SqliteStore
from tollbridge.tokens.model import TokenBudget

MODELS = {
    "providers": {"mock": {"base_url": "https://mock.example/v1"}},
    "models": {"m": {"targets": ["mock/m-1"], "price": {"input": "1", "output": "2"}}},
}


async def test_whole_gateway_is_there_and_nothing_leaves(gateway) -> None:
    gw = gateway(MODELS)

    reply = await gw.chat("m", max_tokens=5)

    # 1000 in x 1 + 500 out x 2, per million tokens
    assert reply.headers["x-tollbridge-cost-usd"] == "0.002"
    assert gw.sent[0].json()["max_tokens"] == 5
    assert gw.sent is gw.upstream.sent


async def test_clock_starts_where_it_is_told_and_stands_still(gateway) -> None:
    noon, night = gateway(), gateway(at="2026-02-01T03:00:00+00:00")

    assert noon.clock.now() == datetime(2026, 1, 5, 12, tzinfo=UTC)
    night.clock.advance(60)
    assert night.clock.now() == datetime(2026, 2, 1, 3, 1, tzinfo=UTC)


async def test_two_gateways_of_a_test_share_nothing(gateway) -> None:
    first, second = gateway(MODELS), gateway(MODELS)
    token = await first.token()

    assert (await first.chat("m", token=token)).status_code == 200
    assert (await second.chat("m", token=token)).status_code == 401


async def test_token_takes_scopes_and_options(gateway) -> None:
    gw = gateway(MODELS)
    expires = gw.clock.now() + timedelta(hours=1)
    token = await gw.token("ai:chat", "model:m", expires_at=expires, budget=TokenBudget(1))

    assert (await gw.chat("m", token=token)).json()["error"]["code"] == "insufficient_quota"
    gw.clock.advance(3600)
    assert (await gw.chat("m", token=token)).status_code == 401


async def test_request_can_be_made_without_a_token_and_with_headers(gateway) -> None:
    gw = gateway(MODELS)

    assert (await gw.request("GET", "/v1/models", token="")).status_code == 401
    shown = await gw.request("GET", "/v1/models", headers={"anthropic-version": "2023-06-01"})
    assert shown.json()["has_more"] is False


class Elsewhere:
    """A plugin with a store that is not where a gateway keeps its own."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @hookimpl
    def register_stores(self, register: Callable[[str, Callable[..., SqliteStore]], None]) -> None:
        register("elsewhere", lambda url, clock: SqliteStore(self._path, clock))


async def test_store_of_a_plugin_begins_as_it_does_by_itself(gateway, tmp_path) -> None:
    gw = gateway({**MODELS, "store": {"url": "elsewhere://x"}}, plugins=(Elsewhere(tmp_path / "own.db"),))

    assert (await gw.chat("m", max_tokens=5)).status_code == 200

    assert (tmp_path / "own.db").exists()
    assert not (gw.gateway.config.data / "tollbridge.db").exists()


async def test_gateway_that_was_never_called_closes(gateway) -> None:
    gateway(MODELS)


async def test_mistake_is_raised_when_the_gateway_is_made(gateway) -> None:
    with pytest.raises(ConfigError, match="unknown section"):
        gateway({"nope": {}})


STRANGER = """
import pytest

pytest_plugins = ["tollbridge.testing"]


async def test_async_tests_run_without_a_mark(gateway):
    reply = await gateway({"service": {"public": ["*"]}}).request("GET", "/healthz")
    assert reply.status_code == 200


@pytest.mark.parametrize("number", [1, 2])
async def test_parameters_work(gateway, number):
    assert number


def test_plain_tests_run(gateway):
    assert gateway().gateway.started is False
"""


class Outcomes:
    """Collects how the tests of another run ended."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.failed:
            self.found.append(report.outcome)


def test_strangers_tests_need_one_line_and_no_configuration(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_stranger.py").write_text(STRANGER)
    monkeypatch.chdir(tmp_path)
    outcomes = Outcomes()
    quiet = ("-q", "-W", "error", "-W", "ignore::pytest.PytestAssertRewriteWarning", "-p", "no:cacheprovider")

    code = pytest.main([*quiet, "-p", "no:cov", "."], plugins=[outcomes])

    assert (code, outcomes.found) == (pytest.ExitCode.OK, ["passed"] * 4)
