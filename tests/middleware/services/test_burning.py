import json
import math
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs
from tests.middleware.services.conftest import Publish

from tollbridge.audit import Actor
from tollbridge.noticing import SELF
from tollbridge.services.burning import ALARMS, WINDOWS, Standing, Sum, burn_rate, measure_slos, standings, watch_slos
from tollbridge.services.model import Slo
from tollbridge.stores.analytics import Burning
from tollbridge.testing import GatewayUnderTest
from tollbridge.testing.samples import ROW

SURE = Slo(name="sure", objective=99.0)
FAST = Slo(name="fast", objective=50.0, latency_ms=100, window_days=7)
BOTH = {"slos": (SURE, FAST)}


def standing(slo: Slo = SURE, whole: Sum | None = None, **failed: int) -> Standing:
    """Say how an objective stands of which so many of 1,000 calls failed in each window, 0 of what is not named."""
    names = {f"w{name}": name for name in WINDOWS}
    return Standing(slo, {name: Sum(1_000, failed.get(key, 0)) for key, name in names.items()}, whole)


async def settle(bridge: GatewayUnderTest, number: int, ago: timedelta = timedelta(), **changes: Any) -> None:
    """Write so many calls of the service `weather`, some time ago."""
    at = bridge.clock.now() - ago
    said = {"service": "weather", "operation": "service:weather:say", "provider": "", "duration_ms": 50, **changes}
    for _ in range(number):
        id = f"req_{await count(bridge)}"
        await bridge.gateway.store.settle(replace(ROW, **said, call_id=id, at=at))


async def count(bridge: GatewayUnderTest) -> int:
    return len(await bridge.gateway.store.recent(limit=10_000))


async def watched(bridge: GatewayUnderTest) -> list[dict[str, Any]]:
    """Look once, and give what was logged."""
    with capture_logs() as logged:
        await watch_slos(bridge.gateway, SELF)
    return [{key: line[key] for key in line if key not in ("log_level", "logger")} for line in logged]


def shown(bridge: GatewayUnderTest, name: str) -> dict[str, float]:
    """Give the samples of a metric by their labels."""
    text = bridge.gateway.metrics.render("")[0].decode()
    lines = [line for line in text.splitlines() if line.startswith(f"{name}{{")]
    return {line[len(name) : line.rindex(" ")]: float(line.rpartition(" ")[2]) for line in lines}


def test_budget_that_is_used_up_at_the_very_end_burns_at_a_rate_of_one() -> None:
    assert burn_rate(SURE, Sum(1_000, 10)) == 1.0
    assert burn_rate(FAST, Sum(10, 10)) == 2.0
    assert burn_rate(SURE, Sum(5, 0)) == 0.0
    assert burn_rate(SURE, Sum(0, 0)) is None


def test_attained_and_what_is_left_are_of_the_whole_window() -> None:
    half, over, idle, unasked = (standing(whole=whole) for whole in (Sum(1_000, 5), Sum(100, 3), Sum(0, 0), None))

    assert (half.attained, half.budget_left) == (99.5, pytest.approx(0.5))
    assert (over.attained, over.budget_left) == (97.0, pytest.approx(-2.0))
    assert (idle.attained, idle.budget_left) == (None, 1.0)
    assert (unasked.attained, unasked.budget_left) == (None, None)


@pytest.mark.parametrize(
    ("failed", "alarm"),
    [
        ({"w1h": 145, "w5m": 145}, Burning(level=3, window="1h", rate="14.5")),
        ({"w1h": 144, "w5m": 1_000}, None),
        ({"w1h": 1_000, "w5m": 0}, None),  # it has ended
        ({"w6h": 61, "w30m": 61}, Burning(level=2, window="6h", rate="6.1")),
        ({"w3d": 11, "w6h": 12}, Burning(level=1, window="3d", rate="1.1")),
        ({"w3d": 11, "w6h": 61, "w30m": 70, "w1h": 500, "w5m": 500}, Burning(level=3, window="1h", rate="50.0")),
        ({"w24h": 1_000}, None),
    ],
)
def test_alarms_need_their_rate_over_both_windows(failed: dict[str, int], alarm: Burning | None) -> None:
    assert standing(**failed).burning(20) == alarm


def test_alarm_needs_calls_and_a_window_that_is_as_long() -> None:
    burns = standing(w1h=1_000, w5m=1_000)
    day = standing(Slo(name="day", window_days=1), w3d=1_000, w6h=1_000)

    assert burns.burning(1_000) is not None
    assert burns.burning(1_001) is None
    assert day.burning(1) is None


def test_alarms_are_those_of_the_sre_workbook() -> None:
    shares = {alarm.window: alarm.rate * WINDOWS[alarm.window] / timedelta(days=30) for alarm in ALARMS}

    assert shares == pytest.approx({"1h": 0.02, "6h": 0.05, "3d": 0.1})  # of a budget of 30 days
    assert {WINDOWS[alarm.window] / WINDOWS[alarm.within] for alarm in ALARMS} == {12}


