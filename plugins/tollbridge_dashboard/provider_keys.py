"""Keys of providers that the database keeps: they go in, and nothing shows one again."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tollbridge import Need, Page
from tollbridge.browsing import field_of, read_form
from tollbridge.browsing import gettext_noop as N_
from tollbridge.screens import Field, Form, Pages, Refused, new_key
from tollbridge_dashboard.deeds import Deed, asked_first

WRITE = "admin:providers:write"
PROVIDERS = "/providers"
_ONE = f"{PROVIDERS}/{{provider}}"
_KEY = f"{_ONE}/keys/{{key}}"
SAID = {
    "kept": N_("The key is kept, and shown to the provider from the next call on."),
    "rotated": N_("The new key is shown from the next call on; the one before stands behind it for a while."),
    "checked": N_("The provider was asked; what it said stands beside the key."),
    "removed": N_("The key is forgotten."),
    "version_removed": N_("That version of the key is forgotten."),
}
_SECRET = Field(
    name="api_key", label=N_("Key"), kind="password", api="key", hint=N_("It is sealed, and nothing shows it again.")
)
_NAME = Field(
    name="name", label=N_("Under the name"), hint=N_("Where the configuration says stored:NAME; else leave it empty.")
)
_ENDS = Field(name="expires_at", label=N_("Ends"), hint=N_("Such as 2027-02-01T00:00:00Z; empty for never."))
_HOURS = Field(
    name="hours",
    label=N_("Hours that the key before stands behind it"),
    kind="number",
    begin="24",
    api="overlap_s",
    hint=N_("It is shown where the provider refuses the new one; 0 ends it at once."),
)
_NEW, _AGAIN = (_SECRET, _NAME, _ENDS), (_SECRET, _HOURS, _ENDS)
_HOUR_S = 3600
_OF: dict[str, Any] = {
    "about": "/provider-credentials/{key}",
    "title": lambda key: key["name"],
    "call": "/provider-credentials/{key}/remove",
    "nav": PROVIDERS,
    "up": _ONE,
    "then": _ONE,
}
DEEDS = (
    Deed(
        path=f"{_KEY}/remove",
        heading=N_("Forget a key"),
        warning=N_("All its versions are forgotten at once: calls that need it are refused until there is another."),
        button=N_("Forget it"),
        said="removed",
        typed=True,
        **_OF,
    ),
    Deed(
        path=f"{_KEY}/{{version:int}}/remove",
        heading=N_("Forget a version of a key"),
        warning=N_("That version is forgotten at once, and shown to the provider no more."),
        button=N_("Forget it"),
        said="version_removed",
        body={"version": "version"},
        **_OF,
    ),
)


def keys_of(pages: Pages) -> Sequence[Page]:
    """Give the pages."""
    keys, sure = ProviderKeys(pages), Need(WRITE, whole=True, proved=True)
    return (
        Page("GET", f"{_ONE}/keys/new", keys.new, sure),
        Page("POST", f"{_ONE}/keys/new", keys.keep, sure),
        Page("GET", f"{_KEY}/rotate", keys.ask_rotate, sure),
        Page("POST", f"{_KEY}/rotate", keys.rotate, sure),
        Page("POST", f"{_KEY}/check", keys.check, Need(WRITE, whole=True)),
        *(page for deed in DEEDS for page in asked_first(pages, deed, sure)),
    )


class ProviderKeys:
    """The pages about the keys of one provider."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    async def new(self, request: Request) -> Response:
        """Show the form."""
        return self._form(request, Form.read(_NEW, {}, posted=False))

    async def keep(self, request: Request) -> Response:
        """Keep a key, or show the form with what is wrong; the key has to be typed again."""
        provider, typed = request.path_params["provider"], await read_form(request)
        form = Form.read(_NEW, typed, posted=True)
        wish = {"provider": provider, **key_of(form), **form.body("name", "expires_at")}
        try:
            await self._pages.asking(request).post("/provider-credentials", wish, key=field_of(typed, "sent"))
        except Refused as exc:
            form.refuse(exc)
            return self._form(request, form)
        return self._back(request, "kept")

    async def ask_rotate(self, request: Request) -> Response:
        """Show the form."""
        reply = await self._pages.asking(request).send("GET", _path(request))
        name = reply.value["name"]
        return self._form(request, Form.read(_AGAIN, {}, posted=False), key=name, tag=reply.tag)

    async def rotate(self, request: Request) -> Response:
        """Show the provider another key from now on."""
        typed = await read_form(request)
        form, tag = Form.read(_AGAIN, typed, posted=True), field_of(typed, "tag")
        hours = form.whole("hours")
        overlap = {} if hours is None else {"overlap_s": hours * _HOUR_S if isinstance(hours, int) else hours}
        wish = {**key_of(form), **form.body("expires_at"), **overlap}
        try:
            await self._pages.asking(request).post(f"{_path(request)}/rotate", wish, tag=tag)
        except Refused as exc:
            form.refuse(exc)
            return self._form(request, form, key=request.path_params["key"], tag=tag)
        return self._back(request, "rotated")

    async def check(self, request: Request) -> Response:
        """Ask the provider whether it takes the key."""
        await self._pages.asking(request).post(f"{_path(request)}/check")
        return self._back(request, "checked")

    def _back(self, request: Request, said: str) -> Response:
        return self._pages.back(request, f"{PROVIDERS}/{request.path_params['provider']}", said=said)

    def _form(self, request: Request, form: Form, *, key: str = "", tag: str = "") -> Response:
        provider = request.path_params["provider"]
        path = f"{PROVIDERS}/{provider}"
        return self._pages.render(
            request,
            "form_of.html",
            status=400 if form.is_wrong else 200,
            nav=PROVIDERS,
            heading=N_("Rotate a key") if key else N_("Keep a key"),
            button=N_("Rotate") if key else N_("Keep it"),
            whom=key or provider,
            form=form,
            key=new_key(),
            tag=tag,
            up=(path, provider),
            action=f"{path}/keys/{key}/rotate" if key else f"{path}/keys/new",
        )


def key_of(form: Form) -> Mapping[str, str]:
    """Give a key that was typed, for the API: an empty one too, for that to say what is wrong."""
    return {"key": form.text("api_key")}


def _path(request: Request) -> str:
    return f"/provider-credentials/{request.path_params['key']}"
