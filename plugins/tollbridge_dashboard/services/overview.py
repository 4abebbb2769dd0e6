"""The first tab of a service: how far it is, how it fares, who calls it, and what it promises."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tollbridge.browsing import Zone
from tollbridge.browsing import gettext_noop as N_
from tollbridge.screens import Pages, Refused
from tollbridge.screens.charts import Column
from tollbridge.screens.words import usd_nano
from tollbridge_dashboard.services.common import Problem, draft_of, see

SAID = {
    "made": N_("The service is there. Nothing of it serves before a release is published."),
    "changed": N_("The draft is changed. What serves stays as it is until another release is published."),
    "paused": N_("No call that starts is answered until it is resumed."),
    "resumed": N_("It serves again."),
}
RANGES = {"24h": ("24 h", 1, "hour"), "7d": ("7 d", 7, "day"), "30d": ("30 d", 30, "day")}
_UTC = Zone("UTC")
_STEPS = {"hour": timedelta(hours=1), "day": timedelta(days=1)}
_PLACES = (
    ("/policies", ("policies",)),
    ("/settings", ("name", "description", "docs", "logo", "category", "tags", "contacts", "slos")),
    ("/access", ("visibility", "access", "approval", "plans", "price_per_call_usd", "limits", "budget")),
)


@dataclass(frozen=True, slots=True)
class Traffic:
    """The calls of a range, one column for each step, those without calls too."""

    columns: Sequence[Column]
    p50: Sequence[int | None]
    p95: Sequence[int | None]
    calls: int
    cost: int

    @property
    def each(self) -> Sequence[int]:
        """Give how many calls each step had."""
        return [column.values[0] for column in self.columns]


class Overview:
    """The tab."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    async def show(self, request: Request) -> Response:
        """Show it."""
        seen = await see(self._pages, request)
        slug = seen["service"]["slug"]
        chosen = request.query_params.get("range", "")
        chosen = chosen if chosen in RANGES else "24h"
        draft, problems, _ = await draft_of(self._pages, request)
        found = await self._analytics(request, slug, chosen)
        return self._pages.render(
            request,
            "service_overview.html",
            **seen,
            draft=draft,
            problems=[(place_of(one, seen["service"]["kind"]), one) for one in problems],
            ranges=RANGES,
            chosen=chosen,
            figures=found,
            traffic=None if found is None else traffic_of(found),
            said=self._pages.told(request, SAID),
        )

    async def _analytics(self, request: Request, slug: str, chosen: str) -> Mapping[str, Any] | None:
        """Ask how it fares; None where its calls are not told apart from the gateway's own."""
        _, days, step = RANGES[chosen]
        since = self._pages.gateway.clock.now() - timedelta(days=days)
        try:
            asked = {"from": since.isoformat().replace("+00:00", "Z"), "step": step}
            return dict(await self._pages.asking(request).get(f"/services/{slug}/analytics", **asked))
        except Refused as exc:
            if exc.status != 404:
                raise
            return None


def place_of(problem: Problem, kind: str) -> str:
    """Say on which tab a problem can be mended."""
    found = next((tab for tab, fields in _PLACES if problem.is_of(*fields)), "")
    return found or ("/prompt" if kind == "prompt" else "/endpoints")


def traffic_of(found: Mapping[str, Any]) -> Traffic:
    """Make the chart's columns of what the API says, in which steps without calls are left out."""
    step, at = _STEPS[found["step"]], datetime.fromisoformat(found["from"])
    until = datetime.fromisoformat(found["to"])
    by_time = {datetime.fromisoformat(one["at"]): one for one in found["series"]}
    columns, p50, p95 = list[Column](), list[int | None](), list[int | None]()
    while at < until:
        one = by_time.get(at, {})
        named = (_UTC.minute(at), _UTC.time(at)) if found["step"] == "hour" else (_UTC.day(at), _UTC.short_day(at))
        columns.append(Column(*named, (one.get("calls", 0), one.get("failed", 0))))
        p50.append(one.get("latency_p50_ms"))
        p95.append(one.get("latency_p95_ms"))
        at += step
    totals = found["totals"]
    cost = usd_nano(totals["toll_usd"]) + usd_nano(totals["model_cost_usd"])
    return Traffic(columns, p50, p95, totals["calls"], cost)
