"""How services fare, and what applications call.

Who may see a service sees all of its calls, those of other teams' applications too; the names of these are not theirs.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import UNSET

from tollbridge import Gateway, NotFound, Token
from tollbridge.administering import Release, Service, Standing, is_application, standings
from tollbridge.stores.analytics import Analysis, Share, Whose
from tollbridge_admin.analyticsshapes import (
    ApplicationUsageShown,
    CallerShown,
    OperationUseShown,
    RangeAsked,
    ReleaseUseShown,
    ServiceAnalyticsShown,
    failure_shown,
    services_shown,
    share_shown,
    slo_shown,
    step_shown,
    sums_shown,
)
from tollbridge_admin.applications import READ as APPLICATIONS
from tollbridge_admin.applications import there
from tollbridge_admin.asking import Answer, Asked
from tollbridge_admin.problems import refused
from tollbridge_admin.routes import Route, route
from tollbridge_admin.servicereach import see_service
from tollbridge_admin.services import READ as SERVICES

MOST = timedelta(days=92)
_MOST_RELEASES = 1_000
_STEPS = {"hour": timedelta(hours=1), "day": timedelta(days=1)}
_EPOCH, _DAY = datetime(1970, 1, 1, tzinfo=UTC), timedelta(days=1)
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC) + 2 * _DAY, datetime.max.replace(tzinfo=UTC) - 2 * _DAY


class Analytics:
    """Answers with them."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def routes(self) -> Sequence[Route]:
        """Say what can be asked."""
        service, application = "/services/{service}/analytics", "/applications/{id}/usage"
        asking: dict[str, Any] = {"takes": RangeAsked, "gives": ServiceAnalyticsShown, "scope": SERVICES}
        using: dict[str, Any] = {"takes": RangeAsked, "gives": ApplicationUsageShown, "scope": APPLICATIONS}
        return (
            route("GET", service, self.analyse_service, **asking),
            route("GET", application, self.analyse_application, **using),
        )

    async def analyse_service(self, asked: Asked, query: RangeAsked) -> Answer:
        """Say who calls a service, which releases, how it fares, what it costs, and how its objectives stand."""
        service = await see_service(self._gateway, asked)
        if service.slug in self._gateway.books.closed:
            raise NotFound(
                f"calls that are counted as {service.slug!r} are the gateway's own, and none of this service"
            )
        since, until = self._range(query)
        found = await self._analysed(Whose(service=service.slug, begun=service.created_at), since, until, query)
        names, releases = await self._names(asked, found.callers), await self._releases(service, found.releases)
        least = self._gateway.config.services.burn_calls
        return Answer(
            ServiceAnalyticsShown(
                service=service.slug,
                since=since,
                until=until,
                step=query.step,
                totals=sums_shown(found.figures),
                callers=[_caller(one, names) for one in found.callers],
                releases=[_release(one, releases) for one in found.releases],
                operations=[OperationUseShown(operation=one.key, **share_shown(one)) for one in found.operations],
                failures=list(map(failure_shown, found.failures)),
                series=list(map(step_shown, found.series)),
                slos=[slo_shown(one, least) for one in await self._standings(service)],
            )
        )

    async def analyse_application(self, asked: Asked, query: RangeAsked) -> Answer:
        """Say what an application calls, by service, how that fares and what it costs."""
        application = there(await self._gateway.applications.get(asked.id, giver=asked.minter))
        since, until = self._range(query)
        found = await self._analysed(Whose(application=application.id), since, until, query)
        return Answer(
            ApplicationUsageShown(
                application=application.id,
                since=since,
                until=until,
                step=query.step,
                totals=sums_shown(found.figures),
                services=services_shown(found),
                failures=list(map(failure_shown, found.failures)),
                series=list(map(step_shown, found.series)),
            )
        )

    async def _analysed(self, whose: Whose, since: datetime, until: datetime, query: RangeAsked) -> Analysis:
        store, steps = await self._gateway.store.analytics(), (until - since) // _STEPS[query.step]
        return await store.analyse(whose, since, until, steps=steps, top=query.top)

    def _range(self, query: RangeAsked) -> tuple[datetime, datetime]:
        """Give the whole steps that a range touches, so that each is as long as the other; raises `FieldsRefused`."""
        step = _STEPS[query.step]
        until = self._gateway.clock.now() if query.until is UNSET else _possible(query.until, "to")
        since = until - _DAY if query.since is UNSET else _possible(query.since, "from")
        if since >= until:
            raise refused("from", "it lies before the end of the range")
        if until - since > MOST:
            raise refused("from", f"a range has at most {MOST.days} days")
        return _EPOCH + (since - _EPOCH) // step * step, _EPOCH - (_EPOCH - until) // step * step

    async def _standings(self, service: Service) -> Sequence[Standing]:
        entry = (await self._gateway.books.current()).entries.get(service.slug)
        slos = () if entry is None or entry.live is None else entry.live.design.slos
        now = self._gateway.clock.now()
        return await standings(await self._gateway.store.analytics(), service, slos, now)

    async def _names(self, asked: Asked, callers: Sequence[Share]) -> Mapping[str, str]:
        """Give the names of those that the caller may see: all, or those of its team."""
        found: list[Token | None] = [await self._gateway.store.get_token(one.key) for one in callers if one.key]
        return {one.id: one.name for one in found if one is not None and asked.caller.team in ("", one.team)}

    async def _releases(self, service: Service, called: Sequence[Share]) -> Mapping[str, Release]:
        if not called:
            return {}
        listed = await (await self._gateway.store.services()).list_releases(service.id, limit=_MOST_RELEASES)
        return {one.id: one for one in listed}


def _possible(at: datetime, field: str) -> datetime:
    """Refuse an end of a range beside which there is no whole day; raises `FieldsRefused`."""
    if not _FIRST <= at <= _LAST:
        raise refused(field, "it lies before the year 1, or beyond the year 9999")
    return at


def _caller(one: Share, names: Mapping[str, str]) -> CallerShown:
    applied = is_application(one.key)
    return CallerShown(
        application=one.key if applied else None,
        token=None if applied else one.key or None,
        name=names.get(one.key),
        **share_shown(one),
    )


def _release(one: Share, known: Mapping[str, Release]) -> ReleaseUseShown:
    found = known.get(one.key)
    return ReleaseUseShown(
        id=one.key,
        number=None if found is None else found.number,
        version=None if found is None else found.version,
        state=None if found is None else found.state.value,
        **share_shown(one),
    )
