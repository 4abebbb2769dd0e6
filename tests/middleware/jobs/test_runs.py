"""One run of a job, where another worker has it."""

from collections.abc import Callable

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
