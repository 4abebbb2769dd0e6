"""How commands show things: tables for people, JSON for programs."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from tollbridge.clock import iso

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="The configuration; else TOLLBRIDGE_CONFIG, else ./tollbridge.toml."),
]


def _only_here(config: Path | None) -> Path | None:
    """Refuse to work on this machine for somebody who means a gateway elsewhere; raises a usage error."""
    if config is None and os.environ.get("TOLLBRIDGE_URL"):
        raise typer.BadParameter(
            "this command works on the gateway's own machine alone, and TOLLBRIDGE_URL names a gateway elsewhere; run "
            "it there, or unset TOLLBRIDGE_URL"
        )
    return config


HereOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        callback=_only_here,
        help="The configuration; else TOLLBRIDGE_CONFIG, else ./tollbridge.toml.",
    ),
]
"""`ConfigOption` for what works on files of this machine and has no `--url`."""
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
PREFIX = "/_tollbridge"
"""Where a gateway has its own pages unless it says otherwise."""
UrlOption = Annotated[
    str,
    typer.Option(
        "--url",
        envvar="TOLLBRIDGE_URL",
        help=f"A gateway elsewhere, such as https://gw.example.com; with a path, that is its prefix, else {PREFIX}.",
    ),
]
TokenOption = Annotated[
    str,
    typer.Option(
        "--token",
        envvar="TOLLBRIDGE_TOKEN",
        help="The token for it: @FILE, or - for standard input. Written out, it is seen by others on this machine.",
    ),
]


def check_one_place(config: Path | None, url: str, token: str) -> None:
    """Refuse two gateways at once, and a token for none; raises a usage error.

    Whoever brings a token means to do what that may do: without a URL it would be the operator, who may do everything.
    """
    if url and config is not None:
        raise typer.BadParameter("--config is a gateway on this machine and --url one elsewhere; name one")
    if token and not url:
        raise typer.BadParameter(
            "a token is for a gateway elsewhere: name that with --url or TOLLBRIDGE_URL; on this machine commands run "
            "as the operator, with all rights and no token: leave --token out, and unset TOLLBRIDGE_TOKEN",
            param_hint="--token",
        )


_WIDE = 10_000
"""Columns of what is no terminal: nothing is broken into lines there."""


def print_json(value: object) -> None:
    """Print one JSON document; times as the admin API writes them."""
    sys.stdout.write(json.dumps(value, indent=2, default=_plain) + "\n")


def _plain(value: object) -> object:
    return iso(value) if isinstance(value, datetime) else str(value)


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
        table.add_row(*(Text(harmless(cell)) for cell in row))
    width = None if sys.stdout.isatty() else _WIDE
    Console(width=width).print(table)


def labelled(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Give fields of the API for people: words with spaces between, times to the minute, lists on one line."""
    return {_label(name): _shown(name, value) for name, value in fields.items()}


def _label(name: str) -> str:
    return name.removesuffix("_at").replace("_", " ")


def _shown(name: str, value: Any) -> Any:
    if name.endswith("_at"):
        return when(value)
    return " ".join(value) if isinstance(value, list | tuple) else value


def print_fields(fields: Mapping[str, Any]) -> None:
    """Print names and values, one a line."""
    width = max(map(len, fields), default=0)
    for name, value in fields.items():
        print(f"{name.ljust(width)}  {harmless(filled(value))}")


def harmless(text: str) -> str:
    """Give a line of somebody else's words without what a terminal would obey."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def filled(value: object) -> str:
    """Show a value: `-` for none, `yes` or `no` for what is or is not so."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "-" if value in (None, "") else str(value)


def when(moment: datetime | str | None) -> str:
    """Show a time, or what ISO text says of one, in UTC to the minute, `-` for none."""
    if moment is None:
        return "-"
    at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
