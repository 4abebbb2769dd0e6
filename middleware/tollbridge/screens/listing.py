"""Lists of the admin API as pages: filters in the address, pages by key, and CSV."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from tollbridge.pagemodel import Column
from tollbridge.screens.tables import Table, stream
from tollbridge.screens.viewing import viewer

if TYPE_CHECKING:
    from tollbridge.screens.pages import Pages

PAGE = 25
_LONGEST = 200
_CSV = "csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One list: `path` is that of the API, `filters` the names of its query that an address may hold.

    `scope` is what whoever looks needs in a team to see that team's part of it. `fixed` is asked of the API besides,
    and `kept` stands in every link. Of a filter in `known` only these values are asked for: others are taken for none.
    `of_teams`: it has a part for each team that somebody is in, whatever they may do there. `wrong`: something of what
    is asked for is, so that it is shown with status 400, and no file is made of it.
    """

    name: str
    label: str
    path: str
    columns: Sequence[Column]
    filters: Sequence[str] = ()
    scope: str = ""
    fixed: Mapping[str, str] = field(default_factory=dict)
    kept: Mapping[str, str] = field(default_factory=dict)
    known: Mapping[str, Collection[str]] = field(default_factory=dict)
    of_teams: bool = False
    empty: str = ""
    unfiltered_empty: str = ""
    wrong: bool = False

    async def page(self, pages: "Pages", request: Request, template: str, /, **context: Any) -> Response:
        """Show it, or give it as CSV where `format=csv` is asked for.

        The template finds `table`, `filters` (what is asked for, by name), `teams` to choose from and `team`, and
        `query(**other)`, which writes the address's query with other filters. Raises `Refused`.
        """
        asked = self.asked(request.query_params)
        teams = self.teams(request)
        team = request.query_params.get("team")
        team = team if team in teams else (teams[0] if teams else None)
        columns = (*self.columns, *pages.shell.columns(self.name))
        asking = pages.asking(request, team=team)
        if request.query_params.get("format") == _CSV and not self.wrong:
            rows = asking.every(self.path, **asked, **self.fixed)
            name = f"{self.name}.csv"
            headers = {"content-disposition": f'attachment; filename="{name}"'}
            return StreamingResponse(stream(columns, rows), media_type="text/csv; charset=utf-8", headers=headers)
        after = request.query_params.get("after", "")[:_LONGEST]
        found = await asking.get(self.path, limit=PAGE, after=after, **asked, **self.fixed)
        kept = {**self.kept, **asked, **({"team": team} if team and len(teams) > 1 else {})}
        table = self.table(found["items"], columns)
        table = replace(
            table,
            empty=self.empty if asked else self.unfiltered_empty or self.empty,
            newest=urlencode(kept) if after else None,
            older=urlencode({**kept, "after": found["next"]}) if found.get("next") else None,
            csv=urlencode({**kept, "format": _CSV}),
        )
        return pages.render(
            request,
            template,
            status=400 if self.wrong else 200,
            table=table,
            filters={name: asked.get(name, "") for name in self.filters},
            teams=teams if len(teams) > 1 else (),
            team=team or "",
            query=lambda **other: urlencode({key: value for key, value in {**kept, **other}.items() if value}),
            **context,
        )

    def teams(self, request: Request) -> Sequence[str]:
        """Give the teams whose parts somebody may see; none where it has no parts."""
        who = viewer(request)
        if self.of_teams:
            return [team for team, _ in who.callers()]
        return who.teams(self.scope) if self.scope else ()

    def table(self, rows: Sequence[Mapping[str, Any]], columns: Sequence[Column] | None = None) -> Table:
        """Make a table of rows at hand."""
        return Table(
            name=self.name,
            label=self.label,
            columns=[one for one in (self.columns if columns is None else columns) if not one.csv_only],
            rows=rows,
            empty=self.empty,
        )

    def asked(self, said: Mapping[str, str]) -> dict[str, str]:
        """Give what a query asks for of the filters."""
        asked = {name: said[name].strip()[:_LONGEST] for name in self.filters if said.get(name, "").strip()}
        return {name: value for name, value in asked.items() if value in self.known.get(name, (value,))}
