"""Ranges of a report: how far back they reach, in which steps they are cut, and those that somebody writes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from tollbridge.browsing import Zone
from tollbridge.browsing import gettext_noop as N_

_DAY = timedelta(days=1)
_LONGEST = timedelta(days=3 * 366)


@dataclass(frozen=True, slots=True)
class Preset:
    """A range that ends now: `label` as it is said, its length, and the steps it is cut into."""

    name: str
    label: str
    length: timedelta
    step: str


PRESETS = (
    Preset("24h", N_("24 h"), _DAY - timedelta(hours=1), "hour"),
    Preset("7d", N_("7 d"), 6 * _DAY, "day"),
    Preset("30d", N_("30 d"), 29 * _DAY, "day"),
    Preset("90d", N_("90 d"), 84 * _DAY, "week"),
    Preset("12m", N_("12 months"), 334 * _DAY, "month"),
)
CUSTOM = "custom"


@dataclass(frozen=True, slots=True)
class Range:
    """A range that is asked for.  `name` is a preset's, or `custom`; the days are those of the reporting zone.

    `instead`: what somebody wrote is no range, and this one is shown instead.
    """

    name: str
    since: datetime
    until: datetime
    step: str
    first: date
    last: date
    instead: bool = False

    def query(self) -> dict[str, str]:
        """Give it as an address has it."""
        if self.name != CUSTOM:
            return {"range": self.name}
        return {"from": self.first.isoformat(), "to": self.last.isoformat()}

    def asked(self) -> dict[str, str]:
        """Give it as the API is asked."""
        return {"from": _said(self.since), "to": _said(self.until), "step": self.step}


def read_range(query: Mapping[str, str], zone: Zone, now: datetime, *, first: str = "30d") -> Range:
    """Read a range from an address; where none stands there, or what is none, it is the one that stands `first`."""
    days = [_day(query.get(name, "")) for name in ("from", "to")]
    if days[0] is not None and days[1] is not None and days[0] <= days[1]:
        since, until = zone.begins(days[0]), min(zone.begins(days[1] + _DAY), now)
        if since < until and until - since <= _LONGEST:
            return Range(CUSTOM, since, until, _step(until - since), days[0], days[1])
    chosen = {one.name: one for one in PRESETS}
    preset = chosen.get(query.get("range", ""), chosen[first])
    since = now - preset.length
    wrong = bool(query.get("from") or query.get("to"))
    return Range(preset.name, since, now, preset.step, zone.local(since).date(), zone.local(now).date(), wrong)


def _step(length: timedelta) -> str:
    if length <= 3 * _DAY:
        return "hour"
    return "day" if length <= 62 * _DAY else "week" if length <= 370 * _DAY else "month"


def _day(said: str) -> date | None:
    try:
        return date.fromisoformat(said) if len(said) == len("2026-01-01") else None
    except ValueError:
        return None


def _said(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
