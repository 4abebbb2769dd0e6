"""The way of a service from its draft to its end: where it is, and what comes next."""

from starlette.requests import Request
from starlette.responses import Response

from tollbridge.browsing import field_of, read_form
from tollbridge.browsing import gettext_noop as N_
from tollbridge.screens import Field, Form, Pages, Refused
from tollbridge_dashboard.services.common import ALL, draft_of, release_state, see
from tollbridge_dashboard.services.moves import RELEASE_MOVES, STEPS, moves_of, moves_of_service

_CUT = (
    Field(name="version", label=N_("Version"), hint=N_("Your own name for it, such as 1.2.0; callers can ask for it.")),
    Field(name="note", label=N_("What is new"), kind="area", rows=3, hint=N_("Whoever reads its history sees it.")),
)
_SAID = {
    **{name: move.said for name, move in RELEASE_MOVES.items()},
    "released": N_("The release is made. Nobody changes it any more; it serves once it is published."),
    "deprecated": N_("Callers are told from now on that it will end."),
    "kept": N_("It stays; callers are told nothing of an end any more."),
    "retired": N_("It is retired; callers hear 410 from now on."),
    "paused": N_("No call that starts is answered until it is resumed."),
    "resumed": N_("It serves again."),
    "unknown": N_("Done. There is no service yet of the slug that callers are pointed to."),
}
_MOST = 20


class Lifecycle:
    """The tab, and the form that makes a release."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    async def show(self, request: Request) -> Response:
        """Show the steps, what can be done now, and the releases on their way."""
        return await self._show(request, Form.read(_CUT, {}, posted=False))

    async def cut(self, request: Request) -> Response:
        """Make a release of the draft, if that is still as it was read."""
        typed = await read_form(request)
        form, slug = Form.read(_CUT, typed, posted=True), request.path_params["service"]
        try:
            wish = {"version": form.text("version"), "note": form.text("note")}
            path = f"/services/{slug}/releases"
            await self._pages.asking(request).post(path, wish, tag=field_of(typed, "tag"))
        except Refused as exc:
            form.refuse(exc)
            return await self._show(request, form)
        return self._pages.back(request, f"{ALL}/{slug}/lifecycle", said="released")

    async def _show(self, request: Request, form: Form) -> Response:
        seen = await see(self._pages, request, "/lifecycle")
        service = seen["service"]
        _draft, problems, tag = await draft_of(self._pages, request)
        listed = await self._pages.asking(request).get(f"/services/{service['slug']}/releases", limit=_MOST)
        releases = [(one, release_state(one), moves_of(one, seen["may"])) for one in listed["items"]]
        at = [name for name, *_rest in STEPS].index(service["state"])
        steps = [(number, number < at, number == at, *step) for number, step in enumerate(STEPS)]
        return self._pages.render(
            request,
            "service_lifecycle.html",
            status=400 if form.is_wrong else 200,
            **{**seen, "tag": tag},
            steps=steps,
            acts=moves_of_service(service, seen["may"]),
            problems=[one for one in problems if not one.warning],
            releases=releases,
            more=listed["next"] is not None,
            form=form,
            said=self._pages.told(request, _SAID),
        )
