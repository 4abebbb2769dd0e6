"""Usage and cost: one chart and one table, cut as somebody asks, of all calls or of their own."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from tollbridge import Need, Page
from tollbridge.screens import Asking, Pages, Refused, viewer
from tollbridge.screens.forms import sentence
from tollbridge_dashboard.usage.measures import DIMENSIONS, MEASURES
from tollbridge_dashboard.usage.ranges import PRESETS, Range, read_range
from tollbridge_dashboard.usage.report import STEPPED, Report, group_columns

READ = "admin:usage:read"
USAGE, MINE = "/usage", "/my/usage"
_LONGEST = 256
_MOST = 50
_OF_THE_QUESTION = (400, 422)


def make(pages: Pages) -> Sequence[Page]:
    """Give the pages."""
    usage = Usage(pages)
    return (Page("GET", USAGE, usage.show, Need(READ)), Page("GET", MINE, usage.show_own))


class Usage:
    """The pages about usage."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    async def show(self, request: Request) -> Response:
        """Show what all calls add up to that somebody may see."""
        return await self._show(request, "/usage", USAGE)

    async def show_own(self, request: Request) -> Response:
        """Show what their own calls add up to."""
        return await self._show(request, "/me/usage", MINE)

    async def _show(self, request: Request, api: str, path: str) -> Response:
        query, zone = request.query_params, self._pages.zone
        chosen = read_range(query, zone, self._pages.gateway.clock.now())
        measure = MEASURES.get(query.get("measure", ""), MEASURES["cost"])
        by = query.get("by", "")
        by = by if by in DIMENSIONS else "model"
        filters = {name: query[name][:_LONGEST] for name in DIMENSIONS if query.get(name)}
        teams = viewer(request).teams(READ) if path == USAGE else ()
        team = query.get("team_of", "")
        team = team if team in teams else (teams[0] if teams else "")
        asking = self._pages.asking(request, team=team if teams else None)
        order = "cost" if measure.money else measure.field
        asked = {**filters, **chosen.asked(), "zone": zone.name, "by": by, "order": order, "top": _MOST}
        shown = {**asked, "stepped": STEPPED}
        if query.get("format") == "csv" and not chosen.instead:
            return await _csv(asking, api, asked)
        report, before, problem = None, None, ""
        try:
            report = Report(await asking.get(api, **shown), measure, by, zone)
            before = await self._before(asking, api, filters, chosen)
        except Refused as exc:
            if exc.status not in _OF_THE_QUESTION:
                raise
            problem = sentence(exc.message)
        kept = {**chosen.query(), "measure": measure.name, "by": by, **filters}
        kept = {**kept, "team_of": team} if len(teams) > 1 else kept
        return self._pages.render(
            request,
            "usage.html",
            status=400 if problem or chosen.instead else 200,
            nav=path,
            report=report,
            before=before,
            problem=problem,
            chosen=chosen,
            presets=PRESETS,
            measure=measure,
            measures=MEASURES,
            by=by,
            dimensions=DIMENSIONS,
            filters=filters,
            teams=teams if len(teams) > 1 else (),
            team=team,
            own=path == MINE,
            columns=group_columns(by, path, kept),
            query=lambda **other: urlencode({name: value for name, value in {**kept, **other}.items() if value}),
            api=f"{api}?{urlencode({**asked, 'team_of': ''})}".removesuffix("&team_of="),
        )

    async def _before(self, asking: Asking, api: str, filters: Mapping[str, str], chosen: Range) -> Mapping[str, Any]:
        """Give what the range of the same length before this one added up to."""
        length = chosen.until - chosen.since
        said = Range(chosen.name, chosen.since - length, chosen.since, "none", chosen.first, chosen.last).asked()
        found: Mapping[str, Any] = (await asking.get(api, **filters, **said, zone=self._pages.zone.name))["totals"]
        return found


async def _csv(asking: Asking, api: str, asked: Mapping[str, Any]) -> Response:
    """Give the report as the API writes it."""
    reply = await asking.send("GET", api, query={**asked, "format": "csv"})
    if reply.status != 200:
        raise LookupError(reply.value)
    headers = {"content-disposition": 'attachment; filename="usage.csv"'}
    return Response(reply.body, media_type="text/csv; charset=utf-8", headers=headers)
