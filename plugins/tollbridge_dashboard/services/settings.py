"""The settings of a service: words, terms, objectives, and whose it is."""

from dataclasses import replace

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from tollbridge.browsing import field_of, read_form
from tollbridge.browsing import gettext as _
from tollbridge.browsing import gettext_noop as N_
from tollbridge.screens import BRIDGE, Field, Form, Pages, Refused, viewer
from tollbridge_dashboard.services.common import WRITE, draft_of, see
from tollbridge_dashboard.services.moves import moves_of_service
from tollbridge_dashboard.services.settingforms import MOST_OBJECTIVES, PARTS, Part

LARGEST = 2 * 1024 * 1024
_SAID = {
    "changed": N_("The draft is changed. What serves stays as it is until another release is published."),
    "given": N_("It belongs to the other team from now on."),
}
_TEAM = (Field(name="team", label=N_("Team"), hint=N_("Empty for the whole bridge.")),)


class Settings:
    """The tab, and its forms."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    async def show(self, request: Request) -> Response:
        """Show what holds in the draft."""
        seen = await see(self._pages, request, "/settings")
        team = Form.read(_TEAM, {"team": [seen["service"]["team"]]}, posted=True)
        return await self._show(request, team)

    async def give(self, request: Request) -> Response:
        """Give the service to another team; says whom that concerns."""
        typed, slug = await read_form(request), request.path_params["service"]
        form = Form.read(_TEAM, typed, posted=True)
        try:
            wish = {"team": form.text("team")}
            done = await self._pages.asking(request).patch(f"/services/{slug}", wish, tag=field_of(typed, "tag"))
        except Refused as exc:
            form.refuse(exc)
            return await self._show(request, form)
        if done["notes"]:
            return await self._show(request, form, notes=done["notes"])
        return self._pages.back(request, f"/services/{slug}/settings", said="given")

    async def edit(self, request: Request) -> Response:
        """Show one form with what holds now."""
        part = _part(request)
        draft, _problems, tag = await draft_of(self._pages, request)
        return await self._form(request, Form.read(part.fields, part.given(draft), posted=True), tag)

    async def change(self, request: Request) -> Response:
        """Change the draft, if it is still as it was read."""
        part, slug = _part(request), request.path_params["service"]
        typed = await read_form(request, largest=LARGEST)
        form, tag = Form.read(part.fields, typed, posted=True), field_of(typed, "tag")
        try:
            await self._pages.asking(request).patch(f"/services/{slug}", {"draft": part.wish(form)}, tag=tag)
        except Refused as exc:
            form.refuse(exc)
            return await self._form(request, form, tag)
        tab = "access" if request.path_params["part"] == "terms" else "settings"
        return self._pages.back(request, f"/services/{slug}/{tab}", said="changed")

    async def _show(self, request: Request, form: Form, *, notes: list[str] | None = None) -> Response:
        seen = await see(self._pages, request, "/settings")
        draft, problems, _tag = await draft_of(self._pages, request)
        of = ("name", "description", "docs", "logo", "category", "tags", "contacts", "slos")
        ends = [move for move in moves_of_service(seen["service"], seen["may"]) if move.sure]
        return self._pages.render(
            request,
            "service_settings.html",
            status=400 if form.is_wrong else 200,
            **seen,
            draft=draft,
            problems=[one for one in problems if one.is_of(*of)],
            form=form,
            gives=seen["may"].writes and BRIDGE in viewer(request).teams(WRITE),
            notes=notes or [],
            ends=ends,
            said=self._pages.told(request, _SAID),
        )

    async def _form(self, request: Request, form: Form, tag: str) -> Response:
        name, part = request.path_params["part"], _part(request)
        tab = "access" if name == "terms" else "settings"
        seen = await see(self._pages, request, f"/{tab}")
        rows = sum(1 for at in range(MOST_OBJECTIVES) if form.text(f"name_{at}")) + 2
        form.fields = [replace(one, choices=[(value, _(label)) for value, label in one.choices]) for one in form.fields]
        return self._pages.render(
            request,
            "service_objectives.html" if name == "objectives" else "form_page.html",
            status=400 if form.is_wrong else 200,
            nav=seen["nav"],
            heading=part.title,
            about=part.about,
            form=form,
            rows=min(rows, MOST_OBJECTIVES),
            tag=tag,
            action=f"{seen['base']}/settings/{name}",
            up=(f"{seen['base']}/{tab}", seen["service"]["name"] or seen["service"]["slug"]),
            button=N_("Save draft"),
        )


def _part(request: Request) -> Part:
    part = PARTS.get(request.path_params["part"])
    if part is None:
        raise HTTPException(404)
    return part
