"""A service is begun: its kind is chosen, then what that kind needs, and a draft of it is made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from tollbridge.browsing import field_of, read_form, read_query
from tollbridge.browsing import gettext as _
from tollbridge.browsing import gettext_noop as N_
from tollbridge.screens import BRIDGE, Asking, Field, Form, Pages, Refused, new_key, viewer
from tollbridge_dashboard.services.common import ALL, KINDS, PROMPT, WRITE, path_of
from tollbridge_dashboard.services.drafting import WAYS, Way, drafted

LARGEST = 32 * 1024 * 1024
_SLUG = Field(
    name="slug", label=N_("Slug"), hint=N_("Small letters, digits, hyphens: part of its URL, and it stays for ever.")
)
_NAME = Field(name="name", label=N_("Name"), hint=N_("How people call it."), api="draft.name")
_STARTERS = {
    "summary": N_("Summarise a text"),
    "extraction": N_("Extract data from a text"),
    "translation": N_("Translate a text"),
    "sentiment": N_("Judge the sentiment of a text"),
}


@dataclass(frozen=True, slots=True)
class Card:
    """One way to begin: where it leads, its title, and what comes of it."""

    path: str
    title: str
    about: str = ""


class Making:
    """The pages."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    async def choose(self, request: Request) -> Response:
        """Show what can be begun here."""
        asking = self._pages.asking(request)
        kinds = [one["name"] for one in (await asking.get("/service-kinds"))["items"]]
        starters = (await asking.get("/prompt-starters"))["items"]
        ways = [
            Card(f"{ALL}/new/{name}", _(way.title), _(way.about)) for name, way in WAYS.items() if way.kind in kinds
        ]
        prompts = [
            Card(f"{ALL}/new/prompt?starter={one['name']}", _title(one), _(one["draft"]["description"]))
            for one in sorted(starters, key=lambda one: [*_STARTERS, one["name"]].index(one["name"]))
        ]
        others = [Card(f"{ALL}/new/other?kind={kind}", kind) for kind in kinds if kind not in KINDS]
        return self._pages.render(
            request,
            "service_choose.html",
            nav="/prompts" if request.query_params.get("kind") == PROMPT else ALL,
            ways=[] if request.query_params.get("kind") == PROMPT else ways,
            prompts=prompts,
            others=[] if request.query_params.get("kind") == PROMPT else others,
        )

    async def new(self, request: Request) -> Response:
        """Show the form of one way, filled in from the query."""
        given = read_query(request)
        fields = await self._fields(request)
        return self._form(request, Form.read(fields, given, posted=False))

    async def create(self, request: Request) -> Response:
        """Draft what was asked for, and make it once somebody saw what is in it."""
        typed = await read_form(request, largest=LARGEST)
        form, way = Form.read(await self._fields(request), typed, posted=True), self._way(request)
        asking = self._pages.asking(request, team=field_of(typed, "team") if "team" in typed else None)
        try:
            kind, draft, notes, count = await drafted(asking, way, form, request.query_params)
            if form.is_wrong:
                return self._form(request, form)
            named = form.text("name")
            wish = {**draft, **({"name": named} if named else {})}
            if way.shows and field_of(typed, "seen") != "yes":
                return self._form(request, form, found=(wish, notes, count))
            service = await self._make(asking, kind, wish, form, field_of(typed, "sent"))
        except Refused as exc:
            form.refuse(exc)
            return self._form(request, form)
        after = path_of(service)
        return self._pages.back(request, f"{after}/prompt" if kind == PROMPT else after, said="made")

    async def _make(self, asking: Asking, kind: str, draft: Mapping[str, Any], form: Form, key: str) -> Any:
        wish: dict[str, Any] = {"slug": form.text("slug"), "kind": kind, "draft": draft}
        if form.text("team"):
            wish["team"] = form.text("team")
        return await asking.post("/services", wish, key=key)

    async def _fields(self, request: Request) -> Sequence[Field]:
        """Give the fields of a way: those of all, its own, and whose the service is where that can be chosen."""
        teams = viewer(request).teams(WRITE)
        way = self._way(request)
        own = list(way.fields)
        if way.kind == PROMPT:
            listed = await self._pages.asking(request).get("/prompt-starters")
            choices = [("", _("An empty prompt")), *((one["name"], _title(one)) for one in listed["items"])]
            own = [Field(name="starter", label=N_("Begin with"), kind="choice", choices=choices), *own]
        if BRIDGE in teams:
            team = [Field(name="team", label=N_("Team"), hint=N_("Whose it is; empty for the whole bridge."))]
        else:
            mine = [(one, one) for one in teams]
            team = [Field(name="team", label=N_("Team"), kind="choice", choices=mine)]
        return (_NAME, _SLUG, *team, *own)

    def _way(self, request: Request) -> Way:
        way = WAYS.get(request.path_params["way"])
        if way is None:
            raise HTTPException(404)
        return way

    def _form(
        self, request: Request, form: Form, *, found: tuple[Mapping[str, Any], Sequence[str], int] | None = None
    ) -> Response:
        way, name = self._way(request), request.path_params["way"]
        query = f"?kind={request.query_params['kind']}" if name == "other" and "kind" in request.query_params else ""
        return self._pages.render(
            request,
            "service_new.html",
            status=400 if form.is_wrong else 200,
            nav="/prompts" if way.kind == PROMPT else ALL,
            heading=way.heading,
            about=way.about,
            form=form,
            found=found,
            uploads=way.uploads,
            key=new_key(),
            up=(f"{ALL}/new", _("New service")),
            action=f"{ALL}/new/{name}{query}",
            button=N_("Show what it makes") if way.shows and found is None else N_("Create draft"),
        )


def _title(starter: Mapping[str, Any]) -> str:
    """Say what a starter does."""
    return _(_STARTERS[starter["name"]]) if starter["name"] in _STARTERS else starter["draft"]["name"]
