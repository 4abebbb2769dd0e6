"""Another secret for a token: when the one before ends is chosen, and the new one is shown once."""

from contextlib import suppress

from starlette.requests import Request
from starlette.responses import Response

from tollbridge import Unavailable
from tollbridge.browsing import field_of, read_form, read_query
from tollbridge.browsing import gettext as _
from tollbridge.browsing import gettext_noop as N_
from tollbridge.pagemodel import Row
from tollbridge.screens import Asking, Field, Form, Pages, Refused, Sending, new_key, viewer
from tollbridge_dashboard.token_making import show_secret

_OVERLAPS = {
    "86400": N_("for 24 hours more"),
    "604800": N_("for 7 days more"),
    "3600": N_("for an hour more"),
    "0": N_("not any more, from now on"),
}


class TokenRotating:
    """Asks for how long the secret that is there still opens, and rotates.

    `below` is where tokens are on pages, `calls` where in the API, and `title` what the page of all of them is called.
    """

    def __init__(self, pages: Pages, *, below: str, calls: str, title: str) -> None:
        self._pages = pages
        self._below = below
        self._calls = calls
        self._title = title

    def ask(self, request: Request, token: Row, tag: str) -> Response:
        """Show the form."""
        form = Form.read(_fields(), read_query(request), posted=False)
        return self._form(request, token, form, (tag, new_key()))

    async def rotate(self, request: Request, asking: Asking, token: Row) -> Response:
        """Give it another secret and show that; a form that comes again does nothing."""
        typed = await read_form(request)
        form, key, tag = Form.read(_fields(), typed, posted=True), *(field_of(typed, n) for n in ("sent", "tag"))
        if form.text("overlap_s") not in _OVERLAPS:
            form.errors["overlap_s"] = _("Choose how long the secret before still opens.")
            return self._form(request, token, form, (tag, key))
        sending = Sending(self._pages.gateway, viewer(request).id, key)
        if await sending.begin() is not None:
            return self._pages.render(request, "sent_already.html", status=409, nav=self._below, up=self._up(token))
        try:
            body = {"overlap_s": int(form.text("overlap_s"))}
            made = await asking.post(f"{self._calls}/{token['id']}/rotate", body, tag=tag)
        except Refused as exc:
            if exc.status < 500:  # else it may be made
                await sending.give_up()
            form.refuse(exc)
            return self._form(request, token, form, (tag, key))
        with suppress(Unavailable):  # it is made: whoever asked sees its secret
            await sending.finish(token["id"])
        up, back = (self._below, _(self._title)), self._up(token)[0]
        return show_secret(self._pages, request, made, nav=self._below, up=up, back=back, rotated=True)

    def _up(self, token: Row) -> tuple[str, str]:
        return f"{self._below}/{token['id']}", token["name"]

    def _form(self, request: Request, token: Row, form: Form, hidden: tuple[str, str]) -> Response:
        tag, key = hidden
        return self._pages.render(
            request,
            "form_page.html",
            status=400 if form.is_wrong else 200,
            nav=self._below,
            heading=N_("Another secret"),
            about=N_("The token stays, with all that it may do: only what it is shown by changes."),
            up=self._up(token),
            form=form,
            tag=tag,
            key=key,
            action=f"{self._below}/{token['id']}/rotate",
            button=N_("Make another secret"),
        )


def _fields() -> tuple[Field, ...]:
    choices = [(value, _(label)) for value, label in _OVERLAPS.items()]
    hint = N_("Long enough for all that shows it to be given the new one.")
    label = N_("The secret before opens")
    return (Field(name="overlap_s", label=label, kind="choice", choices=choices, begin="86400", hint=hint),)
