"""What is done to a release, or to a whole service: a page that says what comes of it, and the doing."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tollbridge.browsing import field_of, read_form, read_query
from tollbridge.browsing import gettext as _
from tollbridge.screens import Asking, Form, Pages, Refused
from tollbridge_dashboard.services.common import ALL, release_state, see
from tollbridge_dashboard.services.moments import moment
from tollbridge_dashboard.services.moves import Move


class OfRelease:
    """One move of releases."""

    def __init__(self, pages: Pages, move: Move) -> None:
        self._pages = pages
        self._move = move

    async def ask(self, request: Request) -> Response:
        """Show what comes of it, and the form."""
        given = read_query(request)
        return await self._ask(request, Form.read(self._move.fields, given, posted=False))

    async def do(self, request: Request) -> Response:
        """Do it, if the release is still as it was read."""
        typed, move = await read_form(request), self._move
        form, slug = Form.read(move.fields, typed, posted=True), request.path_params["service"]
        path = f"/services/{slug}/releases/{request.path_params['number']}"
        asking, tag = self._pages.asking(request), field_of(typed, "tag")
        try:
            if form.has("prove") and not await _passes(asking, path):
                form.general = _("It did not pass its tests; its page says why. Nothing is published.")
                return await self._ask(request, form, tag=tag)
            await asking.post(f"{path}/{move.name}", _wish(form, move), tag=tag)
        except Refused as exc:
            form.refuse(exc)
            return await self._ask(request, form, tag=tag)
        return self._pages.back(request, f"{ALL}/{slug}/lifecycle", said=move.name)

    async def _ask(self, request: Request, form: Form, *, tag: str = "") -> Response:
        seen, move = await see(self._pages, request), self._move
        service, number = seen["service"], request.path_params["number"]
        reply = await self._pages.asking(request).send("GET", f"/services/{service['slug']}/releases/{number}")
        release = reply.value
        return self._pages.render(
            request,
            "service_move.html",
            status=400 if form.is_wrong else 200,
            **{**seen, "tag": tag or reply.tag},
            release=release,
            release_state=release_state(release),
            heading=move.title,
            about=move.about,
            form=form,
            action=f"{seen['base']}/releases/{number}/{move.name}",
            up=(f"{seen['base']}/lifecycle", service["name"] or service["slug"]),
            button=move.button,
        )


class OfService:
    """One move of services."""

    def __init__(self, pages: Pages, move: Move) -> None:
        self._pages = pages
        self._move = move

    async def ask(self, request: Request) -> Response:
        """Show what comes of it, and the form."""
        given = read_query(request)
        return await self._ask(request, Form.read(self._move.fields, given, posted=False))

    async def do(self, request: Request) -> Response:
        """Do it; what cannot be taken back is done once the slug was typed."""
        typed, move = await read_form(request), self._move
        form, slug = Form.read(move.fields, typed, posted=True), request.path_params["service"]
        named = field_of(typed, "name").strip()
        if move.sure and named != slug:
            return await self._ask(request, form, typed=named, error=_("That is not the service's slug."))
        try:
            path, tag = f"/services/{slug}/{move.name}", field_of(typed, "tag")
            done = await self._pages.asking(request).post(path, _wish(form, move), tag=tag)
        except Refused as exc:
            form.refuse(exc)
            return await self._ask(request, form, typed=named)
        where = ALL if move.name == "drop" else f"{ALL}/{slug}/lifecycle"
        return self._pages.back(request, where, said="unknown" if done.get("notes") else move.said)

    async def _ask(self, request: Request, form: Form, *, typed: str = "", error: str = "") -> Response:
        seen, move = await see(self._pages, request), self._move
        return self._pages.render(
            request,
            "service_end.html" if move.sure else "service_move.html",
            status=400 if form.is_wrong or error else 200,
            **seen,
            release=None,
            heading=move.title,
            warning=move.about,
            about=move.about,
            name=seen["service"]["slug"],
            typed=typed,
            error=error,
            form=form,
            action=f"{seen['base']}/{move.name}",
            up=(f"{seen['base']}/lifecycle", seen["service"]["name"] or seen["service"]["slug"]),
            button=move.button,
        )


async def _passes(asking: Asking, path: str) -> bool:
    """Try a release as its kind does; says whether it may be published."""
    return bool((await asking.post(f"{path}/prove"))["evaluation"]["passed"])


def _wish(form: Form, move: Move) -> dict[str, Any]:
    """Give what the API reads of the move's own fields."""
    wish: dict[str, Any] = {}
    for field in move.fields:
        if field.kind == "moment":
            wish[field.name] = moment(form.text(field.name))
        elif field.name == "beside":
            wish["beside"] = form.has("beside")
        elif field.name != "prove":
            wish[field.name] = form.text(field.name)
    return wish
