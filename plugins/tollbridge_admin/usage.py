"""What was used and what it cost: by model, team, token and the like, of all that the caller may see, or of its own.

A caller with a team sees that team's calls alone.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import UNSET

from tollbridge import Denied, Gateway, NotFound
from tollbridge.stores.usages import Filters, ReportAsked
from tollbridge_admin.asking import Answer, Asked
from tollbridge_admin.csvtext import prefers_csv
from tollbridge_admin.routes import ANY_TOKEN, Route, route
from tollbridge_admin.speaking import person_of
from tollbridge_admin.usageranges import steps_of, zone_of
from tollbridge_admin.usageshapes import STORED, CallFilters, UsageAsked, UsageShown, usage_csv, usage_shown

READ = "admin:usage:read"
_NAMED = ("token", "application")


class UsageReports:
    """Answers with them."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def routes(self) -> Sequence[Route]:
        """Say what can be asked."""
        asking: dict[str, Any] = {"takes": UsageAsked, "gives": UsageShown, "csv": True}
        return (
            route("GET", "/usage", self.report_usage, scope=READ, **asking),
            route("GET", "/me/usage", self.report_own_usage, scope=ANY_TOKEN, also=(404,), **asking),
        )

    async def report_usage(self, asked: Asked, query: UsageAsked) -> Answer:
        """Say what was used and what it cost, in steps of a time zone and by what it is told apart by."""
        return await self._reported(asked, query, team_filters(asked, query))

    async def report_own_usage(self, asked: Asked, query: UsageAsked) -> Answer:
        """Say the same of the calls of the caller's own person, or of the caller's token where it is no person's."""
        return await self._reported(asked, query, await own_filters(self._gateway, asked, query))

    async def _reported(self, asked: Asked, query: UsageAsked, filters: Filters) -> Answer:
        since = None if query.since is UNSET else query.since
        until = None if query.until is UNSET else query.until
        zone = zone_of(query.zone)
        starts, end = steps_of(since, until, self._gateway.clock.now(), zone, query.step)
        by = "" if query.by is UNSET else STORED.get(query.by, query.by)
        wanted = ReportAsked(
            starts=starts,
            until=end,
            by=by,
            top=query.top,
            stepped=query.stepped,
            order=query.order,
            filters=filters,
        )
        report = await (await self._gateway.store.usages()).report(wanted)
        keys = [group.key for group in report.groups] if query.by in _NAMED else []
        shown = usage_shown(report, query, starts, end, await names_of(self._gateway, asked, keys))
        return Answer(usage_csv(shown) if wants_csv(asked, query.format) else shown)


def wants_csv(asked: Asked, format: str) -> bool:
    """Say whether CSV is asked for."""
    return format == "csv" or prefers_csv(asked.header("accept"))


def team_filters(asked: Asked, query: CallFilters) -> Filters:
    """Give the filters of a caller who sees all, or its team; raises `Denied` for another team."""
    filters, team = query.filters(), asked.caller.team
    if not team:
        return filters
    if set(filters.get("team", [team])) != {team}:
        raise Denied("a token with a team sees the calls of that team alone", code="out_of_reach")
    return {**filters, "team": [team]}


async def own_filters(gateway: Gateway, asked: Asked, query: CallFilters) -> Filters:
    """Give the filters that leave a caller's own calls; raises `NotFound` for a token that is not theirs."""
    filters, own = query.filters(), await own_tokens(gateway, asked)
    asked_for = filters.get("token_id", own)
    if not set(asked_for) <= set(own):
        raise NotFound("there is no such token of yours")
    return {**filters, "token_id": asked_for}


async def own_tokens(gateway: Gateway, asked: Asked) -> Sequence[str]:
    """Give the ids of the tokens of the caller's person, of its own alone where it speaks for nobody."""
    try:
        await person_of(gateway, asked)
    except (NotFound, Denied):
        return [asked.caller.id]
    return await (await gateway.store.usages()).tokens_of(asked.caller.id)


async def names_of(gateway: Gateway, asked: Asked, ids: Sequence[str]) -> Mapping[str, str]:
    """Give the names of tokens and applications that the caller may see: all, or those of its team."""
    wanted = [id for id in ids if id]
    return await (await gateway.store.usages()).names(wanted, team=asked.caller.team) if wanted else {}
