"""What every store says of the usage it keeps, as tests; see `store_contract`."""

from dataclasses import replace as replaced
from datetime import timedelta

import pytest
from msgspec.structs import replace

from tollbridge.metering.usage import Usage
from tollbridge.stores.base import Store
from tollbridge.stores.histograms import middle_of, place_of
from tollbridge.stores.reporting import Bucket, Health, Spend, Use
from tollbridge.testing.samples import NOON, ROW


def told(ms: int) -> int:
    """Say how a percentile of so many milliseconds is told: by the place that has it on a logarithmic scale."""
    return middle_of(place_of(ms))


class ReportContract:
    """Sums, series, spenders and health."""

    async def test_reports_on_nothing_are_empty(self, store: Store) -> None:
        totals = await store.totals(NOON, NOON + timedelta(hours=1))

        assert (totals.calls, totals.cost, totals.input_tokens, totals.output_tokens) == (0, 0, 0, 0)
        assert (totals.latency_p50_ms, totals.latency_p95_ms, totals.first_byte_p50_ms) == (None, None, None)
        assert await store.series(NOON, NOON + timedelta(hours=1), steps=4) == []
        assert await store.series(NOON, NOON, steps=4) == []
        assert (await store.totals(NOON, NOON)) == totals
        assert await store.spend(NOON, NOON + timedelta(hours=1), by="model") == []
        assert await store.cost(NOON, NOON + timedelta(hours=1)) == 0
        assert await store.health(NOON, NOON + timedelta(hours=1)) == []

    async def test_totals_count_each_kind_of_call(self, store: Store) -> None:
        for number, row in enumerate(
            [
                ROW,  # input 1+2+3+4+5+6 = 21, output 7+8 = 15
                replace(ROW, outcome="refused", status=429, usage=Usage(), cost=0, duration_ms=1, first_byte_ms=None),
                replace(ROW, outcome="upstream_failed", status=502, usage=Usage(), cost=0, first_byte_ms=None),
                replace(ROW, outcome="truncated", duration_ms=9_000, first_byte_ms=500),
                replace(ROW, cost=None, token_id="tok_2", duration_ms=800, first_byte_ms=400),
                replace(ROW, at=NOON - timedelta(microseconds=1)),
                replace(ROW, at=NOON + timedelta(hours=1)),
            ]
        ):
            await store.settle(replace(row, call_id=f"req_{number}"))

        totals = await store.totals(NOON, NOON + timedelta(hours=1))
        own = await store.totals(NOON, NOON + timedelta(hours=1), token_id="tok_2")

        assert (totals.calls, totals.failed, totals.refused, totals.unpriced) == (5, 2, 1, 1)
        assert (totals.cost, totals.input_tokens, totals.output_tokens) == (200, 63, 45)
        assert await store.cost(NOON, NOON + timedelta(hours=1)) == 200
        # without the refused one: 800, 1200, 1200, 9000 and 300, 400, 500; nearest rank
        latencies = (totals.latency_p50_ms, totals.latency_p95_ms, totals.first_byte_p50_ms)
        assert latencies == (told(1_200), told(9_000), told(400))
        assert (own.calls, own.cost, own.unpriced, own.latency_p95_ms) == (1, 0, 1, told(800))

    async def test_call_that_was_cut_is_no_refusal(self, store: Store) -> None:
        for number, status in enumerate((200, 101, 0, 401)):
            await store.settle(replace(ROW, call_id=f"req_{number}", outcome="refused", status=status))

        totals = await store.totals(NOON, NOON + timedelta(hours=1))

        assert (totals.calls, totals.refused, totals.failed) == (4, 2, 0)

    async def test_refusals_alone_have_no_latency(self, store: Store) -> None:
        await store.settle(replace(ROW, outcome="refused", status=403, cost=0))

        totals = await store.totals(NOON, NOON + timedelta(hours=1))

        assert (totals.calls, totals.latency_p50_ms, totals.first_byte_p50_ms) == (1, None, None)
        assert await store.health(NOON, NOON + timedelta(hours=1)) == []

    async def test_series_cuts_a_range_into_equal_steps(self, store: Store) -> None:
        for number, (minute, model, cost) in enumerate([(0, "a", 1), (14, "a", 2), (15, "b", 4), (59, "a", None)]):
            at = NOON + timedelta(minutes=minute)
            await store.settle(replace(ROW, call_id=f"req_{number}", at=at, model=model, cost=cost, duration_ms=minute))

        whole = await store.series(NOON, NOON + timedelta(hours=1), steps=4)
        split = await store.series(NOON, NOON + timedelta(hours=1), steps=2, by_model=True)

        quarter, half = timedelta(minutes=15), timedelta(minutes=30)
        assert whole == [
            Bucket(NOON, "", 2, 0, 3, 0, 14),
            Bucket(NOON + quarter, "", 1, 0, 4, 15, 15),
            Bucket(NOON + 3 * quarter, "", 1, 0, 0, 59, 59),
        ]
        assert split == [
            Bucket(NOON, "a", 2, 0, 3, 0, 14),
            Bucket(NOON, "b", 1, 0, 4, 15, 15),
            Bucket(NOON + half, "a", 1, 0, 0, 59, 59),
        ]
        untimed = await store.series(NOON, NOON + timedelta(hours=1), steps=4, timed=False)
        assert untimed == [replaced(bucket, latency_p50_ms=None, latency_p95_ms=None) for bucket in whole]
        with pytest.raises(ValueError, match="steps 0"):
            await store.series(NOON, NOON + half, steps=0)

    async def test_series_names_the_service_where_no_model_was_called(self, store: Store) -> None:
        for number, (service, model) in enumerate([("ai", "a"), ("orders", ""), ("", "")]):
            await store.settle(replace(ROW, call_id=f"req_{number}", service=service, model=model))

        (*split,) = await store.series(NOON, NOON + timedelta(hours=1), steps=1, by_model=True)

        assert [bucket.key for bucket in split] == ["", "a", "orders"]

    async def test_uses_tell_what_each_token_called_and_how_often_it_crossed(self, store: Store) -> None:
        later = NOON + timedelta(minutes=5)
        for number, row in enumerate(
            [
                ROW,
                replace(ROW, at=later, outcome="refused", status=403),
                replace(ROW, model="large"),
                replace(ROW, token_id="tok_2", operation="service:app:GET:/", model=""),
                replace(ROW, token_id=""),
                replace(ROW, at=NOON - timedelta(microseconds=1)),
                replace(ROW, at=NOON + timedelta(hours=1)),
            ]
        ):
            await store.settle(replace(row, call_id=f"req_{number}"))

        assert await store.uses(NOON, NOON + timedelta(hours=1)) == [
            Use("tok_1", "ai:chat", "large", 1, 1, NOON),
            Use("tok_1", "ai:chat", "small", 2, 1, later),
            Use("tok_2", "service:app:GET:/", "", 1, 1, NOON),
        ]
        assert await store.uses(NOON, NOON) == []

    async def test_health_tells_failures_of_each_service_and_provider(self, store: Store) -> None:
        for number, (service, provider, outcome, status, took) in enumerate(
            [
                ("ai", "b", "complete", 200, 30),
                ("ai", "b", "upstream_failed", 502, 10),
                ("ai", "b", "refused", 429, 1),
                ("ai", "a/x", "complete", 200, 40),
                ("ai", "a/x", "truncated", 200, 50),
                ("ai", "a/x", "complete", 404, 60),
                ("orders", "", "complete", 200, 70),
                ("orders", "", "client_gone", 499, 80),
            ]
        ):
            row = replace(ROW, call_id=f"req_{number}", service=service, provider=provider, outcome=outcome)
            await store.settle(replace(row, status=status, duration_ms=took))
        await store.settle(replace(ROW, call_id="req_later", at=NOON + timedelta(hours=1)))

        assert await store.health(NOON, NOON + timedelta(hours=1)) == [
            Health("ai", "a/x", 3, 1, 50),
            Health("ai", "b", 2, 1, 10),
            Health("orders", "", 2, 0, 70),
        ]

    async def test_calls_made_for_other_calls_cost_and_are_not_counted(self, store: Store) -> None:
        until = NOON + timedelta(hours=1)
        outer = replace(ROW, service="summaries", provider="", model="", usage=Usage(), cost=7, duration_ms=50)
        asked = replace(ROW, service="summaries", parent="req_0", usage=Usage(input=2, output=1), duration_ms=9_000)
        failed = replace(asked, status=502, outcome="upstream_failed", usage=Usage(), cost=0)
        refused = replace(asked, status=429, outcome="refused", usage=Usage(), cost=0)
        unpriced = replace(asked, at=NOON + timedelta(minutes=5), cost=None)
        tried = replace(asked, provider="", usage=Usage(), cost=0)  # of the service itself, before it serves
        for number, row in enumerate([outer, asked, failed, refused, unpriced, tried]):
            await store.settle(replace(row, call_id=f"req_{number}"))

        totals = await store.totals(NOON, until)

        assert (totals.calls, totals.failed, totals.refused, totals.unpriced) == (1, 0, 0, 1)
        assert (totals.cost, totals.input_tokens, totals.output_tokens) == (107, 4, 2)
        assert (totals.latency_p50_ms, totals.latency_p95_ms, totals.first_byte_p50_ms) == (50, 50, told(300))
        assert await store.cost(NOON, until) == 107
        assert await store.series(NOON, until, steps=1) == [Bucket(NOON, "", 1, 0, 107, 50, 50)]
        assert await store.series(NOON, until, steps=1, by_model=True) == [
            Bucket(NOON, "small", 0, 0, 100, None, None),
            Bucket(NOON, "summaries", 1, 0, 7, 50, 50),
        ]
        assert await store.spend(NOON, until, by="service") == [Spend("summaries", 1, 107, unpriced.at)]
        assert await store.spend(NOON, until, by="model") == [
            Spend("small", 0, 100, unpriced.at),
            Spend("", 1, 7, NOON),
        ]
        assert await store.uses(NOON, until) == [Use("tok_1", "ai:chat", "", 1, 1, NOON)]
        assert await store.health(NOON, until) == [
            Health("summaries", "openai", 3, 1, told(9_000)),  # those that came to it
            Health("summaries", "", 1, 0, 50),
        ]

    async def test_biggest_spenders_come_first(self, store: Store) -> None:
        for number, (model, cost) in enumerate([("a", 5), ("b", 7), ("a", 5), ("c", None), ("d", 0), ("d", 0)]):
            at = NOON + timedelta(minutes=number)
            await store.settle(replace(ROW, call_id=f"req_{number}", at=at, model=model, cost=cost))

        spend = await store.spend(NOON, NOON + timedelta(hours=1), by="model")

        assert spend == [
            Spend("a", 2, 10, NOON + timedelta(minutes=2)),
            Spend("b", 1, 7, NOON + timedelta(minutes=1)),
            Spend("d", 2, 0, NOON + timedelta(minutes=5)),
            Spend("c", 1, 0, NOON + timedelta(minutes=3)),
        ]
        assert await store.spend(NOON, NOON + timedelta(hours=1), by="model", limit=1) == spend[:1]
        with pytest.raises(ValueError, match="colour"):
            await store.spend(NOON, NOON + timedelta(hours=1), by="colour")

    @pytest.mark.parametrize("by", ["token_id", "model", "provider", "service"])
    async def test_series_and_spend_add_up_to_the_totals(self, store: Store, by: str) -> None:
        until = NOON + timedelta(seconds=100)
        for number in range(60):
            row = replace(
                ROW,
                call_id=f"req_{number}",
                at=NOON + timedelta(seconds=number * 1.9, microseconds=number),
                token_id=f"tok_{number % 7}",
                model=f"model-{number % 5}",
                provider=f"provider-{number % 3}",
                service=f"service-{number % 2}",
                status=500 if number % 11 == 0 else 200,
                cost=None if number % 13 == 0 else number * 17,
            )
            await store.settle(row)

        totals = await store.totals(NOON, until)
        series = await store.series(NOON, until, steps=7, by_model=True)
        spend = await store.spend(NOON, until, by=by)

        summed = (sum(b.calls for b in series), sum(b.cost for b in series), sum(b.failed for b in series))
        assert summed == (totals.calls, totals.cost, totals.failed)
        assert (sum(s.calls for s in spend), sum(s.cost for s in spend)) == (totals.calls, totals.cost)
        assert totals.calls == 53  # numbers 0 to 52 are before 100 seconds
