"""Settings: the configuration in force, what each option means and comes from, and what the gateway stands on."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tollbridge import Column, Need, Page
from tollbridge.browsing import gettext as _
from tollbridge.browsing import gettext_noop as N_
from tollbridge.pagemodel import Row
from tollbridge.screens import Listing, Pages, Table, cells

READ = "admin:settings:read"
SETTINGS = "/settings"
_LONGEST = 200
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def make(pages: Pages) -> Sequence[Page]:
    """Give the page."""
    pages.environment.globals["bytes_of"] = bytes_of
    return (Page("GET", SETTINGS, Settings(pages).show, Need(READ, whole=True)),)


class Settings:
    """The page about them."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    async def show(self, request: Request) -> Response:
        """Show all, or what somebody looks for; `changed` leaves out what is as it is by default."""
        found = await self._pages.asking(request).get("/settings")
        query = request.query_params
        wanted, changed = query.get("q", "").strip()[:_LONGEST], query.get("only") == "changed"
        return self._pages.render(
            request,
            "settings.html",
            nav=SETTINGS,
            found=found,
            sections=[(one, table) for one in found["sections"] if (table := _fitting(one, wanted, changed)).rows],
            wanted=wanted,
            changed=changed,
        )


def _fitting(section: Mapping[str, Any], wanted: str, changed: bool) -> Table:
    """Give the options of a section that are looked for: all where its own name or words fit."""
    part = wanted.casefold()
    whole = part in _words(section)
    rows = [one for one in section["options"] if whole or part in _words(one)]
    return _OPTIONS.table([one for one in rows if not changed or one["origin"] != "default"])


def _words(one: Row) -> str:
    """Give what is found: a name, and what it means as the file says it and as the page does."""
    return f"{one['name']}\n{one['about']}\n{_(one['about'])}".casefold()


def _value(row: Row) -> cells.Cell:
    said = written(row["value"])
    usual = "" if row["origin"] == "default" else _("by default %(value)s") % {"value": written(row["default"])}
    return cells.code(said).noted(usual)


def _origin(row: Row) -> cells.Cell:
    words = {
        "default": (_("Default"), "off"),
        "file": (_("File"), "info"),
        "environment": (_("Environment"), "info"),
        "code": (_("Code or command"), "info"),
    }
    word, tone = words.get(row["origin"], (row["origin"], "off"))
    return cells.pill(word, tone, value=row["origin"])


def written(value: object) -> str:
    """Write a value as the file would have it, as far as JSON says it the same."""
    return json.dumps(value, ensure_ascii=False)


def bytes_of(size: int | None) -> str:
    """Write a number of bytes in the largest unit that it fills."""
    if size is None:
        return _("not known")
    left, unit = float(size), 0
    while left >= 1024 and unit < len(_UNITS) - 1:
        left, unit = left / 1024, unit + 1
    return f"{left:.1f} {_UNITS[unit]}" if unit else f"{size} B"


_OPTIONS = Listing(
    name="options",
    label=N_("Options"),
    path="",
    columns=(
        Column("name", N_("Option"), lambda row: cells.text(row["name"], strong=True)),
        Column("value", N_("Value"), _value),
        Column("origin", N_("From"), _origin),
        Column("about", N_("What it means"), lambda row: cells.text(_(row["about"]) or None)),
    ),
)
