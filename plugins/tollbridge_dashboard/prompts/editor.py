"""The editor of one prompt API: what it says, and what comes of it with sample values."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from tollbridge.browsing import field_of
from tollbridge.browsing import gettext as _
from tollbridge.browsing import gettext_noop as N_
from tollbridge.browsing import read_form as read_sent
from tollbridge.screens import Asking, Pages, Refused
from tollbridge.screens.forms import sentence
from tollbridge_dashboard.prompts.chips import pieces, variables_in
from tollbridge_dashboard.prompts.fields import (
    EFFORTS,
    MEDIA,
    VERBOSITIES,
    names_of,
    read_form,
    text,
    write_form,
)
from tollbridge_dashboard.prompts.rows import CASE, EXAMPLE, VARIABLE, Typed, rows_of
from tollbridge_dashboard.prompts.running import Ran, run, samples_of, values_of
from tollbridge_dashboard.prompts.values import TYPES
from tollbridge_dashboard.services.common import PROMPT, draft_of, release_state, see

LARGEST = 4 * 1024 * 1024
MOST_FIELDS = 2_000
_RELEASES = 5
_MODELS = 200
_SAID = {
    "made": N_("The prompt API is there. Try it, then make a release and publish that."),
    "changed": N_("The draft is saved. What serves stays as it is until another release is published."),
}


class Editor:
    """The page, and its three buttons."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    async def show(self, request: Request) -> Response:
        """Show the draft as it is."""
        draft, _problems, tag = await draft_of(self._pages, request)
        typed = write_form(draft["definition"])
        samples = samples_of(draft["definition"].get("variables"))
        typed |= {f"s_{name}": [value] for name, value in samples.items()}
        return await self._page(request, typed, tag=tag)

    async def save(self, request: Request) -> Response:
        """Keep what was typed as the draft, if that is still as it was read."""
        typed, errors = await _sent(request), dict[str, str]()
        slug, tag = request.path_params["service"], field_of(typed, "tag")
        before = (await draft_of(self._pages, request))[0]["definition"]
        definition = read_form(typed, before, errors)
        if errors:
            return await self._page(request, typed, tag=tag, errors=errors)
        try:
            wish = {"draft": {"definition": definition}}
            await self._pages.asking(request).patch(f"/services/{slug}", wish, tag=tag)
        except Refused as exc:
            return await self._page(request, typed, tag=tag, general=sentence(exc.message))
        return self._pages.back(request, f"/services/{slug}/prompt", said="changed")

    async def run(self, request: Request) -> Response:
        """Try what was typed, which is not saved by that, or a release, with the sample values."""
        typed, errors = await _sent(request), dict[str, str]()
        before = (await draft_of(self._pages, request))[0]["definition"]
        definition, asking = read_form(typed, before, errors), self._pages.asking(request)
        slug, chosen = request.path_params["service"], text(typed, "run")
        what: dict[str, Any] = {"draft": {"definition": definition}}
        if chosen.isascii() and chosen.isdigit() and len(chosen) < 10:
            errors, what = {}, {"release": int(chosen)}
            definition = (await asking.get(f"/services/{slug}/releases/{int(chosen)}"))["design"]["definition"]
        values = values_of(typed, definition.get("variables"), errors)
        ran = None if errors else await run(asking, slug, values, **what)
        if ran is not None:
            errors = {f"s_{name}": said for name, said in ran.fields.items()}
        return await self._page(request, typed, tag=field_of(typed, "tag"), errors=errors, ran=ran, unsaved=True)

    async def _page(
        self,
        request: Request,
        typed: Typed,
        *,
        tag: str,
        errors: Mapping[str, str] | None = None,
        general: str = "",
        ran: Ran | None = None,
        unsaved: bool = False,
    ) -> Response:
        seen = await see(self._pages, request, "/prompt")
        if seen["service"]["kind"] != PROMPT:
            raise HTTPException(404)
        _draft, problems, now = await draft_of(self._pages, request)
        asking, names = self._pages.asking(request), names_of(typed)
        releases = (await asking.get(f"/services/{seen['service']['slug']}/releases", limit=_RELEASES))["items"]
        models = await models_of(asking)
        own = {one["id"]: one for one in models}.get(text(typed, "model").strip())
        wrong = bool(errors or general) and ran is None
        return self._pages.render(
            request,
            "prompt_editor.html",
            status=400 if wrong else 200,
            **{**seen, "tag": tag},
            of=lambda name: text(typed, name),
            variables=rows_of(typed, VARIABLE),
            examples=rows_of(typed, EXAMPLE),
            cases=rows_of(typed, CASE),
            samples={name: text(typed, f"s_{name}") for name in _sampled(typed, names)},
            pieces=lambda name: list(pieces(text(typed, name), names)),
            **_choices(releases),
            models=models,
            model=own,
            trials=[(one, release_state(one), await _last(asking, seen, one)) for one in releases],
            problems=problems,
            errors=errors or {},
            general=general,
            changed=bool(general) and now != tag,
            ran=ran,
            chosen=text(typed, "run"),
            unsaved=unsaved,
            said=self._pages.told(request, _SAID),
        )


def _choices(releases: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Give what can be chosen, as pairs of value and label."""
    own = ("", _("the model's own"))
    return {
        "type_choices": [("", _("any, or as its rules say")), *((one, one) for one in TYPES)],
        "media_choices": [(one, one) for one in MEDIA],
        "effort_choices": [own, *((one, one) for one in EFFORTS)],
        "verbosity_choices": [own, *((one, one) for one in VERBOSITIES)],
        "run_choices": [
            ("", _("What stands here, saved or not")),
            *((str(one["number"]), one["version"]) for one in releases),
        ],
    }


async def models_of(asking: Asking) -> Sequence[dict[str, Any]]:
    """Give the models that a prompt can ask, as far as whoever looks may see them; services are none of them."""
    reply = await asking.send("GET", "/models", query={"limit": _MODELS})
    return [one for one in reply.value["items"] if one["kind"] != "service"] if reply.status == 200 else []


async def _last(asking: Asking, seen: Mapping[str, Any], release: Mapping[str, Any]) -> dict[str, Any] | None:
    """Give the last trial of a release."""
    path = f"/services/{seen['service']['slug']}/releases/{release['number']}/evaluations"
    found = (await asking.get(path))["items"]
    return dict(found[0]) if found else None


async def _sent(request: Request) -> Mapping[str, list[str]]:
    return await read_sent(request, largest=LARGEST, most_fields=MOST_FIELDS)


def _sampled(typed: Typed, names: Sequence[str]) -> Sequence[str]:
    """Give the variables for which a value can be typed: those of the list, then others that the templates name."""
    named = [*variables_in(text(typed, "system")), *variables_in(text(typed, "user"))]
    return [name for name in dict.fromkeys([*names, *named]) if name]
