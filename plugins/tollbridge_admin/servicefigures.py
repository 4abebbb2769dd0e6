"""The list of services, and how each of a page fared in the last day, read at once for all of them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from tollbridge import Gateway
from tollbridge.administering import Service, show_usd
from tollbridge.stores.usages import Figures, ReportAsked
from tollbridge_admin.asking import Answer, Asked
from tollbridge_admin.paging import cursor, read_cursor
from tollbridge_admin.routes import Route, route
from tollbridge_admin.serviceshapes import ServicesAsked, ServiceShown, shown

READ = "admin:services:read"
_LIST = "services"
_DAY, _QUARTER = timedelta(days=1), timedelta(minutes=15)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ServiceFigured(ServiceShown, frozen=True, kw_only=True):
    """A service, the version that serves who asks for none, and what was called of it since `figures_from`.

    `cost_usd` holds what was asked of models too. Calls that are counted as the gateway's own are none of it: then
    there are no figures.
    """

    version: str | None
    figures_from: datetime
    calls: int | None
    failed: int | None
    cost_usd: str | None


class ServicesFigured(msgspec.Struct, frozen=True):
    """A page of services with their figures; `next` is the cursor of the page behind it."""

    items: Sequence[ServiceFigured]
    next: str | None


class ServiceFigures:
    """Answers with them."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def routes(self) -> Sequence[Route]:
        """Say what can be asked."""
        more: dict[str, Any] = {"takes": ServicesAsked, "gives": ServicesFigured, "scope": READ}
        return (route("GET", "/service-figures", self.list_service_figures, **more),)

    async def list_service_figures(self, asked: Asked, query: ServicesAsked) -> Answer:
        """List services as `/services` does, with the version that serves and the calls of the last day."""
        page, following = await page_of(self._gateway, asked, query)
        entries = (await self._gateway.books.current()).entries
        since = _EPOCH + (self._gateway.clock.now() - _DAY - _EPOCH) // _QUARTER * _QUARTER
        sums = await self._sums([one.slug for one in page], since)
        closed, items = self._gateway.books.closed, []
        for one in page:
            entry, own = entries.get(one.slug), sums.get(one.slug)
            known = one.slug not in closed
            items.append(
                ServiceFigured(
                    **msgspec.structs.asdict(shown(one)),
                    version=None if entry is None or entry.live is None else entry.live.release.version,
                    figures_from=since,
                    calls=(own.calls if own else 0) if known else None,
                    failed=(own.failed if own else 0) if known else None,
                    cost_usd=show_usd(own.cost if own else 0) if known else None,
                )
            )
        return Answer(ServicesFigured(items, following))

    async def _sums(self, slugs: Sequence[str], since: datetime) -> Mapping[str, Figures]:
        """Sum up the calls of services: whole quarters of an hour, of which sums are kept."""
        if not slugs:
            return {}
        until = self._gateway.clock.now() + _QUARTER
        wanted = ReportAsked(
            starts=(since,),
            until=_EPOCH + (until - _EPOCH) // _QUARTER * _QUARTER,
            by="service",
            top=len(slugs),
            filters={"service": tuple(slugs)},
        )
        found = await (await self._gateway.store.usages()).report(wanted)
        return {group.key: group.totals for group in found.groups}


async def page_of(gateway: Gateway, asked: Asked, query: ServicesAsked) -> tuple[Sequence[Service], str | None]:
    """Give a page of the services that the caller sees, by their slugs, and the cursor of the page behind it."""
    own = asked.caller.team
    after = read_cursor(_LIST, query.after) or ""
    if own and query.team not in ("", own):
        return (), None
    found = await (await gateway.store.services()).list_services(
        limit=query.limit + 1,
        after=after,
        search=query.q,
        team=own or query.team,
        kind=query.kind,
        state="" if query.state is msgspec.UNSET else query.state,
    )
    page = found[: query.limit]
    return page, cursor(_LIST, page[-1].slug) if len(found) > len(page) else None
