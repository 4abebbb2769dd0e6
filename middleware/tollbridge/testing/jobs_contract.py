"""What every store promises of jobs that many workers share, as tests.  Subclass as `StoreContract` says."""

import asyncio
from datetime import timedelta

from tollbridge.stores.base import Store
from tollbridge.stores.jobs import JobState
from tollbridge.testing.clock import FixedClock
from tollbridge.testing.samples import ACT, NOON

LEASE_S = 60.0


class JobsContract:
    """Tests of `JobStore`."""

    async def test_planned_jobs_are_due_once_and_planning_them_again_changes_nothing(self, store: Store) -> None:
        jobs = await store.jobs()
        await jobs.plan_jobs(["sweep", "warn"])
        taken = await jobs.take_job("sweep", "run_1", lease_s=LEASE_S)

        await jobs.plan_jobs(["sweep", "warn", "more"])

        assert taken == JobState("sweep", NOON, "run_1", NOON + timedelta(seconds=LEASE_S), NOON)
        assert await jobs.due_jobs() == ["more", "warn"]
        assert [state.name for state in await jobs.list_jobs()] == ["more", "sweep", "warn"]
        assert await jobs.take_job("unknown", "run_1", lease_s=LEASE_S) is None

    async def test_of_many_who_try_at_once_one_has_the_job(self, store: Store) -> None:
        jobs = await store.jobs()
        await jobs.plan_jobs(["sweep"])

        taken = await asyncio.gather(*(jobs.take_job("sweep", f"run_{n}", lease_s=LEASE_S) for n in range(10)))

        assert len([one for one in taken if one is not None]) == 1

    async def test_job_of_a_worker_that_is_gone_is_anothers_when_its_lease_is_over(
        self, store: Store, clock: FixedClock
    ) -> None:
        jobs = await store.jobs()
        await jobs.plan_jobs(["sweep"])
        await jobs.take_job("sweep", "run_1", lease_s=LEASE_S)

        clock.advance(LEASE_S - 1)
        assert await jobs.keep_job("sweep", "run_1", lease_s=LEASE_S)
        clock.advance(LEASE_S - 1)
        assert await jobs.take_job("sweep", "run_2", lease_s=LEASE_S) is None
        clock.advance(1)
        assert await jobs.due_jobs() == ["sweep"]
        assert await jobs.take_job("sweep", "run_2", lease_s=LEASE_S) is not None

        assert not await jobs.keep_job("sweep", "run_1", lease_s=LEASE_S)
        assert not await jobs.end_job("sweep", "run_1", again_s=1.0)
        assert not await jobs.leave_job("sweep", "run_1")
        assert (await jobs.list_jobs())[0].runner == "run_2"

    async def test_job_that_ended_is_due_again_after_its_pause_and_failures_are_counted(
        self, store: Store, clock: FixedClock
    ) -> None:
        jobs = await store.jobs()
        await jobs.plan_jobs(["sweep"])
        for failure, counted in (("it broke", 1), ("again \ud800", 2), ("", 0)):
            clock.advance(100)
            assert await jobs.take_job("sweep", "run_1", lease_s=LEASE_S) is not None
            clock.advance(1)
            assert await jobs.end_job("sweep", "run_1", failure=failure, again_s=90.0)
            (state,) = await jobs.list_jobs()
            now = clock.now()
            assert (state.failures, state.runner, state.lease_ends_at) == (counted, "", None)
            assert state.outcome == (failure.replace("\ud800", "?") or "done")
            assert (state.began_at, state.ended_at) == (now - timedelta(seconds=1), now)
            assert state.due_at == now + timedelta(seconds=90)

        clock.advance(89)
        assert await jobs.due_jobs() == []
        assert await jobs.take_job("sweep", "run_2", lease_s=LEASE_S) is None
        clock.advance(10_000_000)  # nobody ran for long: it is due once, not as often as its time came
        assert await jobs.due_jobs() == ["sweep"]

    async def test_job_that_is_left_is_anothers_at_once(self, store: Store) -> None:
        jobs = await store.jobs()
        await jobs.plan_jobs(["sweep"])
        await jobs.take_job("sweep", "run_1", lease_s=LEASE_S)

        assert await jobs.leave_job("sweep", "run_1")

        assert await jobs.take_job("sweep", "run_2", lease_s=LEASE_S) is not None

    async def test_job_is_hurried_and_that_is_recorded(self, store: Store, clock: FixedClock) -> None:
        jobs = await store.jobs()
        await jobs.plan_jobs(["sweep"])
        await jobs.take_job("sweep", "run_1", lease_s=LEASE_S)
        await jobs.end_job("sweep", "run_1", again_s=3_600.0)

        found = await jobs.hurry_job("sweep", ACT)

        assert found is not None
        assert found.due_at == NOON
        assert await jobs.due_jobs() == ["sweep"]
        assert await jobs.hurry_job("unknown", ACT) is None
        assert [(one.action, one.target) for one in await store.follow_audit()] == [("job.hurry", "sweep")]

    async def test_job_that_is_hurried_while_it_runs_is_due_once_more_when_it_ends(
        self, store: Store, clock: FixedClock
    ) -> None:
        jobs = await store.jobs()
        await jobs.plan_jobs(["sweep"])
        await jobs.take_job("sweep", "run_1", lease_s=LEASE_S)
        clock.advance(1)

        assert await jobs.hurry_job("sweep", ACT) is not None

        assert await jobs.due_jobs() == []  # it runs
        clock.advance(1)
        assert await jobs.end_job("sweep", "run_1", again_s=3_600.0)
        assert await jobs.due_jobs() == ["sweep"]
        assert await jobs.take_job("sweep", "run_2", lease_s=LEASE_S) is not None
        assert await jobs.end_job("sweep", "run_2", again_s=3_600.0)
        assert await jobs.due_jobs() == []

    async def test_job_that_failed_or_was_left_while_it_was_hurried_is_due_at_once(self, store: Store) -> None:
        jobs = await store.jobs()
        await jobs.plan_jobs(["sweep"])
        for run in ("run_1", "run_2"):
            await jobs.take_job("sweep", run, lease_s=LEASE_S)
            await jobs.hurry_job("sweep", ACT)
            if run == "run_1":
                await jobs.end_job("sweep", run, failure="it broke", again_s=3_600.0)
            else:
                await jobs.leave_job("sweep", run)
            assert await jobs.due_jobs() == ["sweep"]

        assert await jobs.take_job("sweep", "run_3", lease_s=LEASE_S) is not None
        assert await jobs.end_job("sweep", "run_3", again_s=3_600.0)
        assert await jobs.due_jobs() == []

    async def test_job_that_is_hurried_while_others_take_and_end_it_runs_after_that(self, store: Store) -> None:
        jobs = await store.jobs()
        await jobs.plan_jobs(["sweep"])
        for number in range(12):
            runner = f"run_{number}"
            assert await jobs.take_job("sweep", runner, lease_s=LEASE_S) is not None
            _, hurried = await asyncio.gather(
                jobs.end_job("sweep", runner, again_s=3_600.0), jobs.hurry_job("sweep", ACT)
            )
            assert hurried is not None
            assert await jobs.due_jobs() == ["sweep"], number
