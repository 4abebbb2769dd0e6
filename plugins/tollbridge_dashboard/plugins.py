"""Plugins: what is installed, what each brought along, and whether its policies fail."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from tollbridge import Column, Need, Page
from tollbridge.browsing import gettext as _
from tollbridge.browsing import gettext_noop as N_
from tollbridge.pagemodel import Row
from tollbridge.screens import Listing, Pages, cells

READ = "admin:plugins:read"
PLUGINS = "/plugins"
KINDS = {
    "dialects": N_("dialects"),
    "providers": N_("providers"),
    "auth_schemes": N_("auth schemes"),
    "policies": N_("policies"),
    "layers": N_("layers"),
    "stores": N_("stores"),
    "limiters": N_("limiters"),
    "price_sources": N_("price sources"),
    "identity_sources": N_("identity sources"),
    "key_sources": N_("key sources"),
    "secret_sinks": N_("secret sinks"),
    "jobs": N_("jobs"),
    "events": N_("events"),
    "mailers": N_("mailers"),
    "key_rotators": N_("key rotators"),
    "apps": N_("apps"),
    "paths": N_("paths"),
    "well_known": N_("well-known documents"),
    "service_kinds": N_("kinds of services"),
    "observers": N_("observers"),
    "commands": N_("commands"),
    "screens": N_("screens"),
    "menu": N_("menu"),
    "columns": N_("columns"),
    "panels": N_("panels"),
}
"""What a plugin may register, as the registry names it."""


def make(pages: Pages) -> Sequence[Page]:
    """Give the page."""
    return (Page("GET", PLUGINS, Plugins(pages).show, Need(READ, whole=True)),)


class Plugins:
    """The page about them."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._list = Listing(
            name="plugins",
            label=N_("Plugins"),
            path="/plugins",
            columns=(
                Column("name", N_("Plugin"), _name),
                Column("state", N_("Status"), _state),
                Column("version", N_("From"), _origin),
                Column("registered", N_("Brought along"), _registered),
                Column("hooks", N_("Hooks"), lambda row: cells.tags(row["hooks"]), wide=True),
                Column("failures", N_("Failures"), lambda row: cells.number(row["failures"]), number=True),
            ),
            empty=N_("No plugin is called so."),
        )

    async def show(self, request: Request) -> Response:
        """List them, those alone in whose name or what they brought stands what is looked for."""
        found = await self._pages.asking(request).get("/plugins")
        wanted = request.query_params.get("q", "").strip()[:200]
        items = [one for one in found["items"] if wanted.casefold() in _words(one).casefold()]
        return self._pages.render(
            request,
            "plugins.html",
            nav=PLUGINS,
            table=self._list.table(items),
            wanted=wanted,
            found=found,
            off=sum(not one["enabled"] for one in found["items"]),
        )


def _words(row: Row) -> str:
    return " ".join(
        [row["name"], row["distribution"] or "", *(name for one in row["registered"].values() for name in one)]
    )


def _name(row: Row) -> cells.Cell:
    return cells.text(row["name"], strong=True, note=row["module"])


def _state(row: Row) -> cells.Cell:
    if row["enabled"]:
        return cells.pill(_("On"), "ok", value="on")
    word = _("Disabled") if row["off"] == "disabled" else _("Not allowed")
    return cells.pill(word, "off", value=row["off"] or "off")


def _origin(row: Row) -> cells.Cell:
    if row["origin"] == "code":
        return cells.text(_("given in code"))
    return cells.text(row["distribution"]).noted(row["version"] or "")


def _kind(name: str) -> str:
    return _(KINDS[name]) if name in KINDS else name.replace("_", " ")


def _registered(row: Row) -> cells.Cell:
    """Write what it brought, kind by kind."""
    parts = [f"{_kind(kind)}: {', '.join(names)}" for kind, names in row["registered"].items() if names]
    used = _("In use: %(names)s") % {"names": ", ".join(row["in_use"])} if row["in_use"] else ""
    return cells.text("; ".join(parts) or None).noted(used)
