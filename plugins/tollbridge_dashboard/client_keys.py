"""Keys that a client signs with: added, rotated, and forgotten; a secret half is shown once."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tollbridge import Column, Need, Page
from tollbridge.browsing import field_of, read_form
from tollbridge.browsing import gettext as _
from tollbridge.browsing import gettext_noop as N_
from tollbridge.pagemodel import Row
from tollbridge.screens import Action, Field, Form, Listing, Pages, Refused, cells, new_key
from tollbridge_dashboard.deeds import Deed, Revealed, asked_first, shown_once

WRITE = "admin:clients:write"
CLIENTS = "/clients"
_CLIENT = f"{CLIENTS}/{{id}}"
_KEY = f"{_CLIENT}/keys/{{credential}}"
SAID = {
    "key_added": N_("The key signs from now on."),
    "key_removed": N_("Nothing that the key signs is taken any more."),
}
_KINDS = (
    ("signature", N_("a key pair (RFC 9421)")),
    ("hmac", N_("a secret that both know (RFC 9421)")),
    ("aksk", N_("an access key and a secret key (AK/SK)")),
)
_PUBLIC = Field(
    name="public_key",
    label=N_("Public half of a key of yours"),
    kind="area",
    rows=5,
    hint=N_("In PEM, or as a JWK; without it one is made here, and its secret half shown once."),
)
_ENDS = Field(name="expires_at", label=N_("Ends"), hint=N_("Such as 2027-02-01T00:00:00Z; empty for never."))
_HOURS = Field(name="hours", label=N_("Hours that the old key still signs"), kind="number", begin="24", api="overlap_s")
_NEW = (Field(name="kind", label=N_("Kind"), kind="choice", choices=_KINDS, begin="signature"), _ENDS, _PUBLIC)
_AGAIN = (_HOURS, _PUBLIC)
_HOUR_S = 3600
REMOVE = Deed(
    path=f"{_KEY}/remove",
    call="/clients/{id}/credentials/{credential}/remove",
    about="/clients/{id}/credentials/{credential}",
    title=lambda key: key["id"],
    heading=N_("Forget a key"),
    warning=N_("Nothing that it signs is taken any more, at once."),
    button=N_("Forget it"),
    nav=CLIENTS,
    up=_CLIENT,
    then=_CLIENT,
    said="key_removed",
)


def keys_of(pages: Pages) -> Sequence[Page]:
    """Give the pages."""
    keys, sure = ClientKeys(pages), Need(WRITE, proved=True)
    return (
        Page("GET", f"{_CLIENT}/keys/new", keys.new, sure),
        Page("POST", f"{_CLIENT}/keys/new", keys.add, sure),
        Page("GET", f"{_KEY}/rotate", keys.ask_rotate, sure),
        Page("POST", f"{_KEY}/rotate", keys.rotate, sure),
        *asked_first(pages, REMOVE, sure),
    )


class ClientKeys:
    """The pages about the keys of one client."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    async def new(self, request: Request) -> Response:
        """Show the form."""
        return await self._form(request, Form.read(_NEW, {}, posted=False))

    async def add(self, request: Request) -> Response:
        """Add a key, and show its secret half this once; or show the form with what is wrong."""
        typed = await read_form(request)
        form = Form.read(_NEW, typed, posted=True)
        return await self._once(request, form, _of(request), form.body(), field_of(typed, "sent"))

    async def ask_rotate(self, request: Request) -> Response:
        """Ask for how long the old key signs besides."""
        return await self._form(request, Form.read(_AGAIN, {}, posted=False))

    async def rotate(self, request: Request) -> Response:
        """Add a key in place of one, and show its secret half this once."""
        typed = await read_form(request)
        form = Form.read(_AGAIN, typed, posted=True)
        hours = form.whole("hours")
        overlap = {} if hours is None else {"overlap_s": hours * _HOUR_S if isinstance(hours, int) else hours}
        path = f"{_of(request)}/{request.path_params['credential']}/rotate"
        wish = {**form.body("public_key"), **overlap}
        return await self._once(request, form, path, wish, field_of(typed, "sent"))

    async def _once(self, request: Request, form: Form, path: str, wish: Any, key: str) -> Response:
        client = await self._client(request)
        up = (f"{CLIENTS}/{client['id']}", client["name"])

        async def make() -> Revealed:
            made = await self._pages.asking(request).post(path, wish)
            secret = [(N_("Secret"), made["secret"])] if made["secret"] else []
            about = N_("The secret half is shown this once.") if secret else N_("Its secret half is with you alone.")
            shown = [(N_("Key id"), made["id"]), *secret]
            return Revealed(heading=N_("The key of a client"), about=about, secrets=shown, up=up, nav=CLIENTS)

        try:
            return await shown_once(self._pages, request, key, make, nav=CLIENTS, up=up)
        except Refused as exc:
            if exc.status == 404:
                raise
            form.refuse(exc)
            return await self._form(request, form)

    async def _client(self, request: Request) -> Row:
        client: Row = await self._pages.asking(request).get(f"/clients/{request.path_params['id']}")
        return client

    async def _form(self, request: Request, form: Form) -> Response:
        client, key = await self._client(request), request.path_params.get("credential", "")
        path = f"{CLIENTS}/{client['id']}"
        return self._pages.render(
            request,
            "form_of.html",
            status=400 if form.is_wrong else 200,
            nav=CLIENTS,
            heading=N_("Rotate a key") if key else N_("Add a key"),
            button=N_("Rotate") if key else N_("Add"),
            whom=key or client["name"],
            form=form,
            key=new_key(),
            up=(path, client["name"]),
            action=f"{path}/keys/{key}/rotate" if key else f"{path}/keys/new",
        )


def listing_of(client: str, now: Callable[[], datetime], *, may: bool) -> Listing:
    """Give the list of the keys of a client; `may`: whoever looks may change them."""
    kinds = dict(_KINDS)

    def acts(row: Row) -> cells.Cell:
        path = f"{CLIENTS}/{client}/keys/{row['id']}"
        again = Action(_("Rotate"), f"{path}/rotate", row["id"])
        return cells.actions(again, Action(_("Forget it"), f"{path}/remove", row["id"]))

    columns = [
        Column("id", N_("Key id"), lambda row: cells.code(row["id"])),
        Column("kind", N_("Kind"), lambda row: cells.text(_(kinds.get(row["kind"], "")) or row["kind"])),
        Column("algorithm", N_("Algorithm"), lambda row: cells.text(row["algorithm"])),
        Column("created_at", N_("Since"), lambda row: cells.time(row["created_at"], now())),
        Column("expires_at", N_("Ends"), lambda row: cells.time(row["expires_at"], now(), empty=_("never"))),
    ]
    return Listing(
        name="client_keys",
        label=N_("Keys that it signs with"),
        path="",
        columns=[*columns, Column("", "", acts)] if may else columns,
        empty=N_("It signs with none."),
    )


def _of(request: Request) -> str:
    return f"/clients/{request.path_params['id']}/credentials"
