"""Clients: service accounts, and applications that people let act for them (OAuth)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tollbridge import Column, Need, Page
from tollbridge.browsing import field_of, read_form, read_query
from tollbridge.browsing import gettext as _
from tollbridge.browsing import gettext_noop as N_
from tollbridge.pagemodel import Hit, Row, Search
from tollbridge.screens import Field, Form, Listing, Pages, Refused, cells, new_key
from tollbridge.screens.viewing import viewer
from tollbridge_dashboard.client_deeds import DEEDS
from tollbridge_dashboard.client_form import GRANTS, KEPT, KEYS_URL, TEAM, WAY, WAYS, kind_of, patch_of
from tollbridge_dashboard.client_keys import SAID, keys_of, listing_of
from tollbridge_dashboard.deeds import Revealed, asked_first, shown_once
from tollbridge_dashboard.standing import lend
from tollbridge_dashboard.states import state

READ, WRITE = "admin:clients:read", "admin:clients:write"
CLIENTS = "/clients"
_ONE = f"{CLIENTS}/{{id}}"
_SAID = {
    "changed": N_("The change holds from now on."),
    "disabled": N_("Nothing of the client crosses any more."),
    "enabled": N_("The client crosses again."),
    "revoked": N_("The client and all that people let it do have ended."),
    "made": N_("The client is there."),
}
_HOURS = Field(
    name="hours",
    label=N_("Hours that the old secret still opens"),
    kind="number",
    begin="24",
    api="overlap_s",
    hint=N_("0 ends it at once."),
)
_HOUR_S = 3600


def make(pages: Pages) -> Sequence[Page]:
    """Give the pages."""
    clients, sees, sure = Clients(pages), Need(READ), Need(WRITE, proved=True)
    lend(pages)
    return (
        Page("GET", CLIENTS, clients.list, sees),
        Page("GET", f"{CLIENTS}/new", clients.new, sure),
        Page("POST", f"{CLIENTS}/new", clients.create, sure),
        Page("GET", _ONE, clients.show, sees),
        Page("GET", f"{_ONE}/edit", clients.edit, sure),
        Page("POST", f"{_ONE}/edit", clients.change, sure),
        Page("GET", f"{_ONE}/rotate", clients.ask_rotate, sure),
        Page("POST", f"{_ONE}/rotate", clients.rotate, sure),
        *(page for deed in DEEDS for page in asked_first(pages, deed, sure)),
        *keys_of(pages),
    )


def search(pages: Pages) -> Search:
    """Look for clients."""

    async def find(request: Request, wanted: str) -> Sequence[Hit]:
        try:
            found = await pages.asking(request).get("/clients", q=wanted, limit=5)
        except Refused:
            return ()
        return [Hit(one["name"], f"{CLIENTS}/{one['id']}", _("Client")) for one in found["items"]]

    return find


class Clients:
    """The pages about clients."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        now = pages.gateway.clock.now
        self._list = Listing(
            name="clients",
            label=N_("Clients"),
            path="/clients",
            columns=(
                Column("name", N_("Name"), _name),
                Column("state", N_("Status"), lambda row: state(row["state"])),
                Column("grants", N_("Kind"), lambda row: cells.text(kind_of(row))),
                Column("scopes", N_("May do at most"), lambda row: cells.tags(row["scopes"])),
                Column("team", N_("Team"), lambda row: cells.text(row["team"] or None), wide=True),
                Column(
                    "last_used_at",
                    N_("Last used"),
                    lambda row: cells.time(row["last_used_at"], now(), empty=_("never")),
                ),
            ),
            filters=("q",),
            scope=READ,
            empty=N_("No client is called so."),
            unfiltered_empty=N_("There is no client yet: no service account, and no application for people."),
        )

    async def list(self, request: Request) -> Response:
        """List them."""
        new = {"new_path": f"{CLIENTS}/new", "new_label": N_("New client")}
        return await self._list.page(
            self._pages,
            request,
            "list_page.html",
            nav=CLIENTS,
            heading=N_("Clients"),
            about=N_("Programs with credentials of their own, and applications that people let act for them."),
            said=self._pages.told(request, _SAID),
            **(new if viewer(request).teams(WRITE) else {}),
        )

    async def show(self, request: Request) -> Response:
        """Show one."""
        asking = self._pages.asking(request)
        client = await asking.get(_of(request))
        keys = await asking.get(f"{_of(request)}/credentials")
        changes = viewer(request).reaches(WRITE, client["team"]) and client["state"] in ("active", "disabled")
        grants = dict(GRANTS)
        return self._pages.render(
            request,
            "client.html",
            nav=CLIENTS,
            one=client,
            state=state(client["state"]),
            kind=kind_of(client),
            grants=[_(grants.get(name, name)) for name in client["grants"]],
            way=_(dict(WAYS).get(client["auth_method"], client["auth_method"])),
            changes=changes,
            keys=listing_of(client["id"], self._pages.gateway.clock.now, may=changes).table(keys["items"]),
            secret_kept=client["auth_method"].startswith("client_secret"),
            said=self._pages.told(request, _SAID | SAID),
        )

    async def new(self, request: Request) -> Response:
        """Show the form, filled in from the query."""
        given = read_query(request)
        return self._new(request, Form.read(self._new_fields(request), given, posted=False))

    async def create(self, request: Request) -> Response:
        """Make one, and show its secret this once; or show the form with what is wrong."""
        typed = await read_form(request)
        form = Form.read(self._new_fields(request), typed, posted=True)
        wish = {name: said for name, said in patch_of(form).items() if said not in (None, [], "")}
        wish |= form.body("auth_method", "keys_url", "team")

        async def make_it() -> Revealed:
            return _revealed(await self._pages.asking(request).post("/clients", wish))

        up = (CLIENTS, _("Clients"))
        try:
            return await shown_once(self._pages, request, field_of(typed, "sent"), make_it, nav=CLIENTS, up=up)
        except Refused as exc:
            form.refuse(exc)
            return self._new(request, form)

    async def edit(self, request: Request) -> Response:
        """Show the form with what holds now."""
        reply = await self._pages.asking(request).send("GET", _of(request))
        client = reply.value
        given = {
            "name": [client["name"]],
            "scopes": [" ".join(client["scopes"])],
            "grants": client["grants"],
            "redirect_uris": ["\n".join(client["redirect_uris"])],
            "budget": [client["budget"]["usd"] if client["budget"] else ""],
            "period": [client["budget"]["period"] if client["budget"] else "month"],
            "requests_per_minute": [
                "" if client["requests_per_minute"] is None else str(client["requests_per_minute"])
            ],
            "trusted": ["yes"] if client["trusted"] else [],
        }
        return self._edit(request, Form.read(KEPT, given, posted=True), client, reply.tag)

    async def change(self, request: Request) -> Response:
        """Change one, if it is still as it was read."""
        typed, asking = await read_form(request), self._pages.asking(request)
        form, tag = Form.read(KEPT, typed, posted=True), field_of(typed, "tag")
        client = await asking.get(_of(request))
        patch = patch_of(form)
        changed = {name: said for name, said in patch.items() if said != client[name]}
        try:
            await asking.patch(_of(request), changed, tag=tag)
        except Refused as exc:
            form.refuse(exc)
            return self._edit(request, form, client, tag)
        return self._pages.back(request, f"{CLIENTS}/{client['id']}", said="changed")

    async def ask_rotate(self, request: Request) -> Response:
        """Ask for how long the old secret opens."""
        client = await self._pages.asking(request).get(_of(request))
        return self._rotate(request, Form.read((_HOURS,), {}, posted=False), client)

    async def rotate(self, request: Request) -> Response:
        """Make another secret, and show it this once."""
        typed, asking = await read_form(request), self._pages.asking(request)
        form, client = Form.read((_HOURS,), typed, posted=True), await asking.get(_of(request))
        hours = form.whole("hours")
        wish = {} if hours is None else {"overlap_s": hours * _HOUR_S if isinstance(hours, int) else hours}

        async def make_it() -> Revealed:
            return _revealed(await asking.post(f"{_of(request)}/rotate-secret", wish))

        try:
            up = (f"{CLIENTS}/{client['id']}", client["name"])
            return await shown_once(self._pages, request, field_of(typed, "sent"), make_it, nav=CLIENTS, up=up)
        except Refused as exc:
            form.refuse(exc)
            return self._rotate(request, form, client)

    def _new_fields(self, request: Request) -> Sequence[Field]:
        teams = [(team, team or _("Whole bridge")) for team in viewer(request).teams(WRITE)]
        more = (replace(TEAM, choices=teams),) if len(teams) > 1 else ()
        return (*KEPT[:3], WAY, KEYS_URL, *KEPT[3:], *more)

    def _new(self, request: Request, form: Form) -> Response:
        more = {"heading": N_("New client"), "button": N_("Create client"), "up": (CLIENTS, _("Clients"))}
        return self._form(request, "form_page.html", form, action=f"{CLIENTS}/new", key=new_key(), **more)

    def _edit(self, request: Request, form: Form, client: Row, tag: str) -> Response:
        path = f"{CLIENTS}/{client['id']}"
        more = {"heading": N_("Change a client"), "button": N_("Save"), "up": (path, client["name"])}
        return self._form(request, "form_page.html", form, action=f"{path}/edit", tag=tag, **more)

    def _rotate(self, request: Request, form: Form, client: Row) -> Response:
        path, up = f"{CLIENTS}/{client['id']}", (f"{CLIENTS}/{client['id']}", client["name"])
        more = {"heading": N_("Rotate the secret"), "button": N_("Make another secret"), "whom": client["name"]}
        return self._form(request, "form_of.html", form, action=f"{path}/rotate", up=up, key=new_key(), **more)

    def _form(self, request: Request, template: str, form: Form, **more: Any) -> Response:
        status = 400 if form.is_wrong else 200
        return self._pages.render(request, template, status=status, nav=CLIENTS, form=form, **more)


def _of(request: Request) -> str:
    return f"/clients/{request.path_params['id']}"


def _name(row: Row) -> cells.Cell:
    return cells.text(row["name"], strong=True, note=row["id"]).to(f"{CLIENTS}/{row['id']}")


def _revealed(made: Mapping[str, Any]) -> Revealed:
    secret = [(N_("Secret"), made["secret"])] if made["secret"] else []
    about = N_("The secret is shown this once. What is kept is a hash.") if secret else N_("It has no secret.")
    return Revealed(
        heading=N_("The credentials of a client"),
        about=about,
        secrets=[(N_("Client id"), made["id"]), *secret],
        up=(f"{CLIENTS}/{made['id']}", made["name"]),
        nav=CLIENTS,
    )
