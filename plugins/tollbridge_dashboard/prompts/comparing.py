"""Two versions, or two models, side by side: one set of values, and what comes of each."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from tollbridge.browsing import gettext as _
from tollbridge.browsing import read_form as read_sent
from tollbridge.browsing import read_query
from tollbridge.screens import Asking, Pages
from tollbridge_dashboard.prompts.editor import models_of
from tollbridge_dashboard.prompts.fields import text
from tollbridge_dashboard.prompts.running import Ran, run, samples_of, values_of
from tollbridge_dashboard.prompts.values import as_object
from tollbridge_dashboard.services.common import PROMPT, draft_of, see

_LARGEST = 1024 * 1024
_RELEASES = 100


class Comparing:
    """The page."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    async def show(self, request: Request) -> Response:
        """Show what can be compared, filled in from the query."""
        typed = read_query(request)
        definition = (await draft_of(self._pages, request))[0]["definition"]
        samples = {f"s_{name}": [value] for name, value in samples_of(definition.get("variables")).items()}
        return await self._page(request, {**samples, **typed}, None, {})

    async def run(self, request: Request) -> Response:
        """Run both at once."""
        typed, errors = await read_sent(request, largest=_LARGEST), dict[str, str]()
        asking, slug = self._pages.asking(request), request.path_params["service"]
        draft = (await draft_of(self._pages, request))[0]["definition"]
        sides = [await _side(asking, slug, draft, text(typed, at), text(typed, f"model_{at}")) for at in "ab"]
        variables = {
            name: one for definition, _what in sides for name, one in as_object(definition.get("variables")).items()
        }
        values = values_of(typed, variables, errors)
        if errors:
            return await self._page(request, typed, None, errors)
        each = [(_known(values, definition), what) for definition, what in sides]
        ran = await asyncio.gather(*(run(asking, slug, known, **what) for known, what in each))
        return await self._page(request, typed, ran, {})

    async def _page(
        self, request: Request, typed: Mapping[str, Sequence[str]], ran: Sequence[Ran] | None, errors: Mapping[str, str]
    ) -> Response:
        seen = await see(self._pages, request, "/prompt")
        if seen["service"]["kind"] != PROMPT:
            raise HTTPException(404)
        asking = self._pages.asking(request)
        definition = (await draft_of(self._pages, request))[0]["definition"]
        listed = (await asking.get(f"/services/{seen['service']['slug']}/releases", limit=_RELEASES))["items"]
        sides = [("draft", _("Draft")), *((str(one["number"]), one["version"]) for one in listed)]
        names = dict.fromkeys(
            [*as_object(definition.get("variables")), *(name[2:] for name in typed if name[:2] == "s_")]
        )
        chosen = {"a": text(typed, "a") or sides[-1 if len(sides) == 1 else 1][0], "b": text(typed, "b") or "draft"}
        return self._pages.render(
            request,
            "prompt_compare.html",
            status=400 if errors else 200,
            **seen,
            sides=sides,
            chosen=chosen,
            models=await models_of(asking),
            wished={at: text(typed, f"model_{at}") for at in "ab"},
            samples={name: text(typed, f"s_{name}") for name in names},
            errors=errors,
            ran=None if ran is None else dict(zip("ab", ran, strict=True)),
            titles={at: dict(sides).get(chosen[at], chosen[at]) for at in "ab"},
        )


async def _side(
    asking: Asking, slug: str, draft: Mapping[str, Any], chosen: str, model: str
) -> tuple[Mapping[str, Any], dict[str, Any]]:
    """Give the definition of a side, and what is to be tried; with another model a release is tried as a draft."""
    definition, what = draft, dict[str, Any]()
    if chosen.isascii() and chosen.isdigit() and len(chosen) < 10:
        release = await asking.get(f"/services/{slug}/releases/{int(chosen)}")
        definition, what = release["design"]["definition"], {"release": int(chosen)}
    if model.strip():
        definition = {**definition, "model": model.strip()}
        what = {"draft": {"definition": definition}}
    return definition, what


def _known(values: Mapping[str, Any], definition: Mapping[str, Any]) -> dict[str, Any]:
    """Give the values that a side has variables for."""
    return {name: value for name, value in values.items() if name in as_object(definition.get("variables"))}
