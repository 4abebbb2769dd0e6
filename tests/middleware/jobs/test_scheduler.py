"""Jobs of one worker among several: taken, kept, ended, left, and none in the way of another."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.support.waiting import until

from tollbridge.audit import Actor
from tollbridge.errors import NotFound, StoreError, Unavailable
from tollbridge.jobs.job import Job
from tollbridge.jobs.scheduler import Jobs
from tollbridge.stores.jobs import JobState
from tollbridge.testing import FixedClock, GatewayUnderTest

BY = Actor("ada", "code")


class Workers:
    """Schedulers over one store, as several workers have them, and what they counted."""

    def __init__(self, under: GatewayUnderTest) -> None:
        self.gateway = under.gateway
        self.clock: FixedClock = under.clock
        self.counted: list[tuple[str, str]] = []
        self.made: list[Jobs] = []

    def worker(self, *jobs: Job, **options: Any) -> Jobs:
        def count(job: str, result: str) -> None:
            self.counted.append((job, result))

        made = Jobs(self.gateway, {job.name: job for job in jobs}, counted=count, **options)
        self.made.append(made)
        return made

    async def keep_no_lease(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Have the store be away whenever a lease is to be lengthened."""

        async def away(*_: object, **__: object) -> bool:
            raise Unavailable("not now", detail="away")

        monkeypatch.setattr(await self.gateway.store.jobs(), "keep_job", away)

    async def state(self) -> JobState:
        (state,) = await self.made[0].states()
        return state


@pytest.fixture
async def workers(gateway: Callable[..., GatewayUnderTest]) -> AsyncIterator[Workers]:
    under = gateway()
    await under.client()
    workers = Workers(under)
    yield workers
    for worker in workers.made:
        await worker.stop()


class Work:
    """A job's work: counts, waits while it is told to, and fails where it is given something to fail with."""

    def __init__(self) -> None:
        self.done = 0
        self.begun = 0
        self.failure: Exception | None = None
        self.goes_on = asyncio.Event()
        self.goes_on.set()

    async def __call__(self, gateway: object) -> None:
        self.begun += 1
        await self.goes_on.wait()
        if self.failure is not None:
            raise self.failure
        self.done += 1


async def test_job_is_done_at_once_and_then_in_its_time_once_however_long_nobody_ran(workers: Workers) -> None:
    work = Work()
    worker = workers.worker(Job("sweep", 3_600.0, work))

    await worker.run_due()
    await worker.run_due()
    assert work.done == 1
    state = await workers.state()
    assert (state.outcome, state.failures, state.runner) == ("done", 0, "")
    assert timedelta(seconds=3_240) <= state.due_at - workers.clock.now() <= timedelta(seconds=3_960)  # a tenth

    workers.clock.advance(30 * 86_400)
    await worker.run_due()
    await worker.run_due()

    assert work.done == 2
    assert workers.counted == [("sweep", "done")] * 2


async def test_of_several_workers_one_does_a_job_and_each_does_a_shared_one(workers: Workers) -> None:
    lone, shared = Work(), Work()
    jobs = (Job("sweep", 60.0, lone), Job("send", 60.0, shared, shared=True))
    made = [workers.worker(*jobs) for _ in range(4)]

    await asyncio.gather(*(worker.run_due() for worker in made))

    assert (lone.done, shared.done) == (1, 4)
    assert [state.name for state in await made[0].states()] == ["sweep"]
    await made[0].run_due()
    assert shared.done == 4
    workers.clock.advance(70)
    await made[0].run_due()
    assert shared.done == 5


