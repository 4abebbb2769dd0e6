"""What every store promises about money, as tests."""

import asyncio
from contextlib import suppress
from datetime import timedelta

import pytest
from msgspec.structs import replace

from tollbridge.errors import BudgetExceeded, GatewayError, InternalError, QuotaExceeded
from tollbridge.metering.usage import Usage, UsageSource
from tollbridge.stores.base import Store
from tollbridge.stores.reporting import BudgetStanding
from tollbridge.testing.clock import FixedClock
from tollbridge.testing.samples import ACT, BRIDGE, NOON, OWN, QUOTA, ROW, TOKEN, reservation, room


class LedgerContract:
    """Tests of reserving, settling and sweeping."""

    async def test_budget_is_held_until_the_call_is_settled(self, store: Store) -> None:
        await store.reserve(reservation("req_1", 400, BRIDGE, OWN))

        assert await room(store, OWN, 100)
        assert await room(store, BRIDGE, 600)
        await store.settle(replace(ROW, cost=150))
        assert await room(store, OWN, 350)
        assert await room(store, BRIDGE, 850)

    async def test_budgets_are_told_with_what_is_spent_and_what_is_held(self, store: Store) -> None:
        await store.reserve(reservation("req_1", 400, BRIDGE, OWN))
        await store.reserve(reservation("req_2", 50, BRIDGE))
        store.post(replace(ROW, cost=150))

        found = await store.budget_standings([BRIDGE.id, OWN.id, "nobody's"])

        assert found == {BRIDGE.id: BudgetStanding(150, 50), OWN.id: BudgetStanding(150, 0)}
        assert await store.budget_standings([]) == {}

    async def test_quota_counts_calls_whatever_they_cost(self, store: Store) -> None:
        await store.reserve(reservation("req_1", 400, OWN, QUOTA))
        await store.reserve(reservation("req_2", 0, QUOTA))

        with pytest.raises(QuotaExceeded, match="the subscription's quota for this day is used up: 2 calls") as refusal:
            await store.reserve(reservation("req_3", 100, OWN, QUOTA))

        assert (refusal.value.code, refusal.value.ends_s) == ("call_quota_exceeded", QUOTA.ends_s)
        assert await room(store, OWN, 100)
        assert await store.budget_standings([QUOTA.id]) == {QUOTA.id: BudgetStanding(0, 2)}

    async def test_refused_call_gives_back_what_it_took_of_a_quota(self, store: Store) -> None:
        for call_id in ("req_1", "req_2"):
            await store.reserve(reservation(call_id, 100, OWN, QUOTA))

        await store.settle(replace(ROW, outcome="upstream_failed", cost=0))
        await store.settle(replace(ROW, call_id="req_2", outcome="refused", cost=0))
        await store.settle(replace(ROW, call_id="req_2"))

        assert await store.budget_standings([QUOTA.id, OWN.id]) == {
            QUOTA.id: BudgetStanding(1, 0),
            OWN.id: BudgetStanding(0, 0),
        }

    async def test_many_calls_at_once_never_make_more_than_a_quota_has(self, store: Store) -> None:
        quota = replace(QUOTA, limit=7)
        calls = [store.reserve(reservation(f"req_{n}", n, quota)) for n in range(40)]

        results = await asyncio.gather(*calls, return_exceptions=True)
        for number, result in enumerate(results):
            if result is None:
                store.post(replace(ROW, call_id=f"req_{number}", cost=number))

        assert sum(isinstance(result, QuotaExceeded) for result in results) == 33
        assert await store.budget_standings([quota.id]) == {quota.id: BudgetStanding(7, 0)}

    async def test_call_whose_time_is_over_stays_counted(self, store: Store, clock: FixedClock) -> None:
        await store.reserve(reservation("req_1", 400, OWN, QUOTA, ttl_s=10))

        clock.advance(10)
        await store.sweep()

        assert await store.budget_standings([QUOTA.id]) == {QUOTA.id: BudgetStanding(1, 0)}

    async def test_call_is_found_by_its_id(self, store: Store) -> None:
        store.post(ROW)

        assert await store.find_call(ROW.call_id) == ROW
        assert await store.find_call("req_none") is None
        assert await store.find_call("req_\0") is None

    async def test_call_that_was_made_for_another_says_so_and_whose_it_is(self, store: Store) -> None:
        await store.settle(replace(ROW, parent="req_0", application="app_1", release="rel_1"))

        found = await store.find_call(ROW.call_id)
        assert found is not None
        assert (found.parent, found.application, found.release) == ("req_0", "app_1", "rel_1")
        assert await store.recent() == [found]

    async def test_call_that_does_not_fit_one_budget_holds_nothing_on_any(self, store: Store) -> None:
        with pytest.raises(BudgetExceeded, match=OWN.label) as refusal:
            await store.reserve(reservation("req_1", 501, BRIDGE, OWN))

        assert refusal.value.code == "insufficient_quota"
        assert await room(store, BRIDGE, 1_000)
        assert await room(store, OWN, 500)
        await store.settle(ROW)  # 100, and nothing is charged without a reservation
        assert await room(store, OWN, 500)

    async def test_refusal_names_the_first_budget_that_is_too_small(self, store: Store) -> None:
        with pytest.raises(BudgetExceeded, match=BRIDGE.label):
            await store.reserve(reservation("req_1", 1_001, BRIDGE, OWN))

    async def test_limit_is_the_one_in_force_now(self, store: Store) -> None:
        await store.reserve(reservation("req_1", 500, OWN))

        await store.reserve(reservation("req_2", 100, replace(OWN, limit=600)))
        with pytest.raises(BudgetExceeded):
            await store.reserve(reservation("req_3", 0, replace(OWN, limit=300)))

    async def test_free_call_fits_a_full_budget(self, store: Store) -> None:
        await store.reserve(reservation("req_1", 500, OWN))

        await store.reserve(reservation("req_2", 0, OWN))

    async def test_call_without_budgets_is_held_and_settled(self, store: Store) -> None:
        await store.reserve(reservation("req_1", 500))

        await store.settle(ROW)
        assert await store.recent() == [ROW]

    async def test_budget_named_twice_is_held_once(self, store: Store) -> None:
        await store.reserve(reservation("req_1", 300, OWN, OWN))

        assert await room(store, OWN, 200)

    async def test_second_settlement_changes_nothing(self, store: Store) -> None:
        await store.reserve(reservation("req_1", 400, OWN))
        await store.settle(ROW)  # 100

        await asyncio.gather(*(store.settle(replace(ROW, cost=300, status=500)) for _ in range(3)))

        assert await store.recent() == [ROW]
        assert await room(store, OWN, 400)

    async def test_settlement_without_a_reservation_is_written_and_charges_nothing(self, store: Store) -> None:
        refused = replace(ROW, outcome="refused", status=429, usage=Usage(), usage_source=UsageSource.NONE, cost=None)

        await store.settle(refused)

        assert await store.recent() == [refused]
        assert await room(store, OWN, 500)

    async def test_unpriced_call_frees_its_budget(self, store: Store) -> None:
        await store.reserve(reservation("req_1", 400, OWN))

        await store.settle(replace(ROW, cost=None))

        assert await room(store, OWN, 500)

    async def test_use_beyond_the_reservation_is_charged_in_full(self, store: Store) -> None:
        await store.reserve(reservation("req_1", 100, OWN))

        await store.settle(replace(ROW, cost=480))

        assert await room(store, OWN, 20)

    async def test_call_is_reserved_once(self, store: Store) -> None:
        await store.reserve(reservation("req_1", 100, OWN))

        with pytest.raises(InternalError):
            await store.reserve(reservation("req_1", 100, OWN))
        assert await room(store, OWN, 400)

    async def test_concurrent_calls_never_hold_more_than_there_is(self, store: Store) -> None:
        calls = [store.reserve(reservation(f"req_{n}", 70, BRIDGE, OWN)) for n in range(40)]

        results = await asyncio.gather(*calls, return_exceptions=True)

        assert results.count(None) == 7  # 7 x 70 = 490 of 500
        assert sum(isinstance(result, BudgetExceeded) for result in results) == 33
        assert await room(store, BRIDGE, 510)

    async def test_one_bad_call_does_not_disturb_the_others(self, store: Store) -> None:
        calls = [
            store.reserve(reservation("req_1", 10, OWN)),
            store.reserve(reservation("req_2", 2**70, replace(OWN, limit=2**80))),
            store.settle(replace(ROW, call_id="req_3", bytes_in=2**70)),
            store.reserve(reservation("req_4", 20, OWN)),
            store.reserve(reservation("req_5", -30, OWN)),
        ]

        results = await asyncio.gather(*calls, return_exceptions=True)

        assert [result is None for result in results] == [True, False, False, True, False]
        assert all(isinstance(result, GatewayError) for result in results if result is not None)
        assert await room(store, OWN, 470)

    async def test_caller_cancelled_while_reserving_holds_nothing(self, store: Store) -> None:
        call = asyncio.create_task(store.reserve(reservation("req_1", 400, OWN)))
        await asyncio.sleep(0)  # it has begun

        call.cancel()

        with suppress(asyncio.CancelledError):
            await call
        assert await room(store, OWN, 500 if call.cancelled() else 100)

    async def test_caller_cancelled_while_settling_is_settled(self, store: Store) -> None:
        await store.reserve(reservation("req_1", 400, OWN))
        call = asyncio.create_task(store.settle(ROW))  # 100
        await asyncio.sleep(0)

        call.cancel()

        with suppress(asyncio.CancelledError):
            await call
        assert await room(store, OWN, 400)
        assert ROW in await store.recent()

    async def test_expired_reservation_is_charged_in_full_once(self, store: Store, clock: FixedClock) -> None:
        await store.add_token(TOKEN, ACT)
        await store.reserve(reservation("req_1", 400, BRIDGE, OWN, ttl_s=10))
        await store.reserve(reservation("req_2", 50, OWN, ttl_s=10.001))

        clock.advance(10)
        swept = await asyncio.gather(*(store.sweep() for _ in range(3)))

        assert sum(swept) == 1
        assert await room(store, OWN, 50)  # 500 - 400 spent - 50 held
        await store.settle(ROW)  # too late: a no-op
        assert await room(store, BRIDGE, 600)
        (row,) = [row for row in await store.recent() if row.call_id == "req_1"]
        assert (row.at, row.token_id, row.team, row.cost) == (NOON + timedelta(seconds=10), "tok_1", "blue", 400)
        assert (row.outcome, row.usage_source, row.usage) == ("upstream_failed", UsageSource.RESERVED, Usage())
        assert (row.status, row.error) == (500, "reservation_expired")
