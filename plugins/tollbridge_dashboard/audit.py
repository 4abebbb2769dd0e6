"""The audit log: who did what to what, and whether the chain of its records is whole."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from tollbridge import Column, Need, Page
from tollbridge.browsing import gettext as _
from tollbridge.browsing import gettext_noop as N_
from tollbridge.pagemodel import Row
from tollbridge.screens import BRIDGE, Field, Form, Pages, Refused, cells, sentence, stream, viewer
from tollbridge_dashboard.audit_words import actor_path, deed_of, target_path, via_of
from tollbridge_dashboard.differences import differences
from tollbridge_dashboard.token_rows import at

READ = "admin:audit:read"
AUDIT = "/audit"
_PAGE = 25
_LONGEST = 256
_PAGES_AT_ONCE = 20
"""Pages of the chain that are verified for one page here: some 10,000 records."""
_FIELDS = (
    Field(name="actor", label=N_("Who, by id")),
    Field(name="action", label=N_("Action"), hint=N_("Or how it begins, such as token.")),
    Field(name="target", label=N_("To what, by id")),
    Field(name="since", label=N_("From this day")),
    Field(name="until", label=N_("To this day")),
)
_PLAIN = ("actor", "action", "target")


def make(pages: Pages) -> Sequence[Page]:
    """Give the pages."""
    audit = Audit(pages)
    return (
        Page("GET", AUDIT, audit.list, Need(READ)),
        Page("GET", f"{AUDIT}/verify", audit.verify, Need(READ, whole=True)),
    )


class Audit:
    """The pages about it."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    async def list(self, request: Request) -> Response:
        """List records, newest first, or give them as CSV; whoever has a team alone reads of one thing at a time."""
        query = request.query_params
        given = {name: [query.get(name, "")[:_LONGEST]] for name in (field.name for field in _FIELDS)}
        form = Form.read(_FIELDS, given, posted=True)
        asked = {**form.body(*_PLAIN), **self._range(form)}
        whole = BRIDGE in viewer(request).teams(READ)
        found: Row = {"items": (), "next": None}
        if not form.is_wrong and (whole or form.text("target")):
            if query.get("format") == "csv":
                return self._csv(request, asked)
            after = query.get("after", "")[:_LONGEST]
            try:
                found = await self._pages.asking(request).get("/audit", limit=_PAGE, after=after, **asked)
            except Refused as exc:
                form.general = sentence(exc.message)
        kept = form.body()
        return self._pages.render(
            request,
            "audit.html",
            status=400 if form.is_wrong else 200,
            nav=AUDIT,
            form=form,
            records=[_shown(row) for row in found["items"]],
            names=await self._names(request, found["items"]),
            me=viewer(request).id,
            whole=whole,
            kept=kept,
            newest=urlencode(kept) if query.get("after") else None,
            older=urlencode({**kept, "after": found["next"]}) if found["next"] else None,
            csv=urlencode({**kept, "format": "csv"}),
            at=at,
        )

    async def verify(self, request: Request) -> Response:
        """Verify the chain, from its beginning or from where a page before ended, some thousands of records at once."""
        asking, after = self._pages.asking(request, team=BRIDGE), request.query_params.get("after", "")[:_LONGEST]
        breaks: list[Row] = []
        count, page = 0, dict[str, Any]()
        for _number in range(_PAGES_AT_ONCE):
            page = await asking.get("/audit/verify", after=after)
            breaks += page["breaks"]
            count, after = count + page["records"], page["next"]
            if not after:
                break
        return self._pages.render(
            request, "audit_verify.html", nav=AUDIT, breaks=breaks, count=count, last=page, following=after or ""
        )

    def _range(self, form: Form) -> Mapping[str, str]:
        """Read the days, whole ones in the zone of reports; notes what is none."""
        found = {}
        for name, said, more in (("since", "from", 0), ("until", "to", 1)):
            text = form.text(name)
            try:
                day = date.fromisoformat(text) if text else None
                if day is not None:
                    found[said] = self._pages.zone.begins(day + timedelta(days=more)).isoformat()
            except (ValueError, OverflowError):
                form.errors[name] = _("Write a day as 2026-11-29.")
        return found

    def _csv(self, request: Request, asked: Mapping[str, str]) -> Response:
        rows: AsyncIterator[Row] = self._pages.asking(request).every("/audit", **asked)
        headers = {"content-disposition": 'attachment; filename="audit.csv"'}
        return StreamingResponse(stream(_COLUMNS, rows), media_type="text/csv; charset=utf-8", headers=headers)

    async def _names(self, request: Request, rows: Sequence[Row]) -> Mapping[str, str]:
        """Find the names of the people who acted, as far as they are theirs to see."""
        people = dict.fromkeys(row["actor"]["id"] for row in rows if row["actor"]["id"].startswith("per_"))
        asking, found = self._pages.asking(request), dict[str, str]()
        for id in people:
            reply = await asking.send("GET", f"/people/{id}")
            if reply.status == 200:
                found[id] = reply.value["name"]
        return found


def _shown(row: Row) -> Row:
    """Give a record as the page shows it: in words, with the way to whom and what it is about."""
    return {
        **row,
        "at": at(row["at"]),
        "said": deed_of(row["action"]),
        "actor_path": actor_path(row["actor"]["id"]),
        "target_path": target_path(row["action"], row["target"]),
        "via": via_of(row["actor"]["via"]),
        "differences": differences(row["before"], row["after"]),
    }


def _json(value: object) -> cells.Cell:
    return cells.text(None if value is None else json.dumps(value, ensure_ascii=False))


_COLUMNS = (
    Column("number", "", lambda row: cells.number(row["number"])),
    Column("at", "", lambda row: cells.code(row["at"])),
    Column("actor", "", lambda row: cells.code(row["actor"]["id"])),
    Column("via", "", lambda row: cells.code(row["actor"]["via"])),
    Column("client", "", lambda row: cells.code(row["actor"]["client"])),
    Column("request", "", lambda row: cells.code(row["actor"]["call_id"])),
    Column("action", "", lambda row: cells.code(row["action"])),
    Column("target", "", lambda row: cells.code(row["target"])),
    Column("before", "", lambda row: _json(row["before"])),
    Column("after", "", lambda row: _json(row["after"])),
    Column("digest", "", lambda row: cells.code(row["digest"])),
)
