"""Charts: shapes, axes and what is read of them."""

import re

import pytest

from tollbridge.screens import charts
from tollbridge.screens.charts import Column, nice_step, stacked, stacked_table, traffic_table
from tollbridge.stores.base import BudgetUse


def test_axis_steps_are_whole() -> None:
    for most in (0, 0.0003, 0.7, 1, 3, 9, 31, 99, 1_000, 123_456_789):
        step = nice_step(most)
        assert step * 4 >= most
        assert f"{step:.0e}"[0] in "125" or f"{step:.1e}".startswith("2.5")
    assert nice_step(1, whole=True) == 1


@pytest.mark.parametrize(
    ("nano", "labels"),
    [
        (136_000, ["$0", "$0.00005", "$0.0001", "$0.00015", "$0.0002"]),
        (3_500_000_000_000, ["$0", "$1,000", "$2,000", "$3,000", "$4,000"]),
        (1_900_000_000, ["$0", "$0.5", "$1", "$1.5", "$2"]),
    ],
)
def test_dollars_on_an_axis_are_plain_decimals(nano, labels) -> None:
    drawn = stacked([Column("04:00", "04", (nano,))], ["orders"], "Cost")

    found = re.findall(r"<span[^>]*>(\$[^<]*)</span>", drawn.partition('class="x"')[0])
    assert sorted(found) == sorted(labels)


def shapes(drawn: str, name: str) -> list[str]:
    return re.findall(rf"<{name} [^>]*>", drawn)


def test_spark_closes_gaps_and_draws_nothing_of_nothing() -> None:
    assert charts.spark([]) == charts.spark([1]) == charts.spark([0, None, 0]) == ""
    assert 'points="0,33 60,33 120,3"' in charts.spark([1, None, 2])
    assert 'points="0,3 60,33 120,33"' in charts.spark([5, None, None]) or charts.spark([None, 5, 6])


def test_meter_is_full_at_most_and_has_the_colour_of_its_level() -> None:
    assert 'class="meter fine"' in charts.meter(BudgetUse(100, "month", 10))
    assert 'class="meter warn"' in charts.meter(BudgetUse(100, "month", 95))
    assert 'class="meter bad"' in charts.meter(BudgetUse(100, "month", 300))
    assert 'width="100"' in charts.meter(BudgetUse(100, "month", 300))
    assert 'width="50"' in charts.part(0.5)


def test_portions_fill_the_bar() -> None:
    assert shapes(charts.portions((1, 3)), "rect")[1] == '<rect class="p1" x="30" width="90" height="6"/>'
    assert 'width="0"' in charts.portions((0, 0))


def test_lines_break_where_nobody_called_and_a_lone_step_is_a_dash() -> None:
    columns = [Column(f"{i}:00", str(i), (10 if i else 0, 1 if i == 2 else 0)) for i in range(6)]
    p95 = [None, 100, None, 200, 300, None]

    drawn = charts.traffic(columns, [None] * 6, p95, "Calls")

    lines = [line for line in shapes(drawn, "polyline") if 'class="p95"' in line]
    assert len(lines) == 2
    assert lines[0].count(",") == 2
    assert "Calls" in drawn
    assert "failed\t1 (10.0 %)" in drawn
    assert "two-axes" in drawn


def test_stacked_bars_say_what_they_sum_to() -> None:
    drawn = stacked([Column("Mon", "Mon", (10**9, 0, 2 * 10**9))], ["a", "b", "<c>"], "Cost")

    assert "total\t$3.00" in drawn
    assert "&lt;c&gt;" in drawn
    assert "<c>" not in drawn
    assert len([rect for rect in shapes(drawn, "rect") if 'class="s' in rect]) == 2


def test_slow_axis_is_in_seconds() -> None:
    columns = [Column("0", "0", (1, 0))]

    assert "2 s" in charts.traffic(columns, [900], [1900], "L")
    assert "100 ms" in charts.traffic(columns, [50], [90], "L")


def test_counts_are_stacked_as_whole_numbers() -> None:
    drawn = stacked([Column("Mon", "Mon", (1500, 500))], ["a", "b"], "Calls", counts=True)

    assert "total\t2,000" in drawn
    assert "<span>2k</span>" in drawn
    assert "$" not in drawn


def test_phases_stand_one_behind_the_other() -> None:
    drawn = charts.phases([1, 3])

    assert shapes(drawn, "rect") == [
        '<rect class="s0" x="0" width="30" height="6"/>',
        '<rect class="s1" x="30" width="90" height="6"/>',
    ]
    assert 'width="0"' in charts.phases([0])


def test_tables_of_charts_say_each_value_and_every_text_is_text() -> None:
    columns = [Column("<b>Monday</b>", "", (1, 0)), Column("Tuesday", "", (0, 0)), Column("Wednesday", "", (3, 2))]

    stacked = stacked_table("From & on", ["<i>a", "b"], columns, lambda value: f"<{value}>", 'Cost "by" model')
    traffic = traffic_table("From", columns, [5, None, 7], [8, None, None], "Requests")

    assert 'aria-label="Cost &#34;by&#34; model"' in stacked
    assert '<th scope="col">From &amp; on</th><th scope="col" class="number">&lt;i&gt;a</th>' in stacked
    assert '<th scope="row">&lt;b&gt;Monday&lt;/b&gt;</th><td class="number">&lt;1&gt;</td>' in stacked
    assert stacked.count("<tr>") == 4
    assert traffic.count("<tr>") == 3
    cells = '<td class="number">3</td><td class="number">2</td><td class="number">7 ms</td><td class="number">–</td>'
    assert f'<th scope="row">Wednesday</th>{cells}</tr>' in traffic
    assert "<b>" not in stacked + traffic
