"""The log of calls: who called what, how it ended, what it cost and how long it took; never what was said."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tollbridge import Column, Need, Page
from tollbridge.browsing import gettext as _
from tollbridge.browsing import gettext_noop as N_
from tollbridge.pagemodel import Hit, Row, Search
from tollbridge.screens import Cell, Listing, Pages, Refused, cells
from tollbridge_dashboard.usage.measures import ending
from tollbridge_dashboard.usage.ranges import PRESETS, read_range
from tollbridge_dashboard.usage.screen import READ

LOG, MINE = "/log", "/my/log"
_FILTERS = ("model", "service", "team", "token", "provider", "ending", "operation", "application", "status", "id")
_TONES = {"ok": "ok", "client_gone": "info", "stopped": "off", "client_error": "warn", "refused": "warn"}


def make(pages: Pages) -> Sequence[Page]:
    """Give the pages."""
    log = Log(pages)
    return (
        Page("GET", LOG, log.list, Need(READ)),
        Page("GET", f"{LOG}/{{id}}", log.show, Need(READ)),
        Page("GET", MINE, log.list_own),
        Page("GET", f"{MINE}/{{id}}", log.show_own),
    )


def search(pages: Pages) -> Search:
    """Look for a call by its id."""

    async def find(request: Request, wanted: str) -> Sequence[Hit]:
        if not wanted.startswith("req_"):
            return ()
        for api, path in (("/calls", LOG), ("/me/calls", MINE)):
            try:
                found = await pages.asking(request).get(api, id=wanted, limit=5)
            except Refused:
                continue
            return [Hit(one["id"], f"{path}/{one['id']}", _("Request")) for one in found["items"]]
        return ()

    return find


class Log:
    """The pages about calls."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    async def list(self, request: Request) -> Response:
        """List the calls that somebody may see."""
        return await self._list(request, "/calls", LOG)

    async def list_own(self, request: Request) -> Response:
        """List their own."""
        return await self._list(request, "/me/calls", MINE)

    async def show(self, request: Request) -> Response:
        """Show one."""
        return await self._show(request, "/calls", LOG)

    async def show_own(self, request: Request) -> Response:
        """Show one of their own."""
        return await self._show(request, "/me/calls", MINE)

    async def _list(self, request: Request, api: str, path: str) -> Response:
        chosen = read_range(request.query_params, self._pages.zone, self._pages.gateway.clock.now(), first="24h")
        fixed = {name: value for name, value in chosen.asked().items() if name != "step"}
        listing = Listing(
            name="calls",
            label=N_("Requests"),
            path=api,
            columns=_columns(self._pages, path),
            filters=_FILTERS,
            fixed=fixed,
            kept=chosen.query(),
            scope=READ if path == LOG else "",
            wrong=chosen.instead,
            empty=N_("No request matches in this range."),
            unfiltered_empty=N_("No request in this range. The page of a token has the commands for the first one."),
        )
        return await listing.page(
            self._pages, request, "calls.html", nav=path, chosen=chosen, presets=PRESETS, own=path == MINE
        )

    async def _show(self, request: Request, api: str, path: str) -> Response:
        found = await self._pages.asking(request).get(f"{api}/{request.path_params['id']}")
        call, children = found["call"], found["children"]
        table = Listing(name="calls", label=N_("Requests made for it"), path="", columns=_columns(self._pages, path))
        return self._pages.render(
            request,
            "call.html",
            nav=path,
            path=path,
            call=call,
            at=datetime.fromisoformat(call["at"]),
            ending=_ending(call),
            phases=_phases(call),
            children=table.table(children) if children else None,
        )


def _ending(row: Mapping[str, Any]) -> Cell:
    """Say how a call ended, with the bridge's own code where it refused."""
    cell = cells.pill(ending(row["ending"]), _TONES.get(row["ending"], "bad"), value=row["ending"])
    return cell.noted(row["error"]) if row["error"] else cell


def _phases(call: Mapping[str, Any]) -> Sequence[tuple[str, int]]:
    """Give how long the parts of a call took, in milliseconds: until the first byte came, and from then on."""
    first, whole = call["first_byte_ms"], call["duration_ms"]
    if first is None or not call["stream"]:
        return ((N_("whole answer"), whole),)
    return ((N_("until the first byte"), min(first, whole)), (N_("answer"), max(0, whole - first)))


def _columns(pages: Pages, path: str) -> Sequence[Column]:
    def when(row: Row) -> Cell:
        return cells.exact(row["at"], pages.gateway.clock.now()).to(f"{path}/{row['id']}")

    def who(row: Row) -> Cell:
        return cells.text(row["token_name"] or row["token"] or _("nobody"), note=row["team"])

    def what(row: Row) -> Cell:
        asked = row["model"] or row["service"]
        used = row["model_used"]
        note = f"{row['provider']}/{used}" if used and row["provider"] else row["operation"]
        return cells.text(asked, strong=True, note=note)

    def tokens(row: Row) -> Cell:
        if not row["input_tokens"] and not row["output_tokens"]:
            return cells.number(None)
        both = row["input_tokens"] + row["output_tokens"]
        return cells.number(both, shown=f"{row['input_tokens']:,} → {row['output_tokens']:,}")

    def first_byte(row: Row) -> Cell:
        return cells.milliseconds(row["first_byte_ms"])

    def plain(name: str) -> Column:
        return Column(name, name, lambda row: cells.text(row[name]), csv_only=True)

    return (
        Column("at", N_("Time"), when),
        plain("id"),
        Column("token", N_("Token"), who),
        Column("model", N_("Called"), what),
        plain("service"),
        plain("provider"),
        plain("model_used"),
        Column("ending", N_("Ended"), _ending),
        Column("status", N_("Status"), lambda row: cells.number(row["status"] or None), number=True, wide=True),
        plain("error"),
        Column("tokens", N_("Tokens in / out"), tokens, number=True, wide=True),
        Column("cost_usd", N_("Cost"), lambda row: cells.money(row["cost_usd"]), number=True),
        Column("duration_ms", N_("Took"), lambda row: cells.milliseconds(row["duration_ms"]), number=True),
        Column("first_byte_ms", N_("First byte"), first_byte, number=True, wide=True),
    )
