"""A report as a page shows it: its chart, its table, and what each figure leads to."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup

from tollbridge import Column
from tollbridge.browsing import Zone
from tollbridge.browsing import gettext as _
from tollbridge.browsing import gettext_noop as N_
from tollbridge.pagemodel import Row
from tollbridge.screens import Cell, Table, cells, charts, words
from tollbridge_dashboard.usage.measures import LATENCIES, MEASURES, Measure, called

_MOST_IN_CHART = STEPPED = charts.COLOURS
"""Groups that are cut into steps: the chart has no more."""
_LOG = {"/usage": "/log", "/my/usage": "/my/log"}


class Report:
    """What the API said, for one measure."""

    def __init__(self, said: Mapping[str, Any], measure: Measure, by: str, zone: Zone) -> None:
        self.totals: Mapping[str, Any] = said["totals"]
        self.measure = measure
        self.by = by
        self.zone = zone.name
        self._said = said
        self._zone = zone
        self.starts = [datetime.fromisoformat(at) for at in said["starts"]]
        self.until = datetime.fromisoformat(said["to"])

    @property
    def is_empty(self) -> bool:
        """Whether nobody called in this range."""
        return not self.totals["calls"] and not float(self.totals["cost_usd"])

    @property
    def chart(self) -> Markup:
        """Draw the measure over the range, cut into the biggest groups and all others."""
        names = [name for name, _series in self._shown]
        label = _("%(measure)s by %(by)s") % {"measure": _(self.measure.title), "by": self.by}
        return charts.stacked(self.columns, names, label, counts=not self.measure.money)

    @cached_property
    def columns(self) -> Sequence[charts.Column]:
        """Give the steps with what is in them."""
        groups = self._shown
        return [
            charts.Column(self._title(at), self._label(at), tuple(series[place] for _name, series in groups))
            for place, at in enumerate(self.starts)
        ]

    @property
    def legend(self) -> Sequence[tuple[str, int]]:
        """Give the names in the chart with what they add up to."""
        return [(name, sum(series)) for name, series in self._shown]

    @property
    def names(self) -> Sequence[str]:
        """Give the names in the chart, cut where they are long."""
        return [words.cut(name) for name, _series in self._shown]

    @property
    def lines(self) -> tuple[Sequence[int | None], Sequence[int | None]]:
        """Give latencies of the steps: at the 50th and at the 95th percentile."""
        series = self._said["series"]
        return [one["latency_p50_ms"] for one in series], [one["latency_p95_ms"] for one in series]

    @property
    def traffic(self) -> Markup:
        """Draw calls and failures with their latencies."""
        columns = [
            charts.Column(self._title(at), self._label(at), (one["calls"], one["failed"]))
            for at, one in zip(self.starts, self._said["series"], strict=True)
        ]
        return charts.traffic(columns, *self.lines, _("Requests, failures and latency"))

    def table(self, columns: Sequence[Column]) -> Table:
        """Give all groups as a table, and the others as its last row."""
        rows = [dict(one) for one in self._said["groups"]]
        others = self._said["others"]
        if others is not None:
            number = others["groups"]
            name = _("all others") if number is None else _("%(n)s others") % {"n": number}
            rows.append({"key": None, "name": name, "totals": others["totals"]})
        return Table(name="usage", label=N_("Usage"), columns=columns, rows=rows)

    @cached_property
    def _shown(self) -> Sequence[tuple[str, list[int]]]:
        """Give the groups of the chart: the biggest, and the rest as one."""
        groups = list(self._said["groups"])
        most = _MOST_IN_CHART if len(groups) <= _MOST_IN_CHART and self._said["others"] is None else _MOST_IN_CHART - 1
        found = [
            (called(self.by, one["key"], one["name"]), [self.measure.of(each) for each in one["series"]])
            for one in groups[:most]
        ]
        if len(groups) > most or self._said["others"] is not None:
            sums = [self.measure.of(each) for each in self._said["series"]]
            shown = [series for _name, series in found]
            found.append((_("all others"), [whole - sum(own) for whole, *own in zip(sums, *shown, strict=True)]))
        return found

    def _title(self, at: datetime) -> str:
        step = self._said["step"]
        return self._zone.day(at) if step in ("day", "week", "month") else self._zone.moment(at)

    def _label(self, at: datetime) -> str:
        step = self._said["step"]
        if step in ("quarter", "hour"):
            return self._zone.time(at)
        return self._zone.month(at) if step == "month" else self._zone.short_day(at)


def group_columns(by: str, path: str, kept: Mapping[str, str]) -> Sequence[Column]:
    """Give the columns of the table: a group leads to its calls, in the same range and with the same filters."""

    def group(row: Row) -> Cell:
        cell = cells.text(row["name"] if row["key"] is None else called(by, row["key"], row["name"]), strong=True)
        if not row["key"]:
            return cell
        asked = {name: value for name, value in kept.items() if name not in ("measure", "by")}
        return cell.to(f"{_LOG[path]}?{urlencode({**asked, by: row['key']})}")

    def figure(measure: Measure) -> Column:
        wide = measure.name in ("refused", "cached", "reasoning", "first_byte", "p50")

        def cell(row: Row) -> Cell:
            return measure.cell(row["totals"])

        return Column(measure.field, measure.title, cell, number=True, wide=wide)

    return (Column("group", N_("Group"), group), *map(figure, (*MEASURES.values(), *LATENCIES)))