async def test_job_that_fails_is_told_tried_again_later_and_stops_no_other(workers: Workers) -> None:
    bad, good = Work(), Work()
    bad.failure = ValueError("the secret tb_abc")
    worker = workers.worker(Job("bad", 60.0, bad), Job("good", 60.0, good))

    with capture_logs() as lines:
        await worker.run_due()

    assert (bad.begun, good.done) == (1, 1)
    (failed,) = [line for line in lines if line["event"] == "job_failed"]
    assert (failed["job"], failed["log_level"]) == ("bad", "error")
    assert "ValueError in test_scheduler.py" in failed["reason"]
    state, _ = await worker.states()
    assert (state.name, state.failures) == ("bad", 1)
    assert "tb_abc" not in state.outcome
    assert state.due_at - workers.clock.now() <= timedelta(seconds=11)  # sooner than its own time, and longer each time
    workers.clock.advance(11)
    await worker.run_due()
    state, _ = await worker.states()
    assert state.failures == 2
    assert timedelta(seconds=18) <= state.due_at - workers.clock.now() <= timedelta(seconds=22)
    bad.failure = None
    workers.clock.advance(22)
    await worker.run_due()
    state, _ = await worker.states()
    assert (state.failures, state.outcome) == (0, "done")


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (Unavailable("not now", detail="the disk is full"), "the disk is full"),
        (NotFound("it is gone"), "it is gone"),
        (StoreError("make it anew"), "make it anew"),
    ],
)
async def test_own_errors_are_told_in_their_own_words(workers: Workers, failure: Exception, said: str) -> None:
    work = Work()
    work.failure = failure

    await workers.worker(Job("sweep", 60.0, work)).run_due()

    assert (await workers.state()).outcome == said


async def test_job_that_takes_too_long_is_broken_off_and_has_failed(workers: Workers) -> None:
    work = Work()
    work.goes_on.clear()

    await workers.worker(Job("sweep", 60.0, work, longest_s=0.01)).run_due()

    assert (await workers.state()).outcome == "it took longer than 0.01 s"
    assert (work.begun, work.done) == (1, 0)


async def test_slow_job_keeps_its_lease_and_is_nobody_elses(workers: Workers) -> None:
    work = Work()
    work.goes_on.clear()
    job = Job("sweep", 60.0, work)
    slow, other = workers.worker(job, lease_s=0.03), workers.worker(job)
    running = asyncio.create_task(slow.run_due())
    await until(lambda: work.begun == 1, "the job")
    store = await workers.gateway.store.jobs()
    kept = (await store.list_jobs())[0].lease_ends_at
    assert kept is not None

    workers.clock.advance(0.02)
    async with asyncio.timeout(10):
        while (await store.list_jobs())[0].lease_ends_at == kept:
            await asyncio.sleep(0.005)
    workers.clock.advance(0.02)  # the first lease is over
    await other.run_due()

    assert work.begun == 1
    work.goes_on.set()
    await running
    assert work.done == 1


async def test_worker_that_lost_its_lease_breaks_off_and_changes_nothing_of_the_other(workers: Workers) -> None:
    work = Work()
    work.goes_on.clear()
    job = Job("sweep", 60.0, work)
    slow, other = workers.worker(job, lease_s=3.0), workers.worker(job)
    running = asyncio.create_task(slow.run_due())
    await until(lambda: work.begun == 1, "the job")

    workers.clock.advance(3)
    taking = asyncio.create_task(other.run_due())
    await until(lambda: work.begun == 2, "the job in the other worker")
    with capture_logs() as lines:
        await running

    assert [line["event"] for line in lines] == ["job_lost"]
    assert workers.counted == [("sweep", "lost")]
    work.goes_on.set()
    await taking
    assert ((await workers.state()).outcome, work.done) == ("done", 1)


async def test_stopped_worker_breaks_off_and_another_begins_the_job_at_once(workers: Workers) -> None:
    work, shared = Work(), Work()
    for one in (work, shared):
        one.goes_on.clear()
    jobs = (Job("sweep", 60.0, work), Job("send", 60.0, shared, shared=True))
    first, second = workers.worker(*jobs, look_s=0.001), workers.worker(*jobs)
    first.start()
    await until(lambda: work.begun == shared.begun == 1, "both jobs")

    await first.stop()

    assert (await workers.state()).runner == ""
    for one in (work, shared):
        one.goes_on.set()
    await second.run_due()
    assert (work.done, shared.done) == (1, 1)


async def test_running_worker_looks_again_and_again_whatever_happens(workers: Workers) -> None:
    work = Work()
    worker = workers.worker(Job("sweep", 60.0, work), look_s=0.001)
    store = workers.gateway.store
    away = True

    class Away:
        def __getattr__(self, name: str) -> Any:
            if away:
                raise Unavailable("not now", detail="away")
            return getattr(store, name)

    workers.gateway.store = Away()  # type: ignore[assignment]
    with capture_logs() as lines:
        worker.start()
        await until(lambda: len(lines) > 1, "two looks")
        away = False
        await until(lambda: work.done == 1, "the job")
    await worker.stop()
    workers.gateway.store = store

    assert {(line["event"], line["reason"]) for line in lines} == {("jobs_not_read", "away")}


