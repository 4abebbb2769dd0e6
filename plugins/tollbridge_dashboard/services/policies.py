"""The policies that a service brings along: in order, added, moved, changed and taken away."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from tollbridge.browsing import field_of, read_form
from tollbridge.browsing import gettext as _
from tollbridge.browsing import gettext_noop as N_
from tollbridge.screens import Field, Form, Pages, Refused
from tollbridge_dashboard.services.common import draft_of, see
from tollbridge_dashboard.services.endpoints import read_object

_SAID = {
    "added": N_("The draft has the policy. It is run from the next release on."),
    "changed": N_("The draft has the policy so from now on. It is run from the next release on."),
    "removed": N_("The draft has the policy no more. What serves keeps it until another release is published."),
    "moved": N_("The order of the draft's policies is changed."),
}
_OPTIONS = Field(
    name="options",
    label=N_("Options"),
    kind="area",
    rows=6,
    begin="{}",
    hint=N_("A JSON object; which there are is said by the policy's documentation."),
    api="draft.policies",
)
_FIELDS = (
    Field(name="policy", label=N_("Policy"), hint=N_("The name it is registered under, such as masking.")),
    _OPTIONS,
)


class Policies:
    """The tab, and its forms."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    async def show(self, request: Request) -> Response:
        """Show them in the order in which a call passes them."""
        return await self._show(request, Form.read(_FIELDS, {}, posted=False))

    async def add(self, request: Request) -> Response:
        """Add one at the end, which is the innermost."""
        typed = await read_form(request)
        form, name = Form.read(_FIELDS, typed, posted=True), field_of(typed, "policy").strip()
        options = read_object(field_of(typed, "options"), form, "options")
        draft = (await draft_of(self._pages, request))[0]
        if not name:
            form.errors["policy"] = _("Say which policy.")
        elif name in draft["policies"]:
            form.errors["policy"] = _("The draft has this policy already.")
        if form.is_wrong:
            return await self._show(request, form)
        return await self._put(request, form, typed, {**draft["policies"], name: options}, "added")

    async def edit(self, request: Request) -> Response:
        """Show the options of one."""
        draft, _problems, tag = await draft_of(self._pages, request)
        options = json.dumps(_found(request, draft["policies"]), indent=2, ensure_ascii=False)
        return await self._form(request, Form.read((_OPTIONS,), {"options": [options]}, posted=True), tag)

    async def change(self, request: Request) -> Response:
        """Give one other options."""
        typed = await read_form(request)
        form = Form.read((_OPTIONS,), typed, posted=True)
        draft = (await draft_of(self._pages, request))[0]
        _found(request, draft["policies"])
        options = read_object(field_of(typed, "options"), form, "options")
        if options is None:
            return await self._form(request, form, field_of(typed, "tag"))
        wish = {"draft": {"policies": {**draft["policies"], request.path_params["policy"]: options}}}
        try:
            await self._patch(request, wish, field_of(typed, "tag"))
        except Refused as exc:
            form.refuse(exc)
            return await self._form(request, form, field_of(typed, "tag"))
        return self._back(request, "changed")

    async def remove(self, request: Request) -> Response:
        """Take one away."""
        typed, policies = await read_form(request), (await draft_of(self._pages, request))[0]["policies"]
        _found(request, policies)
        kept = {name: one for name, one in policies.items() if name != request.path_params["policy"]}
        return await self._put(request, Form.read(_FIELDS, {}, posted=False), typed, kept, "removed")

    async def raise_one(self, request: Request) -> Response:
        """Have one run around the one before it."""
        typed, policies = await read_form(request), (await draft_of(self._pages, request))[0]["policies"]
        _found(request, policies)
        names = list(policies)
        at = names.index(request.path_params["policy"])
        if at:
            names[at - 1], names[at] = names[at], names[at - 1]
        wished = {name: policies[name] for name in names}
        return await self._put(request, Form.read(_FIELDS, {}, posted=False), typed, wished, "moved")

    async def _put(
        self, request: Request, form: Form, typed: Mapping[str, list[str]], policies: Mapping[str, Any], said: str
    ) -> Response:
        try:
            await self._patch(request, {"draft": {"policies": policies}}, field_of(typed, "tag"))
        except Refused as exc:
            form.refuse(exc)
            return await self._show(request, form)
        return self._back(request, said)

    async def _patch(self, request: Request, wish: object, tag: str) -> None:
        await self._pages.asking(request).patch(f"/services/{request.path_params['service']}", wish, tag=tag)

    def _back(self, request: Request, said: str) -> Response:
        return self._pages.back(request, f"/services/{request.path_params['service']}/policies", said=said)

    async def _show(self, request: Request, form: Form) -> Response:
        seen = await see(self._pages, request, "/policies")
        draft, problems, tag = await draft_of(self._pages, request)
        everywhere = await self._pages.asking(request).send("GET", "/policies")
        return self._pages.render(
            request,
            "service_policies.html",
            status=400 if form.is_wrong else 200,
            **{**seen, "tag": tag},
            policies=[(name, options, _wrong(problems, name)) for name, options in draft["policies"].items()],
            problems=[one for one in problems if one.field == "policies"],
            everywhere=everywhere.value["policies"] if everywhere.status == 200 else None,
            form=form,
            said=self._pages.told(request, _SAID),
        )

    async def _form(self, request: Request, form: Form, tag: str) -> Response:
        seen = await see(self._pages, request, "/policies")
        policy = request.path_params["policy"]
        return self._pages.render(
            request,
            "form_page.html",
            status=400 if form.is_wrong else 200,
            nav=seen["nav"],
            heading=N_("Options of a policy"),
            about=N_("What this policy of the draft is to do."),
            form=form,
            tag=tag,
            action=f"{seen['base']}/policies/{quote(policy, safe='')}",
            up=(f"{seen['base']}/policies", policy),
            button=N_("Save draft"),
        )


def _found(request: Request, policies: Mapping[str, Any]) -> Any:
    """Give the options of the policy that the path names; raises `HTTPException` where there is none."""
    if request.path_params["policy"] not in policies:
        raise HTTPException(404)
    return policies[request.path_params["policy"]]


def _wrong(problems: list[Any], name: str) -> list[Any]:
    return [one for one in problems if one.is_of(f"policies/{name}")]
