"""Providers: those that serve, those that wait for a key, and those that could be added."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tollbridge import Column, Need, Page
from tollbridge.browsing import gettext as _
from tollbridge.browsing import gettext_noop as N_
from tollbridge.pagemodel import Hit, Row, Search
from tollbridge.screens import BRIDGE, Action, Listing, Pages, Refused, cells, sentence
from tollbridge.screens.viewing import viewer
from tollbridge.screens.words import share
from tollbridge_dashboard.provider_adding import adding_of
from tollbridge_dashboard.provider_keys import SAID, keys_of
from tollbridge_dashboard.states import state

READ, WRITE = "admin:providers:read", "admin:providers:write"
PROVIDERS = "/providers"
_STATES = (
    ("serving", N_("Serving")),
    ("waiting", N_("Waiting for a key")),
    ("known", N_("Can be added")),
)
_TRIED = {"ok": "ok", "refused": "bad", "unreachable": "bad", "unknown": "warn"}


def make(pages: Pages) -> Sequence[Page]:
    """Give the pages."""
    providers, sees, changes = Providers(pages), Need(READ), Need(WRITE, whole=True)
    pages.environment.globals["sentence"] = sentence
    return (
        Page("GET", PROVIDERS, providers.list, sees),
        *adding_of(pages),
        Page("GET", f"{PROVIDERS}/{{provider}}", providers.show, sees),
        Page("POST", f"{PROVIDERS}/{{provider}}/try", providers.attempt, changes),
        *keys_of(pages),
    )


def search(pages: Pages) -> Search:
    """Look for providers."""

    async def find(request: Request, wanted: str) -> Sequence[Hit]:
        try:
            found = await pages.asking(request).get("/providers", q=wanted, limit=5)
        except Refused:
            return ()
        return [Hit(one["title"], f"{PROVIDERS}/{one['name']}", _("Provider")) for one in found["items"]]

    return find


class Providers:
    """The pages about providers."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._list = Listing(
            name="providers",
            label=N_("Providers"),
            path="/providers",
            columns=(
                Column("name", N_("Provider"), _name),
                Column("state", N_("Status"), lambda row: provider_state(row["state"])),
                Column("key", N_("Key"), _key),
                Column("models", N_("Models"), _models, number=True),
                Column("calls_1h", N_("Calls, last hour"), _calls, number=True),
                Column("failed_24h", N_("Failed, last day"), _failed, number=True),
                Column("latency_p50_ms", N_("Median"), _median, number=True, wide=True),
            ),
            filters=("q", "state"),
            scope=READ,
            empty=N_("No provider is called so and is in that state. Another one can be added."),
            unfiltered_empty=N_("There is no provider."),
        )

    async def list(self, request: Request) -> Response:
        """List them: those that serve, unless others are asked for, as there are many that could be added."""
        if not request.url.query:
            return self._pages.back(request, PROVIDERS, state="serving")
        new = {"new_path": f"{PROVIDERS}/new", "new_label": N_("Add a provider")}
        return await self._list.page(
            self._pages,
            request,
            "providers.html",
            nav=PROVIDERS,
            heading=N_("Providers"),
            about=N_("Who answers calls of models, with whose key, and how that fares."),
            segments=[("state", [(value, _(label)) for value, label in _STATES], N_("Status"))],
            **(new if viewer(request).reaches(WRITE, BRIDGE) else {}),
        )

    async def show(self, request: Request) -> Response:
        """Show one."""
        return await self._page(request)

    async def attempt(self, request: Request) -> Response:
        """Ask it for its models with the key that it has, and show what came of it."""
        name = request.path_params["provider"]
        try:
            tried = await self._pages.asking(request).post("/providers/try", {"provider": name})
        except Refused as exc:
            if exc.status in (403, 404):
                raise
            tried = {"result": "unknown", "status": exc.status, "detail": exc.message, "models": (), "took_ms": None}
        return await self._page(request, tried)

    async def _page(self, request: Request, tried: Mapping[str, Any] | None = None) -> Response:
        asking, name = self._pages.asking(request), request.path_params["provider"]
        provider = await asking.get(f"/providers/{name}")
        changes = viewer(request).reaches(WRITE, BRIDGE)
        keys = await asking.get("/provider-credentials", provider=name, limit=200)
        return self._pages.render(
            request,
            "provider.html",
            nav=PROVIDERS,
            one=provider,
            state=provider_state(provider["state"]),
            services=_SERVICES.table(provider["health"]["day"]["services"]) if provider["health"] else None,
            keys=keys["items"],
            versions={key["name"]: self._versions(key, may=changes).table(key["versions"]) for key in keys["items"]},
            changes=changes,
            tried=tried,
            tried_pill=cells.pill(tried_word(tried["result"]), _TRIED[tried["result"]]) if tried else None,
            said=self._pages.told(request, SAID),
        )

    def _versions(self, key: Row, *, may: bool) -> Listing:
        now, path = self._pages.gateway.clock.now, f"{PROVIDERS}/{key['provider']}/keys/{key['name']}"

        def acts(row: Row) -> cells.Cell:
            about = _("version %(number)s") % {"number": row["version"]}
            return cells.actions(Action(_("Remove"), f"{path}/{row['version']}/remove", about))

        columns = [
            Column("version", N_("Version"), lambda row: cells.text(row["version"], strong=True)),
            Column("hint", N_("Ends with"), lambda row: cells.code(row["hint"])),
            Column("state", N_("Status"), lambda row: state("active" if row["state"] == "live" else "ended")),
            Column("created_at", N_("Since"), lambda row: cells.time(row["created_at"], now())),
            Column(
                "last_used_at", N_("Last used"), lambda row: cells.time(row["last_used_at"], now(), empty=_("never"))
            ),
            Column("expires_at", N_("Ends"), lambda row: cells.time(row["expires_at"], now(), empty=_("never"))),
        ]
        return Listing(
            name="key_versions",
            label=N_("Versions of the key"),
            path="",
            columns=[*columns, Column("", "", acts)] if may else columns,
        )


