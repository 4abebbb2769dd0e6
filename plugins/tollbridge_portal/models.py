"""The models that somebody may call, as a table."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request

from tollbridge import Column
from tollbridge.browsing import gettext as _
from tollbridge.browsing import gettext_noop as N_
from tollbridge.pagemodel import Row
from tollbridge.screens import Cell, Pages, Table, cells
from tollbridge.screens.words import NOTHING

_MOST = 200


def _price(part: str) -> Column:
    titles = {"input": N_("Input"), "output": N_("Output"), "cache_read": N_("Read from cache")}

    def cell(row: Row) -> Cell:
        if row["service"]:
            return _toll(row["service"]) if part == "input" else cells.number(None)
        price = row["price"]
        return cells.text(_("unpriced")) if price is None else cells.money(price[part])

    return Column(f"{part}_usd_per_million", titles[part], cell, number=True)


def _toll(service: Mapping[str, Any]) -> Cell:
    """Write what a call of a service costs that is called as a model; its page says what else it asks."""
    price = service["price_per_call_usd"]
    said = NOTHING if price is None else _("%(price)s a call") % {"price": cells.money(price).text}
    return cells.text(said).to(f"/portal/services/{service['slug']}")


def _context(row: Row) -> Cell:
    return cells.number(row["context"])


COLUMNS: Sequence[Column] = (
    Column("model", N_("Model"), lambda row: cells.text(row["id"], strong=True)),
    _price("input"),
    _price("output"),
    _price("cache_read"),
    Column("context", N_("Context, tokens"), _context, number=True),
)


async def models_for(pages: Pages, request: Request, wanted: str) -> Table:
    """Give the models that somebody sees whose name holds what is wanted; prices are for a million tokens."""
    found = await pages.asking(request).get("/me/models", q=wanted, limit=_MOST)
    return Table(
        name="portal-models",
        label=N_("Models"),
        columns=(*COLUMNS, *pages.shell.columns("models")),
        rows=found["items"],
        empty=N_("No model is called so.") if wanted else N_("No model is served yet."),
    )
