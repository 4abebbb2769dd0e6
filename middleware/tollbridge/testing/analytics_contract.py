"""What every store says of the calls of one service or application, as tests; see `store_contract`."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace as replaced
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from tollbridge.metering.ledger import UsageRow
from tollbridge.metering.usage import Usage
from tollbridge.stores.analytics import Analysis, Burning, BurnTold, Failure, Fared, Figures, Share, Whose
from tollbridge.stores.base import Store
from tollbridge.stores.reporting import Bucket
from tollbridge.testing.samples import ACT, NOON, ROW
from tollbridge.testing.service_contract import SERVICE, begun

HOUR = timedelta(hours=1)
WEATHER = Whose(service="weather")
CALL = replace(
    ROW,
    **{"service": "weather", "operation": "service:weather:say", "provider": "", "model": "", "usage": Usage()},
    **{"cost": 7, "duration_ms": 50, "token_id": "tok_1", "application": "app_1", "release": "rel_1"},
)
INNER = replace(
    ROW,
    **{"service": "weather", "parent": "req_0", "usage": Usage(input=2, output=1), "cost": 100, "duration_ms": 9_000},
    **{"token_id": "tok_1", "application": "app_1", "release": "rel_1"},
)
ROWS = (
    CALL,
    INNER,
    replace(INNER, cost=None),
    replace(CALL, status=404, error="", release="rel_2", duration_ms=70, at=NOON + timedelta(minutes=31)),
    replace(CALL, status=503, outcome="upstream_failed", error="upstream_unreachable", duration_ms=90, cost=0),
    replace(CALL, status=200, outcome="truncated", error="upstream_truncated", application="", duration_ms=30),
    replace(CALL, status=429, outcome="refused", error="rate_limited", application="", token_id="tok_2", cost=0),
    replace(CALL, status=503, outcome="refused", error="unavailable", application="", token_id="", cost=0),
    replace(CALL, status=410, outcome="refused", error="service_retired", release="", operation="service:weather:*"),
    replace(CALL, service="sun", operation="service:sun:say", release="rel_9", cost=11),
    replace(ROW, application="app_1", service="ai", cost=1),
    replace(CALL, at=NOON - timedelta(microseconds=1)),
    replace(CALL, at=NOON + HOUR),
)


async def settled(store: Store, rows: Sequence[UsageRow] = ROWS) -> None:
    """Write rows, each as a call of its own."""
    for number, row in enumerate(rows):
        await store.settle(replace(row, call_id=f"req_{number}"))


async def analysed(store: Store, whose: Whose, **more: Any) -> Analysis:
    return await (await store.analytics()).analyse(whose, NOON, NOON + HOUR, **{"steps": 2, **more})


def share(key: str, calls: int, failed: int = 0, client: int = 0, refused: int = 0, **more: Any) -> Share:
    """Say what a share is, briefly."""
    said = {"key": key, "calls": calls, "failed": failed, "client_errors": client, "refused": refused}
    return Share(**{**said, "cost": 0, "last_at": NOON, **more})


class AnalyticsContract:
    """Tests of `AnalyticsStore`."""

    async def test_calls_of_some_services_are_counted_and_not_what_these_asked(self, store: Store) -> None:
        await settled(store)
        analytics = await store.analytics()

        since = dict.fromkeys(("weather", "sun", "none"), NOON)
        assert await analytics.called(since) == {"weather": 8, "sun": 1, "none": 0}
        assert await analytics.called(since | {"weather": NOON + HOUR}) == {"weather": 1, "sun": 1, "none": 0}
        assert await analytics.called({}) == {}

    async def test_calls_of_a_service_are_summed_up_and_its_models_cost_on_top(self, store: Store) -> None:
        await settled(store)

        found = (await analysed(store, WEATHER)).figures

        assert found == Figures(
            **{"calls": 7, "failed": 3, "client_errors": 1, "refused": 3},  # one of which could not be served
            **{"toll": 28, "model_cost": 100, "model_calls": 2, "unpriced": 1, "input_tokens": 4, "output_tokens": 2},
            **{"bytes_in": 77, "bytes_out": 154},
            # of 30, 50, 70 and 90, without the refused ones
            **{"latency_avg_ms": 60, "latency_p50_ms": 50, "latency_p95_ms": 90, "latency_p99_ms": 90},
        )

    async def test_shares_tell_who_called_which_release_and_operation(self, store: Store) -> None:
        await settled(store)

        found = await analysed(store, WEATHER)

        later = NOON + timedelta(minutes=31)
        assert found.callers == [
            share("app_1", 4, 1, 1, 1, cost=121, last_at=later),
            share("", 1, 1, 0, 1),
            share("tok_1", 1, 1, cost=7),
            share("tok_2", 1, 0, 0, 1),
        ]
        assert found.releases == [share("rel_1", 5, 3, 0, 2, cost=114), share("rel_2", 1, 0, 1, cost=7, last_at=later)]
        assert found.operations == [
            share("service:weather:say", 6, 3, 1, 2, cost=21, last_at=later),
            share("service:weather:*", 1, 0, 0, 1, cost=7),
        ]
        assert found.services == ()
        assert found.failures == [
            Failure(code="", status=404, calls=1),
            Failure(code="rate_limited", status=429, calls=1),
            Failure(code="service_retired", status=410, calls=1),
            Failure(code="unavailable", status=503, calls=1),
            Failure(code="upstream_truncated", status=200, calls=1),
            Failure(code="upstream_unreachable", status=503, calls=1),
        ]
        assert found.series == [Bucket(NOON, "", 6, 3, 121, 50, 90), Bucket(later - HOUR / 60, "", 1, 0, 7, 70, 70)]

    async def test_an_applications_calls_are_told_by_service(self, store: Store) -> None:
        await settled(store)

        found = await analysed(store, Whose(application="app_1"))
        both = await analysed(store, Whose(application="app_1", service="sun"))

        later = NOON + timedelta(minutes=31)
        assert [(one.key, one.calls, one.cost, one.last_at) for one in found.services] == [
            ("weather", 4, 121, later),
            ("ai", 1, 1, NOON),
            ("sun", 1, 11, NOON),
        ]
        assert (found.callers, found.releases, found.operations) == ((), (), ())
        assert (found.figures.calls, found.figures.toll, found.figures.model_cost) == (6, 33, 100)
        assert (both.figures.calls, both.figures.toll, len(both.callers)) == (1, 11, 1)

    async def test_at_most_so_many_shares_are_given(self, store: Store) -> None:
        await settled(store)

        found = await analysed(store, WEATHER, top=1)

        assert [one.key for one in found.callers] == ["app_1"]
        assert len(found.releases) == len(found.operations) == len(found.failures) == 1
        with pytest.raises(ValueError, match="limit 0"):
            await analysed(store, WEATHER, top=0)
        with pytest.raises(ValueError, match="steps 0"):
            await analysed(store, WEATHER, steps=0)

    async def test_nobody_called_what_is_not_there(self, store: Store) -> None:
        await settled(store)

        found = await analysed(store, Whose(service="rain"))

        shares: dict[str, Any] = {name: [] for name in ("callers", "releases", "operations")}
        assert found == Analysis(figures=Figures(), failures=[], series=[], **shares)

    async def test_calls_of_before_a_service_began_are_none_of_its(self, store: Store) -> None:
        await settled(store)

        found = await analysed(store, replaced(WEATHER, begun=NOON + timedelta(minutes=31)))

        assert (found.figures.calls, found.figures.model_calls) == (1, 0)
        assert [(one.key, one.calls) for one in found.releases] == [("rel_2", 1)]
        assert sum(bucket.calls for bucket in found.series) == 1

    async def test_service_that_is_called_as_models_are_is_summed_up_too(self, store: Store) -> None:
        await settled(store)

        assert (await analysed(store, Whose(service="ai"))).figures.calls == 1

    async def test_sums_agree_with_those_of_the_whole_bridge(self, store: Store) -> None:
        await settled(store)

        totals = await store.totals(NOON, NOON + HOUR)
        parts = [await analysed(store, Whose(service=name)) for name in ("weather", "sun", "ai")]

        sums = [each.figures for each in parts]
        assert sum(one.calls for one in sums) == totals.calls
        assert sum(one.failed for one in sums) == totals.failed
        assert sum(one.refused for one in sums) == totals.refused
        assert sum(one.unpriced for one in sums) == totals.unpriced
        assert sum(one.toll + one.model_cost for one in sums) == totals.cost
        assert sum(one.input_tokens for one in sums) == totals.input_tokens
        assert sum(bucket.cost for each in parts for bucket in each.series) == totals.cost

    async def test_calls_of_what_is_switched_off_on_purpose_are_refused_and_failed_none(self, store: Store) -> None:
        off = [
            replace(CALL, status=503, outcome="refused", error=code)
            for code in ("service_paused", "operation_disabled")
        ]
        await settled(store, [CALL, *off])
        analytics = await store.analytics()

        figures = (await analysed(store, WEATHER)).figures
        (fared,) = await analytics.fared("weather", [NOON], NOON + HOUR)
        whole = await store.totals(NOON, NOON + HOUR)

        assert (figures.calls, figures.failed, figures.refused) == (3, 0, 2)
        assert fared == Fared(calls=1, failed=(0,))
        assert (whole.calls, whole.failed, whole.refused) == (3, 0, 2)

    async def test_calls_fare_from_each_start_on_without_what_callers_did_wrong(self, store: Store) -> None:
        await settled(store)

        starts = [NOON + timedelta(minutes=31), NOON, NOON - HOUR, NOON, NOON + timedelta(minutes=45)]
        found = await (await store.analytics()).fared("weather", starts, NOON + HOUR, within_ms=[None, 60])

        # all but the two of 4xx that were refused; over 60 ms took the one of 404, beside those that failed
        assert found == [
            Fared(calls=1, failed=(0, 1)),
            Fared(calls=5, failed=(3, 4)),
            Fared(calls=6, failed=(3, 4)),
            Fared(calls=5, failed=(3, 4)),
            Fared(calls=0, failed=(0, 0)),
        ]
        assert await (await store.analytics()).fared("weather", [], NOON) == []

    async def test_calls_of_a_service_are_counted_all_together_and_by_release(self, store: Store) -> None:
        await settled(store)

        assert await store.service_calls("weather", NOON, NOON + HOUR) == (5, 3)
        assert await store.service_calls("weather", NOON, NOON + HOUR, release="rel_2") == (1, 0)
        assert await store.service_calls("weather", NOON, NOON + HOUR, release="rel_9") == (0, 0)

    async def test_objective_that_burns_is_told_once_until_it_is_worse_or_recovered(self, store: Store) -> None:
        await begun(store)
        analytics = await store.analytics()
        slow, fast = Burning(level=1, window="3d", rate="1.2"), Burning(level=3, window="1h", rate="20.0")

        async def tell(**burning: Burning) -> Sequence[BurnTold]:
            return await analytics.tell_burning("svc_1", burning, ACT)

        assert await tell(quick=slow, right=slow) == [BurnTold(slo=name, burning=slow) for name in ("quick", "right")]
        assert await tell(quick=slow, right=fast) == [BurnTold(slo="right", burning=fast)]
        assert await tell(quick=slow, right=slow) == []
        assert await tell(quick=slow, right=fast) == [BurnTold(slo="right", burning=fast)]
        assert await analytics.burning_services() == ["svc_1"]
        assert await tell(quick=slow) == [BurnTold(slo="right", burning=None)]
        assert await tell() == [BurnTold(slo="quick", burning=None)]
        assert await tell() == []
        assert await analytics.burning_services() == []
        records = [*await store.list_audit(action="service.slo_")][::-1]
        assert [record.action.removeprefix("service.slo_") for record in records] == [
            *(*["burning"] * 4, "recovered", "recovered")
        ]
        assert records[0].target == SERVICE.id
        assert records[0].after == '{"burn_rate":"1.2","slo":"quick","window":"3d"}'

    async def test_many_workers_tell_of_an_objective_once(self, store: Store) -> None:
        await begun(store)
        analytics = await store.analytics()
        burning = {"quick": Burning(level=3, window="1h", rate="20.0")}

        told = await asyncio.gather(*(analytics.tell_burning("svc_1", burning, ACT) for _ in range(5)))

        assert sorted(map(len, told)) == [0, 0, 0, 0, 1]
        assert len(await store.list_audit(action="service.slo_burning")) == 1
