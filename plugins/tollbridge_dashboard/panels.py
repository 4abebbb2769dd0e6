"""Panels of other plugins on Home.  One that fails or takes too long costs nothing but its own place."""

import asyncio
import inspect
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog

from tollbridge import Gateway, Panel
from tollbridge.screens.words import cell, cut, is_number

MOST_ROWS = 50
"""Rows shown of a panel."""

log = structlog.get_logger("tollbridge")


@dataclass(frozen=True, slots=True)
class Shown:
    """A panel as it is written; a cell is its text and whether it is a number.  `failed`: there is only a title."""

    title: str
    note: str = ""
    columns: tuple[tuple[str, bool], ...] = ()
    rows: tuple[tuple[tuple[str, bool], ...], ...] = ()
    left_out: int = 0
    failed: bool = False


async def collect_panels(gateway: Gateway) -> list[Shown]:
    """Ask every plugin for its panel, all at once, each for `[plugins] timeout_s` at most."""
    return await asyncio.gather(*(_ask(gateway, *item) for item in gateway.registry.panels.items()))


async def _ask(gateway: Gateway, name: str, render: Callable[..., Any]) -> Shown:
    try:
        async with asyncio.timeout(gateway.config.plugins.timeout_s):
            found = render(gateway)
            if inspect.isawaitable(found):
                found = await found
        if not isinstance(found, Panel):
            raise TypeError(f"it gave {type(found).__name__}, no Panel")
        return _written(found)
    except Exception as exc:
        last = traceback.extract_tb(exc.__traceback__)[-1]  # no more: a whole traceback may show values of variables
        where = f"{last.filename}:{last.lineno} {last.name}"
        log.error("panel_failed", panel=name, reason=f"{type(exc).__name__}: {exc}", where=where)
        return Shown(cut(name), failed=True)


def _written(panel: Panel) -> Shown:
    rows = tuple(tuple((cell(value), is_number(value)) for value in row) for row in panel.rows[:MOST_ROWS])
    flush = [all(number for _, number in column) for column in zip(*rows, strict=True)] or [False] * len(panel.columns)
    columns = tuple((cut(name), number) for name, number in zip(panel.columns, flush, strict=True))
    return Shown(cut(panel.title), cut(panel.note), columns, rows, max(0, len(panel.rows) - MOST_ROWS))
