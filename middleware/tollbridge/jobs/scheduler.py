"""The scheduler of one worker: looks which jobs are due, and does those it gets.

Nothing is kept here that another worker would miss: when a job is due, and who does it, stands in the store.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from random import random, uniform
from typing import TYPE_CHECKING

import structlog

from tollbridge.audit import Actor
from tollbridge.errors import NotFound
from tollbridge.faults import told
from tollbridge.jobs.job import Job
from tollbridge.jobs.runs import LEASE_S, Runs
from tollbridge.stores.jobs import JobState, JobStore

if TYPE_CHECKING:
    from tollbridge.gateway import Gateway

LOOK_S = 3.0
"""About how often a worker looks what is due, in seconds."""

log = structlog.get_logger("tollbridge")


class Jobs:
    """The jobs of a gateway, by name.  `counted` is told of each run that ended: the job, and how.

    `start` has them done in the background; `run_due` does what is due, once, and waits for it.
    """

    def __init__(
        self,
        gateway: "Gateway",
        jobs: Mapping[str, Job],
        *,
        counted: Callable[[str, str], None],
        look_s: float = LOOK_S,
        lease_s: float = LEASE_S,
    ) -> None:
        self.known = jobs
        self._gateway = gateway
        self._runs = Runs(gateway, counted=counted, share=random, lease_s=lease_s)
        self._look_s = look_s
        self._serving: asyncio.Task[None] | None = None
        self._running: dict[str, asyncio.Task[None]] = {}
        self._due_s: dict[str, float] = {}
        self._planned = False

    def start(self) -> None:
        """Begin to look and to run."""
        self._serving = asyncio.create_task(self._serve())

    async def stop(self) -> None:
        """Break off what runs here, and let go of it: another worker may begin it at once."""
        serving, self._serving = self._serving, None
        tasks = [*([serving] if serving is not None else ()), *self._running.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def run_due(self) -> None:
        """Do what is due and what nobody else does, once, and wait until it is done.  Raises `Unavailable`."""
        await self._begin()
        await asyncio.gather(*self._running.values())

    async def states(self) -> Sequence[JobState]:
        """Say how the jobs stand of which one worker does each, by name.  Raises `Unavailable`."""
        store = await self._store()
        return [state for state in await store.list_jobs() if state.name in self.known]

    async def hurry(self, name: str, *, by: Actor) -> JobState:
        """Have a job be done as soon as a worker looks.

        Raises `NotFound` for one that is not there, or that each worker does for itself all the time; `Unavailable`.
        """
        store, act = await self._store(), await self._gateway.tokens.act(by)
        found = await store.hurry_job(name, act) if name in self.known and not self.known[name].shared else None
        if found is None:
            raise NotFound("there is no such job")
        return found

    async def _store(self) -> JobStore:
        store = await self._gateway.store.jobs()
        if not self._planned:
            await store.plan_jobs([name for name, job in self.known.items() if not job.shared])
            self._planned = True
        return store

    async def _serve(self) -> None:
        while True:
            await asyncio.sleep(self._look_s * uniform(0.5, 1.5))  # workers do not all look at once
            try:
                await self._begin()
            except Exception as exc:
                log.error("jobs_not_read", reason=getattr(exc, "detail", None), **told(exc))

    async def _begin(self) -> None:
        """Begin each job that is due and does not run here."""
        store, now_s = await self._store(), self._gateway.clock.monotonic()
        for name in await store.due_jobs():
            if name in self.known and name not in self._running:
                self._go(name, self._runs.alone(self.known[name], store))
        for name, job in self.known.items():
            if job.shared and name not in self._running and self._due_s.get(name, now_s) <= now_s:
                self._go(name, self._share_in(job))

    async def _share_in(self, job: Job) -> None:
        again_s = await self._runs.shared(job)
        self._due_s[job.name] = self._gateway.clock.monotonic() + again_s

    def _go(self, name: str, work: Coroutine[None, None, None]) -> None:
        self._running[name] = task = asyncio.create_task(self._to_the_end(name, work))
        task.add_done_callback(lambda _: self._running.pop(name, None))

    async def _to_the_end(self, name: str, work: Coroutine[None, None, None]) -> None:
        """Do it, whatever becomes of it: no job stops the others."""
        try:
            await work
        except Exception as exc:
            log.error("job_not_noted", job=name, reason=getattr(exc, "detail", None), **told(exc))
