"""How commands show things: tables for people, JSON for programs."""

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="The configuration; else TOLLBRIDGE_CONFIG, else ./tollbridge.toml."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


_WIDE = 10_000
"""Columns of what is no terminal: nothing is broken into lines there."""


def print_json(value: object) -> None:
    """Print one JSON document."""
    sys.stdout.write(json.dumps(value, indent=2, default=_plain) + "\n")


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], *, empty: str) -> None:
    """Print a table, or one sentence where there are no rows."""
    if not rows:
        print(empty)
        return
    from rich.console import Console  # only for people, and only when there is something to show
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    width = None if sys.stdout.isatty() else _WIDE
    Console(width=width).print(table)


def print_fields(fields: Mapping[str, Any]) -> None:
    """Print names and values, one a line."""
    width = max(map(len, fields), default=0)
    for name, value in fields.items():
        print(f"{name.ljust(width)}  {filled(value)}")


def filled(value: object) -> str:
    """Show a value, `-` for none."""
    return "-" if value in (None, "") else str(value)


def when(moment: datetime | None) -> str:
    """Show a time in UTC to the minute, `-` for none."""
    return "-" if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC"