def provider_state(name: str) -> cells.Cell:
    """Write how a provider stands."""
    tones = {"serving": "ok", "waiting": "warn"}
    words = {"serving": _("Serving"), "waiting": _("Waiting for a key"), "known": _("Can be added")}
    return cells.pill(words.get(name, name), tones.get(name, "off"), value=name)


def tried_word(result: str) -> str:
    """Say what came of a try."""
    words = {"ok": _("It answers"), "refused": _("The key is refused"), "unreachable": _("Not reached")}
    return words.get(result, _("Not certain"))


def _name(row: Row) -> cells.Cell:
    return cells.text(row["title"], strong=True, note=row["name"]).to(f"{PROVIDERS}/{row['name']}")


def _key(row: Row) -> cells.Cell:
    """Say where the key is read, and whether it is there; not to whoever has a team."""
    key = row["key"]
    if key is None or key["reference"] is None:
        return cells.text(None if key is None else _("none is needed"))
    said = _("set") if key["is_set"] else _("not set")
    return cells.code(key["reference"]).noted(said)


def _models(row: Row) -> cells.Cell:
    return cells.number(None if row["models"] is None else row["models"]["listed"])


def _calls(row: Row) -> cells.Cell:
    return cells.number(row["health"]["hour"]["calls"] if row["health"] else None)


def _failed(row: Row) -> cells.Cell:
    if not row["health"] or not row["health"]["day"]["calls"]:
        return cells.number(None)
    return _share_of(row["health"]["day"])


def _share_of(health: Row) -> cells.Cell:
    part = Decimal(health["failed"]) / health["calls"] if health["calls"] else Decimal(0)
    return cells.number(round(part, 6), shown=share(health["failed"], health["calls"]))


def _median(row: Row) -> cells.Cell:
    return cells.milliseconds(row["health"]["day"]["latency_p50_ms"] if row["health"] else None)


_SERVICES = Listing(
    name="health",
    label=N_("How calls fared in the last day"),
    path="",
    columns=(
        Column("service", N_("Calls of"), lambda row: cells.text(row["service"], strong=True)),
        Column("calls", N_("Calls"), lambda row: cells.number(row["calls"]), number=True),
        Column("failed", N_("Failed"), _share_of, number=True),
        Column("latency_p50_ms", N_("Median"), lambda row: cells.milliseconds(row["latency_p50_ms"]), number=True),
    ),
    empty=N_("Nobody called it in the last day."),
)
