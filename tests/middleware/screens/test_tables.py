"""Tables as CSV: whole, exact, and harmless in a spreadsheet."""

import csv
import io
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge import Column
from tollbridge.screens import Table, cells, tables

COLUMNS = (
    Column("name", "Name", lambda row: cells.text(row["name"])),
    Column("cost", "Cost", lambda row: cells.money(row["cost"]), number=True),
    Column("", "", lambda row: cells.actions()),
)


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), max_size=5))
def test_no_text_begins_a_formula_and_none_is_lost(names: list[str]) -> None:
    rows = [{"name": name, "cost": "-1"} for name in names]

    head, *found = read(tables.written(COLUMNS, rows))

    assert head == ["name", "cost"]
    for name, (said, cost) in zip(names, found, strict=True):
        assert said in (name, f"'{name}")
        assert not said.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
        assert cost == "-1"


async def rows(count: int) -> AsyncIterator[dict[str, Any]]:
    for number in range(count):
        yield {"name": str(number), "cost": "1"}


async def test_rows_are_written_as_they_come_up_to_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_IN_CSV", 3)

    text = "".join([part async for part in tables.stream(COLUMNS, rows(10))])
    few = "".join([part async for part in tables.stream(COLUMNS, rows(2))])

    assert text.startswith("\ufeffname,cost")
    assert len(read(text)) == 4
    assert len(read(few)) == 3


def test_table_makes_its_cells_once() -> None:
    table = Table(name="t", label="T", columns=COLUMNS, rows=[{"name": "a", "cost": None}])

    assert [[cell.text for cell in row] for row in table.cells] == [["a", "–", ""]]
