"""Jobs: what the gateway does by itself, and when."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from tollbridge import Column, Need, Page
from tollbridge.browsing import gettext as _
from tollbridge.browsing import gettext_noop as N_
from tollbridge.browsing import read_form
from tollbridge.pagemodel import Row
from tollbridge.screens import BRIDGE, Action, Listing, Pages, cells
from tollbridge.screens.viewing import viewer

READ, WRITE = "admin:jobs:read", "admin:jobs:write"
JOBS = "/jobs"
NAMES = {
    "send_webhooks": N_("Send webhooks"),
    "rotate_secrets": N_("Rotate secrets"),
    "tell_endings": N_("Tell of secrets that end soon"),
    "tell_unused": N_("Tell of unused tokens"),
    "forget_messages": N_("Forget old messages"),
    "publish_releases": N_("Publish scheduled releases"),
    "expire_subscriptions": N_("End subscriptions that ran out"),
    "watch_releases": N_("Watch new releases"),
    "watch_slos": N_("Watch objectives"),
    "measure_slos": N_("Measure objectives"),
    "tend_provider_keys": N_("Tend provider keys"),
}
"""The gateway's own jobs; those of plugins are called as they are named."""
_SAID = {"hurried": N_("A worker does it within seconds.")}


def make(pages: Pages) -> Sequence[Page]:
    """Give the pages."""
    jobs = Jobs(pages)
    return (
        Page("GET", JOBS, jobs.list, Need(READ, whole=True)),
        Page("POST", f"{JOBS}/{{name}}/run", jobs.run, Need(WRITE, whole=True)),
    )


class Jobs:
    """The page about jobs."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    async def list(self, request: Request) -> Response:
        """List them."""
        found = await self._pages.asking(request).get("/jobs")
        return self._pages.render(
            request,
            "jobs.html",
            nav=JOBS,
            table=self._listing(may=viewer(request).reaches(WRITE, BRIDGE)).table(found["items"]),
            said=self._pages.told(request, _SAID),
        )

    async def run(self, request: Request) -> Response:
        """Have one be done now."""
        await read_form(request)
        await self._pages.asking(request).post("/jobs/run", {"name": request.path_params["name"]})
        return self._pages.back(request, JOBS, said="hurried")

    def _listing(self, *, may: bool) -> Listing:
        now = self._pages.gateway.clock.now

        def acts(row: Row) -> cells.Cell:
            return cells.actions(Action(_("Run now"), f"{JOBS}/{row['name']}/run", row["name"], post=True))

        columns = [
            Column("name", N_("Job"), lambda row: cells.text(_named(row["name"]), strong=True)),
            Column("state", N_("Status"), _state),
            Column("ended_at", N_("Last done"), lambda row: cells.time(row["ended_at"], now(), empty=_("never"))),
            Column("due_at", N_("Next"), lambda row: cells.time(row["due_at"], now())),
            Column("failures", N_("Failed in a row"), lambda row: cells.number(row["failures"]), number=True),
        ]
        return Listing(
            name="jobs",
            label=N_("Jobs"),
            path="",
            columns=[*columns, Column("", "", acts)] if may else columns,
            empty=N_("No worker has told of its jobs yet."),
        )


def _named(job: str) -> str:
    return _(NAMES[job]) if job in NAMES else job.replace("_", " ")


def _state(row: Row) -> cells.Cell:
    if row["running"]:
        return cells.pill(_("Running"), "info", value="running")
    if row["outcome"] is None:
        return cells.pill(_("Not done yet"), "off", value="")
    if row["failures"]:
        return cells.pill(_("Failed"), "bad", value="failed").noted(row["outcome"])
    return cells.pill(_("Done"), "ok", value="done")
