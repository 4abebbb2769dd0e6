"""What a plugin shows on the dashboard's Home: data, which the dashboard writes in its own look.  Never markup."""

from dataclasses import dataclass
from decimal import Decimal

Cell = str | int | float | Decimal | None


@dataclass(frozen=True, slots=True)
class Panel:
    """A table under a title.  Every text is plain; numbers are set flush right, None is a dash.

    `note` stands beside the title. Raises `ValueError` for a row that does not have as many cells as there are columns,
    and `TypeError` for what is neither text nor number.
    """

    title: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Cell, ...], ...] = ()
    note: str = ""

    def __post_init__(self) -> None:
        if not all(isinstance(text, str) for text in (self.title, self.note, *self.columns)):
            raise TypeError("title, note and columns of a panel are text")
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"a row of {len(row)} cells does not fit {len(self.columns)} columns")
            for cell in row:
                if not isinstance(cell, Cell):
                    raise TypeError(f"a cell of a panel is text, a number or None, not {type(cell).__name__}")
