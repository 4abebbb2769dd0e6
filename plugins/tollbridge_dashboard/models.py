"""Models: every one that has a name here, where it leads, and what it costs."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from tollbridge import Column, Need, Page
from tollbridge.browsing import gettext as _
from tollbridge.browsing import gettext_noop as N_
from tollbridge.pagemodel import Hit, Row, Search
from tollbridge.screens import Listing, Pages, Refused, cells
from tollbridge_dashboard.states import state

READ = "admin:models:read"
MODELS = "/models"
_ORIGINS = {
    "configuration": N_("the configuration"),
    "provider": N_("the provider's own table"),
    "plugin": N_("a plugin"),
    "genai-prices": N_("genai-prices"),
}
_PRICES = (
    ("input", N_("Input, a million tokens")),
    ("output", N_("Output, a million tokens")),
    ("cache_read", N_("Read from a cache, a million tokens")),
    ("cache_write", N_("Written to a cache, a million tokens")),
    ("cache_write_1h", N_("Written to a cache for an hour, a million tokens")),
    ("audio_input", N_("Audio in, a million tokens")),
    ("image_input", N_("Images in, a million tokens")),
    ("audio_output", N_("Audio out, a million tokens")),
    ("request", N_("Each call")),
    ("server_tool_call", N_("Each call of a provider's tool")),
)


def make(pages: Pages) -> Sequence[Page]:
    """Give the pages."""
    models, need = Models(pages), Need(READ)
    return (Page("GET", MODELS, models.list, need), Page("GET", "/model", models.show, need))


def search(pages: Pages) -> Search:
    """Look for models."""

    async def find(request: Request, wanted: str) -> Sequence[Hit]:
        try:
            found = await pages.asking(request).get("/models", q=wanted, limit=5)
        except Refused:
            return ()
        return [Hit(one["id"], path_of(one["id"]), _("Model")) for one in found["items"]]

    return find


def path_of(model: str) -> str:
    """Give where a model's page is: its name may hold signs that a path cannot."""
    return f"/model?{urlencode({'id': model})}"


class Models:
    """The pages about models."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._list = Listing(
            name="models",
            label=N_("Models"),
            path="/models",
            columns=(
                Column("id", N_("Model"), _name),
                Column("state", N_("Status"), lambda row: state(row["state"])),
                Column("targets", N_("Leads to"), _targets),
                Column("context", N_("Context"), lambda row: cells.number(row["context"]), number=True, wide=True),
                Column("input_usd", N_("Input"), lambda row: _price(row, "input"), number=True),
                Column("output_usd", N_("Output"), lambda row: _price(row, "output"), number=True),
            ),
            filters=("q", "provider"),
            scope=READ,
            empty=N_("No model is called so, or leads there."),
            unfiltered_empty=N_("No model has a name here yet. Add a provider, or name one in the configuration."),
        )

    async def list(self, request: Request) -> Response:
        """List them."""
        return await self._list.page(
            self._pages,
            request,
            "models.html",
            nav=MODELS,
            heading=N_("Models"),
            about=N_("What callers may name. Prices are in US dollars for a million tokens."),
        )

    async def show(self, request: Request) -> Response:
        """Show one: where it leads, what it costs, and what it can be asked for."""
        model = await self._pages.asking(request).get("/model", id=request.query_params.get("id", ""))
        targets = _TARGETS.table(model["targets"])
        return self._pages.render(
            request,
            "model.html",
            nav=MODELS,
            one=model,
            state=state(model["state"]),
            targets=targets,
            prices=_prices(model["price"]) if model["price"] else (),
            origin=_(_ORIGINS.get(model["price"]["origin"], model["price"]["origin"])) if model["price"] else "",
            speaks=_SPEAKS.table(model["speaks"]),
        )


def _name(row: Row) -> cells.Cell:
    service = row["service"]
    note = _("the service %(name)s") % {"name": service["name"]} if service else ""
    return cells.text(row["id"], strong=True, note=note).to(path_of(row["id"]))


def _targets(row: Row) -> cells.Cell:
    """Write the first target, and how many there are to fall back to."""
    if row["service"]:
        return cells.text(row["service"]["slug"]).to(f"/services/{row['service']['slug']}")
    names = [f"{one['provider']}/{one['model']}" for one in row["targets"]]
    shown = cells.text(names[0] if names else None)
    behind = _("then %(others)s") % {"others": ", ".join(names[1:])} if names[1:] else ""
    return shown.noted(behind)


def _price(row: Row, name: str) -> cells.Cell:
    if row["service"]:
        return cells.text(_("its own"))
    if row["price"] is None:
        return cells.pill(_("No price"), "warn", value="")
    return cells.money(row["price"][name])


def _prices(price: Mapping[str, Any]) -> Sequence[tuple[str, cells.Cell]]:
    """Give the prices; those that are as of any other input or output only once."""
    known, shown = {"0", price["input"], price["output"]}, []
    for name, label in _PRICES:
        if name in ("input", "output") or price[name] not in known:
            shown.append((label, cells.money(price[name])))
    return shown


def _provider(row: Row) -> cells.Cell:
    return cells.text(row["provider"], strong=True).to(f"/providers/{row['provider']}")


def _ready(row: Row) -> cells.Cell:
    return cells.pill(_("Ready"), "ok") if row["ready"] else cells.pill(_("Not set up"), "off")


def _way(row: Row) -> cells.Cell:
    return cells.text(_("translated") if row["translated"] else _("as it is"))


_TARGETS = Listing(
    name="targets",
    label=N_("Targets"),
    path="",
    columns=(
        Column("provider", N_("Provider"), _provider),
        Column("model", N_("The provider's name for it"), lambda row: cells.code(row["model"])),
        Column("ready", N_("Status"), _ready),
        Column("input_usd", N_("Input"), lambda row: _price({**row, "service": None}, "input"), number=True),
        Column("output_usd", N_("Output"), lambda row: _price({**row, "service": None}, "output"), number=True),
    ),
    empty=N_("It leads to no provider."),
)
_SPEAKS = Listing(
    name="speaks",
    label=N_("What it can be asked for"),
    path="",
    columns=(
        Column("operation", N_("Operation"), lambda row: cells.text(row["operation"], strong=True)),
        Column("dialect", N_("Dialect"), lambda row: cells.text(row["dialect"])),
        Column("path", N_("Where"), lambda row: cells.code(row["path"])),
        Column("scope", N_("Needs"), lambda row: cells.tags([row["scope"]])),
        Column("translated", N_("How"), _way, wide=True),
    ),
    empty=N_("Nothing, for no target of it serves now."),
)
