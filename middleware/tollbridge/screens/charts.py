"""Charts as SVG, made on the server.

Shapes stretch with the page; every text is HTML beside them, so that it keeps its size. Colours are classes.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from tollbridge.browsing import gettext as _
from tollbridge.screens.budgets import filled, level
from tollbridge.screens.words import count, ms, share, short, usd
from tollbridge.stores.base import BudgetUse

STEPS = 4
COLOURS = 6
_LABELS = 6
_HEIGHT = 100.0


@dataclass(frozen=True, slots=True)
class Column:
    """One step of time: how it is called, long and short, and what is in it."""

    title: str
    label: str
    values: tuple[int, ...]


def nice_step(most: float, *, whole: bool = False) -> float:
    """Give the distance of grid lines: 1, 2, 2.5 or 5 times a power of ten, at least a `STEPS`-th of the largest."""
    if most <= 0:
        return 1.0
    raw = most / STEPS
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= raw * 0.999999)
    return max(1.0, math.ceil(step)) if whole else step


def spark(values: Sequence[int | None]) -> Markup:
    """Draw a line without axes; None is a gap closed by the value before it."""
    filled: list[int] = []
    for value in values:
        filled.append(value if value is not None else (filled[-1] if filled else 0))
    if len(filled) < 2 or not any(filled):
        return Markup("")
    low, high = min(filled), max(filled)
    spread = (high - low) or 1
    points = " ".join(
        f"{_f(i * 120 / (len(filled) - 1))},{_f(33 - (value - low) / spread * 30)}" for i, value in enumerate(filled)
    )
    return Markup(
        '<svg class="spark" viewBox="0 0 120 36" preserveAspectRatio="none" aria-hidden="true">'
        '<polygon points="0,36 {0} 120,36"/><polyline points="{0}"/></svg>'
    ).format(points)


def meter(use: BudgetUse) -> Markup:
    """Draw how much of a budget is spent."""
    return part(min(1.0, float(filled(use))), {"over": "bad", "near": "warn"}.get(level(use), ""))


def part(share: float, tone: str = "") -> Markup:
    """Draw which part of a whole something is, 0 to 1; `tone` is empty, warn or bad."""
    return Markup(
        '<svg class="meter {}" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="bg" width="100" height="4"/><rect class="fg" width="{}" height="4"/></svg>'
    ).format(tone or "fine", _f(share * 100))


def portions(parts: Sequence[int]) -> Markup:
    """Draw one bar cut into parts."""
    whole = sum(parts) or 1
    left, drawn = 0.0, Markup("")
    for k, part in enumerate(parts):
        width = part / whole * 120
        drawn += Markup('<rect class="p{}" x="{}" width="{}" height="6"/>').format(k, _f(left), _f(width))
        left += width
    return Markup(
        '<svg class="portions" viewBox="0 0 120 6" preserveAspectRatio="none" aria-hidden="true">{}</svg>'
    ).format(drawn)


def phases(parts: Sequence[int]) -> Markup:
    """Draw how long one thing after the other took, as parts of one bar."""
    whole = sum(parts) or 1
    left, drawn = 0.0, Markup("")
    for k, took in enumerate(parts):
        width = took / whole * 120
        drawn += Markup('<rect class="s{}" x="{}" width="{}" height="6"/>').format(k, _f(left), _f(width))
        left += width
    return Markup(
        '<svg class="phases" viewBox="0 0 120 6" preserveAspectRatio="none" aria-hidden="true">{}</svg>'
    ).format(drawn)


def stacked(columns: Sequence[Column], names: Sequence[str], label: str, *, counts: bool = False) -> Markup:
    """Draw money by name as stacked bars; each column's values are nano-dollars in the order of `names`.

    `counts`: they are whole numbers of something else.
    """
    unit, show = (1, count) if counts else (10**9, usd)
    step = nice_step(max((sum(column.values) for column in columns), default=0) / unit, whole=counts)
    top = step * STEPS * unit
    drawn, total = [], _("total")
    for i, column in enumerate(columns):
        rows = [(f"s{k}", name, show(value)) for k, (name, value) in enumerate(zip(names, column.values, strict=True))]
        shown = [row for row, value in zip(rows, column.values, strict=True) if value]
        y, bars = _HEIGHT, list[str]()
        for k, value in enumerate(column.values):
            height = value / top * _HEIGHT
            y -= height
            bars.append(_bar(f"s{k}", i, y, height))
        drawn.append(_column(i, column.title, [*shown[::-1], ("", total, show(sum(column.values)))], bars))
    return _figure(drawn, columns, label, _axis(step, short if counts else _dollars), [])


def _dollars(value: float) -> str:
    """Write dollars on an axis: `$0.00005`, `$1,000`."""
    return "$" + f"{value:,.10f}".rstrip("0").rstrip(".")


def traffic(columns: Sequence[Column], p50: Sequence[int | None], p95: Sequence[int | None], label: str) -> Markup:
    """Draw calls and failures as bars, latencies as lines over them; each column's values are calls and failures."""
    step = nice_step(max((column.values[0] for column in columns), default=0), whole=True)
    slow = nice_step(max((value for value in p95 if value is not None), default=0))
    top = step * STEPS
    drawn, of_calls, of_failed = list[str](), _("requests"), _("failed")
    for i, column in enumerate(columns):
        calls, failed = column.values
        rows = [
            ("req", of_calls, count(calls)),
            ("err", of_failed, f"{count(failed)} ({share(failed, calls)})"),
            ("p50", "p50", ms(p50[i])),
            ("p95", "p95", ms(p95[i])),
        ]
        heights = [(name, value / top * _HEIGHT) for name, value in (("req", calls), ("err", failed))]
        bars = [_bar(name, i, _HEIGHT - height, height) for name, height in heights]
        drawn.append(_column(i, column.title, rows, bars))
    drawn += [_line(name, values, slow * STEPS) for name, values in (("p50", p50), ("p95", p95))]
    right = _axis(slow, lambda value: f"{value / 1000:g} s" if slow >= 250 else f"{value:g} ms")
    return _figure(drawn, columns, label, _axis(step, short), right)


