"""Objectives of services: how they stand, how fast their error budgets burn, and telling who owns them.

A budget is what an objective leaves: of 99 % it is 1 % of the calls. It burns at a rate of 1 where it is just used up
at the end of its window. The alarms are those of Google's SRE workbook, chapter 5, "Multiwindow, Multi-Burn-Rate
Alerts", table 5-8 (https://sre.google/workbook/alerting-on-slos/, read 2026-11): over 14.4 in an hour, 6 in six hours,
1 in three days, each only while a twelfth of that burns as fast too, so that an alarm ends soon after its cause.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import structlog

from tollbridge.audit import Actor
from tollbridge.services.model import Service, Slo
from tollbridge.stores.analytics import AnalyticsStore, Burning, BurnTold

if TYPE_CHECKING:
    from tollbridge.gateway import Gateway

log = structlog.get_logger("tollbridge")


class Alarm(NamedTuple):
    """Burns faster than `rate` over a window, and over the short one within: the higher the level, the more urgent."""

    level: int
    window: str
    within: str
    rate: float


ALARMS = (Alarm(3, "1h", "5m", 14.4), Alarm(2, "6h", "30m", 6.0), Alarm(1, "3d", "6h", 1.0))
WINDOWS = {
    "5m": timedelta(minutes=5),
    "30m": timedelta(minutes=30),
    "1h": timedelta(hours=1),
    "6h": timedelta(hours=6),
    "24h": timedelta(hours=24),
    "3d": timedelta(days=3),
}
SHOWN = ("1h", "6h", "24h", "3d")
"""Windows whose rates are shown; the others are there for the alarms."""


class Sum(NamedTuple):
    """How many calls count for an objective in a window, and how many of them missed it."""

    calls: int
    failed: int


class Standing(NamedTuple):
    """How an objective stands: by the names of `WINDOWS`, and over its whole window where that was asked for."""

    slo: Slo
    recent: dict[str, Sum]
    whole: Sum | None

    @property
    def attained(self) -> float | None:
        """Give the share of calls that met it over its whole window, in percent; None without calls."""
        whole = self.whole
        return None if whole is None or not whole.calls else 100.0 * (whole.calls - whole.failed) / whole.calls

    @property
    def budget_left(self) -> float | None:
        """Give the share of its budget that is left: 1.0 is all of it, 0.0 none, and below that it is overspent."""
        return None if self.whole is None else 1.0 - (burn_rate(self.slo, self.whole) or 0.0)

    def rate(self, window: str) -> float | None:
        """Give how fast it burns over a window, None without calls."""
        return burn_rate(self.slo, self.recent[window])

    def burning(self, least: int) -> Burning | None:
        """Give its most urgent alarm, None for none; a window of fewer calls than `least` gives none."""
        for alarm in ALARMS:
            if WINDOWS[alarm.window] > timedelta(days=self.slo.window_days):
                continue
            rate, soon = self.rate(alarm.window) or 0.0, self.rate(alarm.within) or 0.0
            if min(rate, soon) > alarm.rate and self.recent[alarm.window].calls >= least:
                return Burning(level=alarm.level, window=alarm.window, rate=f"{rate:.1f}")
        return None


def burn_rate(slo: Slo, found: Sum) -> float | None:
    """Say how many times faster a budget burns than it may; None without calls."""
    return 100.0 * found.failed / (found.calls * (100.0 - slo.objective)) if found.calls else None


async def standings(
    store: AnalyticsStore, service: Service, slos: Sequence[Slo], now: datetime, *, whole: bool = True
) -> Sequence[Standing]:
    """Say how the objectives of a service stand, since it began; without `whole` only over the short windows.

    That reads three days of calls, `whole` as many as the objectives say.
    """
    if not slos:
        return []
    starts = [now - length for length in WINDOWS.values()]
    starts += [now - timedelta(days=slo.window_days) for slo in slos] if whole else []
    starts = [max(start, service.created_at) for start in starts]
    until = now + timedelta(seconds=1)  # those of this very moment too
    fared = await store.fared(service.slug, starts, until, within_ms=[slo.latency_ms for slo in slos])
    found = []
    for place, slo in enumerate(slos):
        sums = [Sum(each.calls, each.failed[place]) for each in fared]
        recent = dict(zip(WINDOWS, sums, strict=False))
        found.append(Standing(slo, recent, sums[len(WINDOWS) + place] if whole else None))
    return found


async def watch_slos(gateway: "Gateway", by: Actor) -> None:
    """Tell of objectives whose budgets begin to burn too fast, and of those that recovered; show how fast all burn."""
    store, now = await gateway.store.analytics(), gateway.clock.now()
    known, least = set(await store.burning_services()), gateway.config.services.burn_calls
    rates: dict[tuple[str, ...], float] = {}
    for service, slos in await _promised(gateway):
        found = await standings(store, service, slos, now, whole=False)
        for one in found:
            shown = ((service.slug, one.slo.name, window) for window in SHOWN)
            rates |= {labels: rate for labels in shown if (rate := one.rate(labels[-1])) is not None}
        burning = {one.slo.name: alarm for one in found if (alarm := one.burning(least)) is not None}
        if burning or service.id in known:
            for told in await store.tell_burning(service.id, burning, await gateway.tokens.act(by)):
                _log(service, told)
    gateway.metrics.show_burn_rates(rates)


async def measure_slos(gateway: "Gateway") -> None:
    """Show what is left of the budgets of all objectives."""
    store, now = await gateway.store.analytics(), gateway.clock.now()
    left: dict[tuple[str, ...], float] = {}
    for service, slos in await _promised(gateway):
        found = await standings(store, service, slos, now)
        left |= {(service.slug, one.slo.name): share for one in found if (share := one.budget_left) is not None}
    gateway.metrics.show_budgets_left(left)


async def _promised(gateway: "Gateway") -> Sequence[tuple[Service, Sequence[Slo]]]:
    """Give all services that serve or did, each with what it promises now."""
    entries = (await gateway.books.current()).entries.values()
    return [(entry.service, () if entry.live is None else entry.live.design.slos) for entry in entries]


def _log(service: Service, told: BurnTold) -> None:
    if told.burning is None:
        log.info("slo_recovered", service=service.slug, slo=told.slo)
    else:
        burning = told.burning
        log.warning("slo_burning", service=service.slug, slo=told.slo, window=burning.window, rate=burning.rate)
