"""One run of a job, where another worker has it, and when it is done again."""

from collections.abc import Callable

import pytest

from tollbridge.jobs.job import Job
from tollbridge.jobs.runs import Runs
from tollbridge.testing import GatewayUnderTest


async def test_job_that_another_has_is_not_begun(gateway: Callable[..., GatewayUnderTest]) -> None:
    under = gateway()
    await under.client()
    store = await under.gateway.store.jobs()
    done: list[str] = []
    counted: list[str] = []

    async def work(_: object) -> None:
        done.append("sweep")

    job = Job("sweep", 3_600.0, work)
    runs = Runs(under.gateway, counted=lambda name, how: counted.append(how), share=lambda: 0.5)
    await store.plan_jobs([job.name])
    assert await store.take_job(job.name, "run_other", lease_s=60.0) is not None

    await runs.alone(job, store)
    assert (done, counted) == ([], [])
    await store.leave_job(job.name, "run_other")
    await runs.alone(job, store)
    assert (done, counted) == (["sweep"], ["done"])


@pytest.mark.parametrize(("steady", "again_s"), [(False, [10.0, 20.0, 40.0]), (True, [5.0, 5.0, 5.0])])
async def test_steady_job_keeps_its_rhythm_where_it_fails(
    gateway: Callable[..., GatewayUnderTest], steady: bool, again_s: list[float]
) -> None:
    async def work(_: object) -> None:
        raise RuntimeError("a piece of it is broken")

    runs = Runs(gateway().gateway, counted=lambda name, how: None, share=lambda: 0.5)
    job = Job("sweep", 5.0, work, steady=steady)

    assert [await runs.shared(job) for _ in again_s] == again_s