async def test_lease_that_cannot_be_kept_for_a_moment_is_told_and_the_job_goes_on(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = Work()
    work.goes_on.clear()
    worker = workers.worker(Job("sweep", 60.0, work), lease_s=0.003)
    await workers.keep_no_lease(monkeypatch)
    with capture_logs() as lines:
        running = asyncio.create_task(worker.run_due())
        await until(lambda: len(lines) > 1, "two tries")
        work.goes_on.set()
        await running

    assert {line["event"] for line in lines} == {"job_lease_not_kept"}
    assert (work.done, (await workers.state()).outcome) == (1, "done")


async def test_job_whose_lease_is_over_while_the_store_is_away_breaks_off(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = Work()
    work.goes_on.clear()
    worker = workers.worker(Job("sweep", 60.0, work), lease_s=0.03)
    await workers.keep_no_lease(monkeypatch)
    with capture_logs() as lines:
        running = asyncio.create_task(worker.run_due())
        await until(lambda: work.begun == 1, "the job")
        workers.clock.advance(0.03)
        await running

    assert [line["event"] for line in lines][-1] == "job_lost"
    assert (work.done, workers.counted) == (0, [("sweep", "lost")])


async def test_shared_job_goes_on_where_the_machines_time_is_put_back(workers: Workers) -> None:
    work = Work()
    worker = workers.worker(Job("send", 60.0, work, shared=True))
    await worker.run_due()

    workers.clock._now -= timedelta(days=1)
    workers.clock.advance(70)
    await worker.run_due()

    assert work.done == 2


async def test_end_that_cannot_be_noted_is_told(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    worker = workers.worker(Job("sweep", 60.0, Work()))
    store = await workers.gateway.store.jobs()

    async def away(*_: object, **__: object) -> bool:
        raise Unavailable("not now", detail="away")

    monkeypatch.setattr(store, "end_job", away)
    with capture_logs() as lines:
        await worker.run_due()

    assert [(line["event"], line["reason"]) for line in lines] == [("job_not_noted", "away")]


async def test_job_is_hurried_by_name_and_one_that_is_shared_or_unknown_is_not_there(workers: Workers) -> None:
    work = Work()
    worker = workers.worker(Job("sweep", 3_600.0, work), Job("send", 60.0, work, shared=True))
    await worker.run_due()
    done = work.done

    state = await worker.hurry("sweep", by=BY)
    await worker.run_due()

    assert (state.name, state.due_at) == ("sweep", workers.clock.now())
    assert work.done == done + 1
    for name in ("send", "unknown"):
        with pytest.raises(NotFound, match="there is no such job"):
            await worker.hurry(name, by=BY)
    assert [record.action for record in await workers.gateway.store.follow_audit()] == ["job.hurry"]


async def test_job_that_is_hurried_while_it_runs_is_done_once_more(workers: Workers) -> None:
    work = Work()
    work.goes_on.clear()
    job = Job("sweep", 3_600.0, work)
    busy, other = workers.worker(job), workers.worker(job)
    running = asyncio.create_task(busy.run_due())
    await until(lambda: work.begun == 1, "the job")

    await other.hurry("sweep", by=BY)
    await other.run_due()
    assert work.begun == 1
    work.goes_on.set()
    await running
    await other.run_due()
    await other.run_due()

    assert work.done == 2


async def test_job_that_no_plugin_offers_any_more_is_left_alone(workers: Workers) -> None:
    before, after = Work(), Work()
    await workers.worker(Job("old", 1.0, before)).run_due()
    workers.clock.advance(10)
    worker = workers.worker(Job("new", 1.0, after))

    await worker.run_due()

    assert (before.done, after.done) == (1, 1)
    assert [state.name for state in await worker.states()] == ["new"]


async def test_gateway_does_jobs_while_it_serves_and_ends_them_when_it_stops(
    gateway: Callable[..., GatewayUnderTest],
) -> None:
    under = gateway({"jobs": {"enabled": True}})
    await under.client()

    assert under.gateway.jobs._serving is not None
    await under.gateway.stop()

    assert under.gateway.jobs._serving is None
