"""Tokens that nobody uses, and those that may do more than they are used for."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated

import msgspec
from msgspec import Meta

from tollbridge import Gateway
from tollbridge.administering import Finding, review
from tollbridge_admin.asking import Answer, Asked
from tollbridge_admin.paging import LARGEST_PAGE, Cursor, Limit, cursor, read_cursor
from tollbridge_admin.routes import Route, route
from tollbridge_admin.tokens import READ
from tollbridge_admin.tokenshapes import TokenShown, Wish, shown

_LIST = "report"
_MOST_READ = 2_000
"""Tokens looked at for one page."""


class ReportAsked(Wish, frozen=True):
    """How far back a report looks."""

    days: Annotated[int, Meta(ge=1, le=3650, description="How many days back.")] = 30
    limit: Limit = 50
    after: Cursor = ""


class FindingShown(msgspec.Struct, frozen=True):
    """What is to be looked at of one token: it is unused, or some of its scopes are spare."""

    token: TokenShown
    unused: bool
    spare_scopes: Sequence[str]
    suggested_scopes: Sequence[str]


class ReportShown(msgspec.Struct, frozen=True):
    """A page of findings, newest token first; `next` is the cursor of the page behind it."""

    since: datetime
    items: Sequence[FindingShown]
    next: str | None


class TokenReports:
    """Answers with them."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def routes(self) -> Sequence[Route]:
        """Say what can be asked."""
        return (route("GET", "/tokens/report", self.report_tokens, takes=ReportAsked, gives=ReportShown, scope=READ),)

    async def report_tokens(self, asked: Asked, query: ReportAsked) -> Answer:
        """Name tokens that nobody used, and scopes that nothing needed."""
        store, now = self._gateway.store, self._gateway.clock.now()
        since = now - timedelta(days=query.days)
        uses = await store.uses(since, now)
        last, team = read_cursor(_LIST, query.after), asked.caller.team
        found: list[Finding] = []
        for _ in range(0, _MOST_READ, LARGEST_PAGE):
            tokens = await store.list_tokens(limit=LARGEST_PAGE, before=last, team=team)
            if not tokens:
                return Answer(ReportShown(since, tuple(map(_shown, found)), None))
            last = tokens[-1].id
            found += review(tokens, uses, since)
            if len(found) > query.limit:
                found = found[: query.limit]
                last = found[-1].token.id
                break
        return Answer(ReportShown(since, tuple(map(_shown, found)), cursor(_LIST, last)))


def _shown(finding: Finding) -> FindingShown:
    return FindingShown(shown(finding.token), finding.unused, finding.spare, finding.suggested)
