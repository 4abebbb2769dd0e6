"""What administrators do with a token: change it, switch it off and on, and have it end later."""

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from tollbridge.browsing import field_of, read_form
from tollbridge.browsing import gettext as _
from tollbridge.browsing import gettext_noop as N_
from tollbridge.pagemodel import Row
from tollbridge.screens import Field, Form, Pages, Refused
from tollbridge_dashboard.token_form import bounds_given, bounds_of, edit_form, ends_at, expiries
from tollbridge_dashboard.token_pages import OneToken

_SWITCHES = {"disable": "disabled", "enable": "enabled"}


class TokenChanging:
    """The pages a token is changed with; `one` finds it."""

    def __init__(self, pages: Pages, one: OneToken) -> None:
        self._pages = pages
        self._one = one

    async def edit(self, request: Request) -> Response:
        """Show the form with what holds now."""
        token, tag = await self._one.touched(request)
        given = {**bounds_given(token), "name": [token["name"]], "scopes": [" ".join(token["scopes"])]}
        return self._edit(request, token, edit_form(given, self._now()), tag)

    async def change(self, request: Request) -> Response:
        """Change it, if it is still as it was read."""
        (token, _tag), typed = await self._one.touched(request), await read_form(request)
        form, tag = edit_form(typed, self._now()), field_of(typed, "tag")
        patch = {**bounds_of(form), "name": form.text("name"), "scopes": form.words("scopes")}
        try:
            await self._patch(request, token, patch, tag)
        except Refused as exc:
            form.refuse(exc)
            return self._edit(request, token, form, tag)
        return self._done(request, token, "changed")

    async def ask_extend(self, request: Request) -> Response:
        """Ask when it is to end."""
        token, tag = await self._one.touched(request)
        return self._extend(request, token, Form.read(self._ends(), {}, posted=False), tag)

    async def extend(self, request: Request) -> Response:
        """Have it end then."""
        (token, _tag), typed = await self._one.touched(request), await read_form(request)
        form, tag = Form.read(self._ends(), typed, posted=True), field_of(typed, "tag")
        if form.text("expires") not in dict(expiries(self._now())):
            form.errors["expires"] = _("Choose when it ends.")
            return self._extend(request, token, form, tag)
        try:
            await self._patch(request, token, {"expires_at": ends_at(form.text("expires"), self._now())}, tag)
        except Refused as exc:
            form.refuse(exc)
            return self._extend(request, token, form, tag)
        return self._done(request, token, "extended")

    async def switch(self, request: Request) -> Response:
        """Switch it off, or on again."""
        token, _tag = await self._one.touched(request)
        what = request.path_params["what"]
        if what not in _SWITCHES:
            raise HTTPException(404)
        await self._one.acting(request, token).post(f"{self._one.calls}/{token['id']}/{what}")
        return self._done(request, token, _SWITCHES[what])

    async def _patch(self, request: Request, token: Row, patch: dict[str, Any], tag: str) -> None:
        await self._one.acting(request, token).patch(f"{self._one.calls}/{token['id']}", patch, tag=tag)

    def _done(self, request: Request, token: Row, said: str) -> Response:
        return self._pages.back(request, f"{self._one.below}/{token['id']}", said=said)

    def _now(self) -> Any:
        return self._pages.gateway.clock.now()

    def _ends(self) -> tuple[Field, ...]:
        choices = expiries(self._now())
        return (Field(name="expires", label=N_("Ends"), kind="choice", choices=choices, begin="90", api="expires_at"),)

    def _edit(self, request: Request, token: Row, form: Form, tag: str) -> Response:
        return self._form(request, token, form, tag, heading=N_("Change a token"), what="edit", button=N_("Save"))

    def _extend(self, request: Request, token: Row, form: Form, tag: str) -> Response:
        heading, button = N_("When it ends"), N_("Have it end then")
        return self._form(request, token, form, tag, heading=heading, what="extend", button=button)

    def _form(self, request: Request, token: Row, form: Form, tag: str, **said: str) -> Response:
        path = f"{self._one.below}/{token['id']}"
        return self._pages.render(
            request,
            "form_page.html",
            status=400 if form.is_wrong else 200,
            nav=self._one.below,
            up=(path, token["name"]),
            form=form,
            tag=tag,
            action=f"{path}/{said.pop('what')}",
            **said,
        )
