"""The time zone that pages are in: where its days and hours begin, and how a moment in it is written.

Instants are UTC and steps are those of the clock on the wall. So the day on which summer time begins has 23 hours, and
what the wall skips is no step.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import takewhile
from zoneinfo import ZoneInfo

from tollbridge.browsing.speech import gettext as _
from tollbridge.browsing.speech import gettext_noop as N_
from tollbridge.browsing.speech import zone_spoken

_SECOND, _DAY = timedelta(seconds=1), timedelta(days=1)
_LENGTHS = {"quarter": timedelta(minutes=15), "hour": timedelta(hours=1)}
_FIRSTS: Mapping[str, Callable[[date], date]] = {
    "day": lambda day: day,
    "week": lambda day: day - day.weekday() * _DAY,
    "month": lambda day: day.replace(day=1),
}
_AFTERS: Mapping[str, Callable[[date], date]] = {
    "day": lambda day: day + _DAY,
    "week": lambda day: day + 7 * _DAY,
    "month": lambda day: (day + 31 * _DAY).replace(day=1),
}
STEPS = (*_LENGTHS, *_FIRSTS)
"""A quarter is one of an hour; a week begins on Monday (ISO 8601)."""
_MONTHS = (
    *(N_("Jan"), N_("Feb"), N_("Mar"), N_("Apr"), N_("May"), N_("Jun")),
    *(N_("Jul"), N_("Aug"), N_("Sep"), N_("Oct"), N_("Nov"), N_("Dec")),
)

_WEEKDAYS = (N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"), N_("Sat"), N_("Sun"))


class Zone:
    """A time zone by its IANA name; raises `LookupError` for one that is not known.

    All methods but `read` take a moment with its zone, and raise `ValueError` for one without.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._zone = ZoneInfo(name)

    def local(self, at: datetime) -> datetime:
        """Give a moment as the clock on the wall has it."""
        if at.tzinfo is None:
            raise ValueError("a moment without a time zone is none")
        return at.astimezone(self._zone)

    def read(self, wall: datetime) -> datetime:
        """Give the moment, in UTC, at which the wall shows a time without a zone.

        Of two it is the first; of one that the wall skips, that which the clock shows had nobody set it.
        """
        return wall.replace(tzinfo=self._zone, fold=0).astimezone(UTC)

    def begins(self, day: date) -> datetime:
        """Give the first instant of a day; of one that the zone skipped, that of the next."""
        first, second = (datetime.combine(day, time(fold=fold), self._zone).astimezone(UTC) for fold in (0, 1))
        if first <= second:
            return first
        return _bisect(second, first, lambda at: at.astimezone(self._zone).date() >= day)  # midnight is skipped

    def start(self, at: datetime, step: str) -> datetime:
        """Give when the step that a moment is in began; `step` is one of `STEPS`."""
        local = self.local(at)
        if step in _LENGTHS:
            return self._wall_start(at.astimezone(UTC), _LENGTHS[step])
        day = _FIRSTS[step](_AFTERS[step](local.date()))
        while self.begins(day) > at:  # midnight may come twice
            day = _FIRSTS[step](day - _DAY)
        return self.begins(day)

    def starts(self, since: datetime, until: datetime, step: str) -> Sequence[datetime]:
        """Give when each step begins, from the one that `since` is in to the last that begins before `until`.

        The cost is that of their number, which the caller bounds.
        """
        end = self.local(until)
        return [*takewhile(lambda at: at < end, self._from(self.start(since, step), step))]

    def moment(self, at: datetime) -> str:
        """Write date and time to the minute, and what the zone is called then: 29 Nov 2026, 01:02 CET."""
        return _("%(minute)s %(zone)s") % {"minute": self.minute(at), "zone": self.abbreviation(at)}

    def minute(self, at: datetime) -> str:
        """Write date and time to the minute: 29 Nov 2026, 01:02."""
        return _("%(day)s, %(time)s") % {"day": self.day(at), "time": self.time(at)}

    def time(self, at: datetime) -> str:
        """Write the time of day to the minute: 01:02."""
        return f"{self.local(at):%H:%M}"

    def second(self, at: datetime) -> str:
        """Write the time of day to the second: 01:02:03."""
        return f"{self.local(at):%H:%M:%S}"

    def day(self, at: datetime) -> str:
        """Write the date: 29 Nov 2026."""
        return _("%(day)d %(month)s %(year)d") % self._date(at)

    def short_day(self, at: datetime) -> str:
        """Write the date without its year: 29 Nov."""
        return _("%(day)d %(month)s") % self._date(at)

    def weekday(self, at: datetime) -> str:
        """Write the date without its year, and the day of the week: Sun 29 Nov."""
        week = _(_WEEKDAYS[self.local(at).weekday()])
        return _("%(weekday)s %(day)s") % {"weekday": week, "day": self.short_day(at)}

    def month(self, at: datetime) -> str:
        """Write the month: Nov 2026."""
        return _("%(month)s %(year)d") % self._date(at)

    def abbreviation(self, at: datetime) -> str:
        """Give what the zone is called at a moment: CET, or UTC+05:45 where nobody gave it a name."""
        name = f"{self.local(at):%Z}"
        return name if name[:1].isalpha() else f"UTC{self.local(at).isoformat(timespec='minutes')[16:]}"

    def _date(self, at: datetime) -> Mapping[str, object]:
        local = self.local(at)
        return {"day": local.day, "month": _(_MONTHS[local.month - 1]), "year": local.year}

    def _wall_start(self, at: datetime, length: timedelta) -> datetime:
        """Give the last time at or before `at` that the wall showed a whole step, or that it was set otherwise."""
        offset = self._offset(at)
        floor = at - ((at.astimezone(self._zone).replace(tzinfo=None) - datetime.min) % length)
        if self._offset(floor) == offset:
            return floor
        return _bisect(floor, at, lambda one: self._offset(one) == offset)

    def _wall_next(self, start: datetime, length: timedelta) -> datetime:
        """Give the start after one; several are near each other where the wall is set otherwise."""
        after = self._wall_start(start + length, length)
        while (before := self._wall_start(after - _SECOND, length)) > start:
            after = before
        return after

    def _from(self, first: datetime, step: str) -> Iterator[datetime]:
        """Give a start and those after it, without end."""
        yield first
        if step in _LENGTHS:
            while True:
                yield (first := self._wall_next(first, _LENGTHS[step]))
        day = _AFTERS[step](_FIRSTS[step](first.astimezone(self._zone).date()))
        while True:
            at = self.begins(day)
            if at > first:
                yield (first := at)
            day = _AFTERS[step](day)

    def _offset(self, at: datetime) -> timedelta | None:
        return at.astimezone(self._zone).utcoffset()


_zone = lru_cache(maxsize=8)(Zone)


def spoken_zone() -> Zone:
    """Give the zone that pages say times in: that of the configuration while one is answered, else UTC."""
    return _zone(zone_spoken())


def _bisect(before: datetime, after: datetime, holds: Callable[[datetime], bool]) -> datetime:
    """Give the first whole second after `before` at which something holds, as it does at `after` and from then on."""
    while after - before > _SECOND:
        middle = before + (after - before) // _SECOND // 2 * _SECOND
        before, after = (before, middle) if holds(middle) else (middle, after)
    return after
