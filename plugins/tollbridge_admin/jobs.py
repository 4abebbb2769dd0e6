"""What the gateway does by itself: seen, and hurried.  It is the whole bridge's, so no team has a part in it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from tollbridge import Denied, Gateway
from tollbridge.administering import JobState
from tollbridge_admin.asking import Answer, Asked
from tollbridge_admin.routes import Nothing, Route, route
from tollbridge_admin.tokenshapes import Wish

READ, WRITE = "admin:jobs:read", "admin:jobs:write"


class JobNamed(Wish, frozen=True):
    """Which job is meant."""

    name: Annotated[str, Meta(extra_json_schema={"pattern": "^[a-z][a-z0-9_]{0,62}$"})]


class JobShown(msgspec.Struct, frozen=True, kw_only=True):
    """A job.  `outcome` is that of the last run: `done`, or why it failed; `failures` counts those in a row."""

    name: str
    running: bool
    due_at: datetime
    began_at: datetime | None
    ended_at: datetime | None
    outcome: str | None
    failures: int


class JobsShown(msgspec.Struct, frozen=True):
    """All jobs, by name."""

    items: Sequence[JobShown]


class Jobs:
    """Answers for jobs."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def routes(self) -> Sequence[Route]:
        """Say what can be asked."""
        return (
            route("GET", "/jobs", self.list_jobs, takes=Nothing, gives=JobsShown, scope=READ),
            route("POST", "/jobs/run", self.run_job, takes=JobNamed, gives=JobShown, scope=WRITE, also=(404,)),
        )

    async def list_jobs(self, asked: Asked, nothing: Nothing) -> Answer:
        """List the jobs that one worker at a time does."""
        _check_bridge(asked)
        return Answer(JobsShown([_shown(one) for one in await self._gateway.jobs.states()]))

    async def run_job(self, asked: Asked, wish: JobNamed) -> Answer:
        """Have a job be done as soon as a worker looks, within seconds."""
        _check_bridge(asked)
        return Answer(_shown(await self._gateway.jobs.hurry(wish.name, by=asked.actor)))


def _check_bridge(asked: Asked) -> None:
    if asked.caller.team:
        raise Denied("jobs are the whole bridge's; a token with a team has no part in them", code="out_of_reach")


def _shown(state: JobState) -> JobShown:
    return JobShown(
        name=state.name,
        running=bool(state.runner),
        due_at=state.due_at,
        began_at=state.began_at,
        ended_at=state.ended_at,
        outcome=state.outcome or None,
        failures=state.failures,
    )