def _bar(name: str, i: int, y: float, height: float) -> str:
    """Draw one bar; all in it is ours, so that nothing has to be escaped."""
    if height <= 0:
        return ""
    return f'<rect class="{name}" x="{i * 10 + 1}" y="{_f(y)}" width="8" height="{_f(height)}"/>'


def _line(name: str, values: Sequence[int | None], top: float) -> str:
    """Draw a line through what is there; steps without calls break it, and a lone step is a short dash."""
    drawn, run = "", list[tuple[float, float]]()
    for i, value in enumerate([*values, None]):
        if value is not None:
            run.append((i * 10 + 5, _HEIGHT - value / top * _HEIGHT))
            continue
        if len(run) == 1:
            x, y = run[0]
            run = [(x - 4, y), (x + 4, y)]
        if run:
            points = " ".join(f"{_f(x)},{_f(y)}" for x, y in run)
            drawn += f'<polyline class="{name}" points="{points}"/>'
        run = []
    return drawn


def _column(i: int, title: str, rows: Sequence[tuple[str, str, str]], bars: Sequence[str]) -> str:
    tip = escape("\n".join([title, *("\t".join(row) for row in rows)]))
    return (
        f'<g class="col" data-tip="{tip}"><rect class="hit" x="{i * 10}" width="10" height="100"/>{"".join(bars)}</g>'
    )


def _axis(step: float, show: Callable[[float], str]) -> list[str]:
    return [show(round(step * k, 12)) for k in range(STEPS, -1, -1)]


def _figure(drawn: Sequence[str], columns: Sequence[Column], label: str, left: list[str], right: list[str]) -> Markup:
    """Put axes and labels around what was drawn."""
    width = len(columns) * 10
    grid = Markup("").join(
        Markup('<line class="grid" x1="0" x2="{0}" y1="{1}" y2="{1}"/>').format(width, k * 100 // STEPS)
        for k in range(STEPS + 1)
    )
    every = max(1, len(columns) // _LABELS)
    named = columns[every // 2 :: every][:_LABELS]
    second = Markup('<div class="y right" aria-hidden="true">{}</div>').format(_spans(right)) if right else ""
    return Markup(
        '<div class="chart{}"><div class="y" aria-hidden="true">{}</div>'
        '<svg viewBox="0 0 {} 100" preserveAspectRatio="none" role="img" aria-label="{}" tabindex="0" data-chart>{}{}'
        '</svg>{}<div class="x" aria-hidden="true">{}</div></div>'
    ).format(
        " two-axes" if right else "",
        _spans(left),
        width,
        label,
        grid,
        Markup("".join(drawn)),
        second,
        _spans([column.label for column in named]),
    )


def stacked_table(
    first: str, names: Sequence[str], columns: Sequence[Column], say: Callable[[int], str], label: str
) -> Markup:
    """Write the values of columns as a table: `first` heads their titles, `names` the values, and `say` writes one."""
    return _table((first, *names), ((column.title, *map(say, column.values)) for column in columns), label)


def traffic_table(
    first: str, columns: Sequence[Column], p50: Sequence[int | None], p95: Sequence[int | None], label: str
) -> Markup:
    """Write calls, failures and latencies of those columns as a table in which there were calls."""
    rows = (
        (column.title, *map(count, column.values), ms(median), ms(most))
        for column, median, most in zip(columns, p50, p95, strict=True)
        if column.values[0]
    )
    return _table((first, _("requests"), _("failed"), "p50", "p95"), rows, label)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], label: str) -> Markup:
    """Write a table, each text of it escaped; the first of each row is its heading."""
    first, *others = (str(escape(head)) for head in heads)
    written = "".join(
        f'<tr><th scope="row">{escape(title)}</th>'
        + "".join(f'<td class="number">{escape(value)}</td>' for value in values)
        + "</tr>"
        for title, *values in rows
    )
    named = "".join(f'<th scope="col" class="number">{other}</th>' for other in others)
    return Markup(
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(label)}"><table><thead>'
        f'<tr><th scope="col">{first}</th>{named}</tr></thead><tbody>{written}</tbody></table></div>'
    )


def _spans(texts: Sequence[str]) -> Markup:
    return Markup("").join(Markup("<span>{}</span>").format(text) for text in texts)


def _f(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")
