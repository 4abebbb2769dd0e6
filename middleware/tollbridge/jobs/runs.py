"""One run of a job: by this worker alone, for as long as it keeps its lease, or by each worker for itself."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog

from tollbridge.errors import GatewayError, SetupError, Unavailable, without_words
from tollbridge.faults import told
from tollbridge.ids import new_id
from tollbridge.jobs.job import Job, pause_s
from tollbridge.stores.jobs import JobStore

if TYPE_CHECKING:
    from tollbridge.gateway import Gateway

LEASE_S = 60.0
"""Seconds after which a job is another's whose worker says nothing any more."""
_TIMES_KEPT = 3
"""How often a lease is lengthened in its time."""
_JITTER = 0.1

log = structlog.get_logger("tollbridge")


class Runs:
    """Does jobs of a gateway.  `counted` is told of each run that ended: the job, and how.

    `share` gives a number from 0 to 1, for the jitter.
    """

    def __init__(
        self,
        gateway: "Gateway",
        *,
        counted: Callable[[str, str], None],
        share: Callable[[], float],
        lease_s: float = LEASE_S,
    ) -> None:
        self._gateway = gateway
        self._counted = counted
        self._share = share
        self._lease_s = lease_s
        self._failures: dict[str, int] = {}

    async def alone(self, job: Job, store: JobStore) -> None:
        """Do a job if no other worker has it; its end is noted in the store.

        Cancelled, it breaks off and lets go of the job. One that has lost its lease breaks off too.
        """
        runner = new_id("run", self._gateway.clock)
        state = await store.take_job(job.name, runner, lease_s=self._lease_s)
        if state is None:
            return
        work = asyncio.create_task(self._attempt(job))
        keeping = asyncio.create_task(self._keep(job, store, runner))
        try:
            await asyncio.wait((work, keeping), return_when=asyncio.FIRST_COMPLETED)
            failure = work.result() if work.done() else None
        except asyncio.CancelledError:
            await _break_off(work, keeping)
            await store.leave_job(job.name, runner)
            raise
        await _break_off(work, keeping)
        if failure is None:
            self._counted(job.name, "lost")
            log.warning("job_lost", job=job.name)
            return
        again_s = self._again_s(job, state.failures + 1 if failure else 0)
        await store.end_job(job.name, runner, failure=failure, again_s=again_s)

    async def shared(self, job: Job) -> float:
        """Do this worker's part of a job; gives after how many seconds it is due again."""
        failures = self._failures.get(job.name, 0) + 1 if await self._attempt(job) else 0
        self._failures[job.name] = failures
        return self._again_s(job, failures)

    async def _attempt(self, job: Job) -> str:
        """Do it; gives why it failed, empty where it did not."""
        try:
            async with asyncio.timeout(job.longest_s):
                await job.run(self._gateway)
        except Exception as exc:
            failure = _why(job, exc)
            self._counted(job.name, "failed")
            log.error("job_failed", job=job.name, reason=failure, **told(exc))
            return failure
        self._counted(job.name, "done")
        return ""

    async def _keep(self, job: Job, store: JobStore, runner: str) -> None:
        """Lengthen the lease again and again; ends when it is lost, or over while the store did not answer."""
        clock = self._gateway.clock
        kept_s = clock.monotonic()
        while True:
            await asyncio.sleep(self._lease_s / _TIMES_KEPT)
            asked_s = clock.monotonic()
            try:
                if not await store.keep_job(job.name, runner, lease_s=self._lease_s):
                    return
                kept_s = asked_s
            except Unavailable as exc:
                log.error("job_lease_not_kept", job=job.name, reason=exc.detail)
                if clock.monotonic() - kept_s >= self._lease_s:
                    return

    def _again_s(self, job: Job, failures: int) -> float:
        wait_s = pause_s(job.every_s, failures) if failures and not job.steady else job.every_s
        return wait_s * (1 + _JITTER * (2 * self._share() - 1))


async def _break_off(*tasks: "asyncio.Task[object]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _why(job: Job, exc: Exception) -> str:
    """Say why a run failed: our own errors in their words, others by class and line, for their words may be secret."""
    if isinstance(exc, TimeoutError):
        return f"it took longer than {job.longest_s:g} s"
    if isinstance(exc, GatewayError):
        return exc.detail or exc.message
    return str(exc) if isinstance(exc, SetupError) else without_words(exc)
