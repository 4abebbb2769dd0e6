"""Tokens of an application, made in place and shown once."""

from collections.abc import Sequence
from contextlib import suppress

from starlette.requests import Request
from starlette.responses import Response

from tollbridge import Unavailable
from tollbridge.browsing import field_of, read_form, read_query
from tollbridge.browsing import gettext as _
from tollbridge.browsing import gettext_noop as N_
from tollbridge.pagemodel import Row
from tollbridge.screens import Field, Form, Pages, Refused, Sending, new_key, viewer
from tollbridge_dashboard.application_pages import APPLICATIONS, WRITE
from tollbridge_dashboard.teams_offered import asking_for
from tollbridge_dashboard.token_form import ends_at, expiries
from tollbridge_dashboard.token_making import show_secret


class ApplicationTokens:
    """The pages a token of an application is made with."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    async def ask(self, request: Request) -> Response:
        """Show the form, filled in from the query."""
        one = await self._application(request)
        form = Form.read(self._fields(), read_query(request), posted=False)
        return self._form(request, one, form, new_key())

    async def create(self, request: Request) -> Response:
        """Make it and show its secret; a form that comes again makes none."""
        one, typed = await self._application(request), await read_form(request)
        form, key = Form.read(self._fields(), typed, posted=True), field_of(typed, "sent")
        sending, up = Sending(self._pages.gateway, viewer(request).id, key), _up(one)
        if await sending.begin() is not None:
            return self._pages.render(request, "sent_already.html", status=409, nav=APPLICATIONS, up=up)
        wish = {
            "name": form.text("name"),
            "environment": form.text("environment") or "live",
            "expires_at": ends_at(form.text("expires"), self._pages.gateway.clock.now()),
            **({"scopes": form.words("scopes")} if form.words("scopes") else {}),
        }
        try:
            made = await asking_for(self._pages, request, WRITE, one["team"]).post(f"{up[0]}/tokens", wish)
        except Refused as exc:
            if exc.status < 500:  # else it may be made
                await sending.give_up()
            form.refuse(exc)
            return self._form(request, one, form, key)
        with suppress(Unavailable):  # it is made: whoever asked sees its secret
            await sending.finish(made["id"])
        used = f"/tokens/{made['id']}/used"
        return show_secret(self._pages, request, made, nav=APPLICATIONS, up=up, back=up[0], used=used)

    async def _application(self, request: Request) -> Row:
        found: Row = await self._pages.asking(request).get(f"{APPLICATIONS}/{request.path_params['id']}")
        return found

    def _fields(self) -> Sequence[Field]:
        kinds = [("live", _("live")), ("test", _("test"))]
        ends = expiries(self._pages.gateway.clock.now())
        return (
            Field(name="name", label=N_("Name"), hint=N_("Where it is used, such as production.")),
            Field(name="environment", label=N_("Environment"), kind="choice", choices=kinds, begin="live"),
            Field(
                name="scopes",
                label=N_("Scopes"),
                hint=N_("With spaces between; empty is all that the application may."),
            ),
            Field(name="expires", label=N_("Ends"), kind="choice", choices=ends, begin="90", api="expires_at"),
        )

    def _form(self, request: Request, one: Row, form: Form, key: str) -> Response:
        return self._pages.render(
            request,
            "form_page.html",
            status=400 if form.is_wrong else 200,
            nav=APPLICATIONS,
            heading=N_("New token of an application"),
            up=_up(one),
            form=form,
            key=key,
            action=f"{_up(one)[0]}/token",
            button=N_("Create token"),
        )


def _up(one: Row) -> tuple[str, str]:
    return f"{APPLICATIONS}/{one['id']}", one["name"]
