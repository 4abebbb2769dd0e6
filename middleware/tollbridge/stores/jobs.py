"""The seam to the jobs that many workers share: a row each, which one of them has at a time."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from tollbridge.audit import Act


class JobState(msgspec.Struct, frozen=True, gc=False):
    """How a job stands.

    `runner` is the run that has it, empty where none has. `outcome` is that of the last run: `done`, or why it failed;
    `failures` counts those in a row.
    """

    name: str
    due_at: datetime
    runner: str = ""
    lease_ends_at: datetime | None = None
    began_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: str = ""
    failures: int = 0


class JobStore(Protocol):
    """Keeps them, by the store's own clock.  Raises `Unavailable` where it does not answer."""

    async def plan_jobs(self, names: Collection[str]) -> None:
        """Have these jobs be due now, but for those that are planned already."""
        ...

    async def due_jobs(self) -> Sequence[str]:
        """Name the jobs that are due and that no run has."""
        ...

    async def take_job(self, name: str, runner: str, *, lease_s: float) -> JobState | None:
        """Take a job for a run; None where it is not due, or another has it: of all who try at once, one has it."""
        ...

    async def keep_job(self, name: str, runner: str, *, lease_s: float) -> bool:
        """Lengthen a run's lease; says whether the run still has the job."""
        ...

    async def end_job(self, name: str, runner: str, *, failure: str = "", again_s: float) -> bool:
        """Note how a run ended, and when the job is due again; says whether the run still had the job.

        One that was hurried since it was taken is due at once: what it is to see may be newer than what the run saw.
        """
        ...

    async def leave_job(self, name: str, runner: str) -> bool:
        """Let go of a job that is not done: it is due at once.  Says whether the run still had it."""
        ...

    async def hurry_job(self, name: str, act: Act) -> JobState | None:
        """Have a job be due now, and once more where a run has it, which is recorded; None if it is not planned."""
        ...

    async def list_jobs(self) -> Sequence[JobState]:
        """Give all that are planned, by name."""
        ...
