"""Ranges of a time zone, in the steps that a report is cut into: quarters and hours, days, weeks and months."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tollbridge_admin.problems import refused

Step = Literal["none", "quarter", "hour", "day", "week", "month"]
MOST_STEPS = 1_500
_QUARTER, _HOUR, _DAY = timedelta(minutes=15), timedelta(hours=1), timedelta(days=1)
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC) + 62 * _DAY, datetime.max.replace(tzinfo=UTC) - 62 * _DAY
_BACK = {"none": _DAY, "quarter": _DAY, "hour": _DAY, "day": 29 * _DAY, "week": 83 * _DAY, "month": 330 * _DAY}
"""How far before its end a range begins where nobody says."""


def zone_of(name: str) -> ZoneInfo:
    """Give a time zone by its name in the IANA database; raises `FieldsRefused`."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise refused("zone", "it is a name of the IANA database, such as UTC or Europe/Berlin") from None


def steps_of(
    since: datetime | None, until: datetime | None, now: datetime, zone: ZoneInfo, step: Step
) -> tuple[list[datetime], datetime]:
    """Give when the whole steps begin that a range touches, and when the last is over; raises `FieldsRefused`."""
    end = now if until is None else _possible(until, "to")
    begin = end - _BACK[step] if since is None else _possible(since, "from")
    if begin >= end:
        raise refused("from", "it lies before the end of the range")
    after = _AFTER[step]
    starts = [_START[step](begin.astimezone(zone))]
    if step == "none":
        return starts, _ceiling(end.astimezone(zone))
    while (following := after(starts[-1], zone)) < end:
        if len(starts) == MOST_STEPS:
            raise refused("step", f"a range has at most {MOST_STEPS} steps; take longer ones")
        starts.append(following)
    return starts, following


def _possible(at: datetime, field: str) -> datetime:
    if not _FIRST <= at <= _LAST:
        raise refused(field, "it lies before the year 1, or beyond the year 9999")
    return at


def _midnight(at: datetime) -> datetime:
    return datetime.combine(at.date(), time(), at.tzinfo).astimezone(UTC)


def _quarter(at: datetime) -> datetime:
    return at.astimezone(UTC) - timedelta(minutes=at.minute % 15, seconds=at.second, microseconds=at.microsecond)


def _hour(at: datetime) -> datetime:
    return at.astimezone(UTC) - timedelta(minutes=at.minute, seconds=at.second, microseconds=at.microsecond)


def _ceiling(at: datetime) -> datetime:
    start = _quarter(at)
    return start if start == at else start + _QUARTER


_START: dict[Step, Callable[[datetime], datetime]] = {
    "none": _quarter,
    "quarter": _quarter,
    "hour": _hour,
    "day": _midnight,
    "week": lambda at: _midnight(at - timedelta(days=at.weekday())),
    "month": lambda at: _midnight(at.replace(day=1)),
}


def _days_on(start: datetime, zone: ZoneInfo, days: int) -> datetime:
    local = (start.astimezone(zone) + timedelta(hours=2)).date()  # a day that begins late, where clocks go forward
    return datetime.combine(local + timedelta(days=days), time(), zone).astimezone(UTC)


def _next_month(start: datetime, zone: ZoneInfo) -> datetime:
    local = (start.astimezone(zone) + timedelta(days=32)).date().replace(day=1)
    return datetime.combine(local, time(), zone).astimezone(UTC)


_AFTER: dict[Step, Callable[[datetime, ZoneInfo], datetime]] = {
    "none": lambda start, zone: start,
    "quarter": lambda start, zone: start + _QUARTER,
    "hour": lambda start, zone: start + _HOUR,
    "day": lambda start, zone: _days_on(start, zone, 1),
    "week": lambda start, zone: _days_on(start, zone, 7),
    "month": _next_month,
}
