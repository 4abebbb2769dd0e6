"""The list of calls, and each of them: what is recorded of it, and never what was said.

A caller with a team sees that team's calls alone.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import UNSET

from tollbridge import Gateway, NotFound
from tollbridge.stores.usages import CallsAsked, Filters, UsageRow
from tollbridge_admin.asking import Answer, Asked
from tollbridge_admin.callshapes import (
    MOST_ROWS,
    CallDetailed,
    CallShown,
    CallsListed,
    CallsShown,
    call_shown,
    calls_csv,
)
from tollbridge_admin.paging import LARGEST_PAGE, cursor, no_cursor, read_cursor
from tollbridge_admin.routes import ANY_TOKEN, Nothing, Route, route
from tollbridge_admin.tags import tag_of
from tollbridge_admin.usage import READ, names_of, own_filters, own_tokens, team_filters, wants_csv

_LIST = "calls"
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
_LONGEST = 2**53
_MOST_PAGES = 100
"""Pages that are read for one CSV at most."""


class Calls:
    """Answers with them."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def routes(self) -> Sequence[Route]:
        """Say what can be asked."""
        listing: dict[str, Any] = {"takes": CallsListed, "gives": CallsShown, "csv": True}
        one: dict[str, Any] = {"takes": Nothing, "gives": CallDetailed, "tagged": True, "also": (404,)}
        return (
            route("GET", "/calls", self.list_calls, scope=READ, **listing),
            route("GET", "/calls/{id}", self.get_call, scope=READ, **one),
            route("GET", "/me/calls", self.list_own_calls, scope=ANY_TOKEN, also=(404,), **listing),
            route("GET", "/me/calls/{id}", self.get_own_call, scope=ANY_TOKEN, **one),
        )

    async def list_calls(self, asked: Asked, query: CallsListed) -> Answer:
        """List calls, newest first."""
        return await self._listed(asked, query, team_filters(asked, query))

    async def list_own_calls(self, asked: Asked, query: CallsListed) -> Answer:
        """List the calls of the caller's own person, or of the caller's token where it is no person's."""
        return await self._listed(asked, query, await own_filters(self._gateway, asked, query))

    async def get_call(self, asked: Asked, nothing: Nothing) -> Answer:
        """Show one call, and the calls that were made for it."""
        row = await self._gateway.store.find_call(asked.id)
        if row is None or asked.caller.team not in ("", row.team):
            raise NotFound("there is no such call")
        return await self._detailed(asked, row)

    async def get_own_call(self, asked: Asked, nothing: Nothing) -> Answer:
        """Show one call of the caller's own person, and the calls that were made for it."""
        row = await self._gateway.store.find_call(asked.id)
        if row is None or row.token_id not in await own_tokens(self._gateway, asked):
            raise NotFound("there is no such call of yours")
        return await self._detailed(asked, row)

    async def _detailed(self, asked: Asked, row: UsageRow) -> Answer:
        children = await (await self._gateway.store.usages()).children(row.call_id)
        shown = await self._shown(asked, [row, *children])
        detailed = CallDetailed(shown[0], shown[1:])
        return Answer(detailed, tag=tag_of(detailed))

    async def _listed(self, asked: Asked, query: CallsListed, filters: Filters) -> Answer:
        if wants_csv(asked, query.format):
            return Answer(calls_csv(await self._all(asked, query, filters)))
        rows, following = await self._page(query, filters, _read(query.after), query.limit)
        return Answer(CallsShown(await self._shown(asked, rows), None if following is None else _written(following)))

    async def _all(self, asked: Asked, query: CallsListed, filters: Filters) -> Sequence[CallShown]:
        found: list[UsageRow] = []
        before = _read(query.after)
        for _ in range(_MOST_PAGES):
            rows, before = await self._page(query, filters, before, LARGEST_PAGE)
            found += rows
            if before is None or len(found) >= MOST_ROWS:
                break
        return await self._shown(asked, found[:MOST_ROWS])

    async def _page(
        self, query: CallsListed, filters: Filters, before: tuple[datetime, str] | None, limit: int
    ) -> tuple[Sequence[UsageRow], tuple[datetime, str] | None]:
        wanted = CallsAsked(
            since=None if query.since is UNSET else query.since,
            until=None if query.until is UNSET else query.until,
            before=before,
            filters=filters,
            statuses=query.status,
            errors=query.error,
            call_id=query.id,
            least_ms=None if query.least_ms is UNSET else query.least_ms,
            inner=query.inner,
            limit=limit,
        )
        page = await (await self._gateway.store.usages()).rows(wanted)
        return page.rows, page.following

    async def _shown(self, asked: Asked, rows: Sequence[UsageRow]) -> Sequence[CallShown]:
        ids = {id for row in rows for id in (row.token_id, row.application)}
        names = await names_of(self._gateway, asked, sorted(ids))
        return [call_shown(row, names) for row in rows]


def _written(place: tuple[datetime, str]) -> str:
    at, call_id = place
    return cursor(_LIST, f"{(at - _EPOCH) // _MICROSECOND}:{call_id}")


def _read(text: str) -> tuple[datetime, str] | None:
    last = read_cursor(_LIST, text)
    if last is None:
        return None
    at, _, call_id = last.partition(":")
    if not at.isdecimal() or int(at) > _LONGEST:
        raise no_cursor()
    return _EPOCH + int(at) * _MICROSECOND, call_id
