"""Tables: columns over rows, as a page and as CSV."""

import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field

from tollbridge.pagemodel import Column, Row
from tollbridge.screens.cells import Cell

MOST_IN_CSV = 50_000
"""Rows of a CSV file at most."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_BOM = "\ufeff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows to be written.  `name` is what hooks call it; `empty` is said where there are none.

    `newest` and `older` are the queries of the pages before and after, None where there are none. `label` names it for
    whoever cannot see it.
    """

    name: str
    label: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    empty: str = ""
    newest: str | None = None
    older: str | None = None
    csv: str = ""
    cells: Sequence[Sequence[Cell]] = field(init=False)

    def __post_init__(self) -> None:
        made = [[column.cell(row) for column in self.columns] for row in self.rows]
        object.__setattr__(self, "cells", made)


def written(columns: Sequence[Column], rows: Iterable[Row], *, head: bool = True) -> str:
    """Write rows as CSV (RFC 4180), without the columns of what can be done.

    A text that a spreadsheet would take for a formula begins with an apostrophe (OWASP, CSV injection).
    """
    out = io.StringIO()
    writer = csv.writer(out)
    kept = [column for column in columns if column.name]
    if head:
        writer.writerow([column.name for column in kept])
    for row in rows:
        writer.writerow([_plain(column.cell(row)) for column in kept])
    return out.getvalue()


async def stream(columns: Sequence[Column], rows: AsyncIterator[Row]) -> AsyncIterator[str]:
    """Write rows as they come, `MOST_IN_CSV` at most; begins with the mark by which spreadsheets know UTF-8."""
    yield _BOM + written(columns, ())
    left = MOST_IN_CSV
    async for row in rows:
        yield written(columns, (row,), head=False)
        left -= 1
        if not left:
            return


def _plain(cell: Cell) -> str:
    if cell.kind == "number":
        return cell.value
    return f"'{cell.value}" if cell.value.startswith(_FORMULA) else cell.value