async def test_objectives_stand_by_what_was_answered_and_how_fast(bridge: GatewayUnderTest, publish: Publish) -> None:
    service, _ = await publish(design=BOTH)
    bridge.clock.advance(timedelta(days=30).total_seconds())
    await settle(bridge, 6)
    await settle(bridge, 2, duration_ms=101)
    await settle(bridge, 1, timedelta(hours=2), status=503, outcome="upstream_failed")
    await settle(bridge, 1, timedelta(days=8), status=500)
    await settle(bridge, 9, status=429, outcome="refused")

    store, now = await bridge.gateway.store.analytics(), bridge.clock.now()
    sure, fast = await standings(store, service, BOTH["slos"], now)

    assert (sure.whole, fast.whole) == (Sum(10, 2), Sum(9, 3))
    assert {name: sure.recent[name] for name in ("1h", "6h", "24h", "3d")} == {
        **{"1h": Sum(8, 0), "6h": Sum(9, 1), "24h": Sum(9, 1), "3d": Sum(9, 1)}
    }
    assert (fast.rate("1h"), fast.rate("6h")) == (0.5, pytest.approx(2 / 3))
    assert await standings(store, service, (), now) == []


async def test_calls_of_before_a_service_began_miss_none_of_its_objectives(
    bridge: GatewayUnderTest, publish: Publish
) -> None:
    await bridge.client()
    await settle(bridge, 9, status=500, outcome="upstream_failed")
    bridge.clock.advance(60)
    service, _ = await publish(design=BOTH)
    await settle(bridge, 1)

    store, now = await bridge.gateway.store.analytics(), bridge.clock.now()
    sure, _ = await standings(store, service, BOTH["slos"], now)

    assert sure.whole == Sum(1, 0)
    assert set(sure.recent.values()) == {Sum(1, 0)}


async def test_owner_is_told_once_that_an_objective_burns_and_once_that_it_recovered(
    bridge: GatewayUnderTest, publish: Publish
) -> None:
    service, _ = await publish(team="blue", design=BOTH)
    webhooks, by = bridge.gateway.webhooks, Actor("ada", "cli")
    hooks = [
        await webhooks.create(name=team, url="https://hooks.example.com/in", events=["service.*"], team=team, by=by)
        for team in ("blue", "red")
    ]
    await settle(bridge, 30)
    assert await watched(bridge) == []

    await settle(bridge, 20, status=500)
    first, again = await watched(bridge), await watched(bridge)
    bridge.clock.advance(3 * 86_400)
    recovered = await watched(bridge)

    # 20 of 50 failed, of which 1 % may: 40 times as fast; the other one may lose half
    assert first == [{"event": "slo_burning", "service": "weather", "slo": "sure", "window": "1h", "rate": "40.0"}]
    assert again == []
    assert recovered == [{"event": "slo_recovered", "service": "weather", "slo": "sure"}]
    outbox = await bridge.gateway.store.outbox()
    blue, red = [[*await outbox.list_deliveries(made.webhook.id)][::-1] for made in hooks]
    told = [json.loads(one.said) for one in blue if one.event.startswith("service.slo_")]
    assert [one["type"] for one in told] == ["service.slo_burning", "service.slo_recovered"]
    said = {"id": service.id, "name": "weather", "team": "blue", "slo": "sure", "window": "1h", "burn_rate": "40.0"}
    assert said.items() <= told[0]["data"].items()
    assert [one for one in red if one.event.startswith("service.slo_")] == []


async def test_few_calls_tell_nothing(bridge: GatewayUnderTest, publish: Publish) -> None:
    await publish(design={"slos": (SURE,)})
    await settle(bridge, 19, status=500)

    assert await watched(bridge) == []
    await settle(bridge, 1, status=500)
    assert [line["slo"] for line in await watched(bridge)] == ["sure"]


async def test_objective_of_a_service_that_ended_burns_no_more(bridge: GatewayUnderTest, publish: Publish) -> None:
    service, _ = await publish(design={"slos": (SURE,)})
    await settle(bridge, 20, status=500)
    await watched(bridge)

    await bridge.gateway.services.retire(service.id)

    assert [line["event"] for line in await watched(bridge)] == ["slo_recovered"]
    assert await watched(bridge) == []


async def test_rates_and_budgets_are_shown_to_prometheus_while_there_are_any(
    bridge: GatewayUnderTest, publish: Publish
) -> None:
    service, _ = await publish(design={"slos": (SURE,)})
    await watched(bridge)
    assert shown(bridge, "tollbridge_slo_burn_rate") == {}

    await settle(bridge, 99)
    await settle(bridge, 1, status=500)
    await watched(bridge)
    await measure_slos(bridge.gateway)

    labels = '{service="weather",slo="sure",window="%s"}'
    assert shown(bridge, "tollbridge_slo_burn_rate") == {
        labels % window: pytest.approx(1.0) for window in ("1h", "6h", "24h", "3d")
    }
    left = '{service="weather",slo="sure"}'
    assert shown(bridge, "tollbridge_slo_budget_left_ratio") == {left: pytest.approx(0.0)}

    await bridge.gateway.services.retire(service.id)
    await watched(bridge)
    await measure_slos(bridge.gateway)
    gone = [shown(bridge, f"tollbridge_slo_{name}") for name in ("burn_rate", "budget_left_ratio")]
    assert all(math.isnan(value) for samples in gone for value in samples.values())
