"""Adding a provider: it is asked once before its key is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tollbridge import Need, Page
from tollbridge.browsing import field_of, read_form, read_query
from tollbridge.browsing import gettext as _
from tollbridge.browsing import gettext_noop as N_
from tollbridge.screens import Asking, Field, Form, Pages, Refused, new_key
from tollbridge_dashboard.provider_keys import WRITE, key_of

PROVIDERS = "/providers"
_NEW = f"{PROVIDERS}/new"
_KNOWN = Field(
    name="known",
    label=N_("Provider"),
    kind="choice",
    api="provider",
    hint=N_("Its address and its dialect are known; any other that speaks a known dialect can be added too."),
)
_KEY = Field(name="api_key", label=N_("Key"), kind="password", api="key", hint=N_("Empty where it takes none."))
_OWN = (
    Field(name="name", label=N_("Its name here"), hint=N_("Callers write it before the model, as in name/model.")),
    Field(name="base_url", label=N_("Base URL"), hint=N_("Such as https://api.example.com/v1.")),
    Field(name="dialect", label=N_("Dialect"), hint=N_("openai-chat, unless you write another one.")),
    Field(name="auth_header", label=N_("Header of the key"), hint=N_("Authorization, unless you write another one.")),
)


def adding_of(pages: Pages) -> Sequence[Page]:
    """Give the pages."""
    adding, sure = Adding(pages), Need(WRITE, whole=True, proved=True)
    return (Page("GET", _NEW, adding.form, sure), Page("POST", _NEW, adding.attempt, sure))


class Adding:
    """The page that adds a provider."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    async def form(self, request: Request) -> Response:
        """Show the form, filled in from the query."""
        asking, given = self._pages.asking(request), read_query(request, without=_KEY.name)
        if "provider" in given:
            given["known"] = given["provider"]
        return await self._page(request, Form.read(await _fields(asking), given, posted=False))

    async def attempt(self, request: Request) -> Response:
        """Ask the provider, and keep its key if that is wished and it is taken; say what came of it."""
        asking, typed = self._pages.asking(request), await read_form(request)
        form = Form.read(await _fields(asking), typed, posted=True)
        wish = {"provider": form.text("known") or form.text("name"), **key_of(form)}
        if not form.text("known"):
            wish |= form.body("base_url", "dialect", "auth_header")
            if not wish["provider"]:
                form.errors["name"] = _("Choose a provider, or give another one a name.")
                return await self._page(request, form)
        try:
            tried = await asking.post("/providers/try", {name: said for name, said in wish.items() if said})
        except Refused as exc:
            form.refuse(exc)
            return await self._page(request, form)
        taken = tried["result"] == "ok" or bool(typed.get("anyway"))
        if typed.get("do") == ["keep"] and taken and form.text("api_key"):
            return await self._keep(request, form, typed, wish["provider"], tried)
        return await self._page(request, form, tried)

    async def _keep(
        self,
        request: Request,
        form: Form,
        typed: Mapping[str, list[str]],
        provider: str,
        tried: Mapping[str, Any],
    ) -> Response:
        stored = {"name": tried["stored"]} if tried["stored"] else {}
        wish = {"provider": provider, **key_of(form), **stored}
        try:
            await self._pages.asking(request).post("/provider-credentials", wish, key=field_of(typed, "sent"))
        except Refused as exc:
            form.refuse(exc)
            return await self._page(request, form, tried)
        if tried["toml"]:
            return await self._page(request, form, tried, kept=provider)
        return self._pages.back(request, f"{PROVIDERS}/{provider}", said="kept")

    async def _page(
        self, request: Request, form: Form, tried: Mapping[str, Any] | None = None, *, kept: str = ""
    ) -> Response:
        return self._pages.render(
            request,
            "provider_new.html",
            status=400 if form.is_wrong else 200,
            nav=PROVIDERS,
            form=form,
            tried=tried,
            kept=kept,
            key=new_key(),
            secret=request.method == "POST",
        )


async def _fields(asking: Asking) -> Sequence[Field]:
    """Give the fields, with the providers to choose from."""
    known = [one async for one in asking.every("/providers") if one["state"] != "serving" and not one["private"]]
    choices = [("", _("another one, at a URL of yours")), *((one["name"], one["title"]) for one in known)]
    return (replace(_KNOWN, choices=choices), _KEY, *_OWN)
