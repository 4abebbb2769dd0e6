"""Who may call a service: what a caller needs, under which plans, and the applications that subscribe."""

import asyncio
from collections.abc import Sequence
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from tollbridge.browsing import field_of, read_form
from tollbridge.browsing import gettext as _
from tollbridge.browsing import gettext_noop as N_
from tollbridge.screens import Asking, Cell, Field, Form, Pages, Refused, cells
from tollbridge_dashboard.services.common import draft_of, see
from tollbridge_dashboard.services.moments import MOMENT_HINT, moment, shown_moment

STATES = {
    "asked": (N_("Asked for"), "warn"),
    "approved": (N_("Approved"), "ok"),
    "refused": (N_("Refused"), "bad"),
    "cancelled": (N_("Cancelled"), "off"),
    "ended": (N_("Ended"), "off"),
    "expired": (N_("Expired"), "off"),
}
_SAID = {
    "approve": N_("It is approved: the application may call the service."),
    "refuse": N_("It is refused."),
    "end": N_("It has ended: no call of the application that starts now is let in."),
    "changed": N_("The draft is changed. It holds for callers from the next release on."),
}
_PAGE = 50
_WHY = Field(name="opinion", label=N_("Why"), kind="area", rows=3, hint=N_("Who asked for it is told."))
_UNTIL = Field(name="expires_at", label=N_("Until"), kind="moment", hint=MOMENT_HINT)
_ACTS = {
    "approve": (N_("Approve a subscription"), N_("Approve"), ("asked", "approved")),
    "refuse": (N_("Refuse a subscription"), N_("Refuse"), ("asked",)),
    "end": (N_("End a subscription"), N_("End it"), ("approved",)),
}


class Access:
    """The tab, and what is decided there."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    async def show(self, request: Request) -> Response:
        """Show what a caller needs, and who subscribes."""
        seen = await see(self._pages, request, "/access")
        asking, service = self._pages.asking(request), seen["service"]
        draft, problems, _tag = await draft_of(self._pages, request)
        found, following = [], None
        if seen["may"].sees_subscribers:
            asked = {"service": service["id"], "limit": _PAGE, "after": request.query_params.get("after", "")[:200]}
            page = await asking.get("/subscriptions", **asked)
            found, following = page["items"], page["next"]
        names = await application_names(asking, found)
        fields = ("visibility", "access", "approval", "plans", "price_per_call_usd", "limits", "budget")
        return self._pages.render(
            request,
            "service_access.html",
            **seen,
            draft=draft,
            problems=[one for one in problems if one.is_of(*fields)],
            subscriptions=[(one, subscription_state(one), names.get(one["application"], "")) for one in found],
            following=following,
            said=self._pages.told(request, _SAID),
        )

    async def ask(self, request: Request) -> Response:
        """Show the form for a decision."""
        one = await self._see(request)
        begin = {"plan": [one["plan"]], "expires_at": [shown_moment(one["expires_at"])]}
        return await self._form(request, one, Form.read(await self._fields(request, one), begin, posted=False))

    async def decide(self, request: Request) -> Response:
        """Decide."""
        one, act = await self._see(request), request.path_params["act"]
        typed = await read_form(request)
        form = Form.read(await self._fields(request, one), typed, posted=True)
        wish: dict[str, Any] = {"opinion": form.text("opinion")}
        if act == "approve":
            wish |= {"plan": form.text("plan"), "expires_at": moment(form.text("expires_at"))}
        try:
            path = f"/subscriptions/{one['id']}/{act}"
            await self._pages.asking(request).post(path, wish, tag=field_of(typed, "tag"))
        except Refused as exc:
            form.refuse(exc)
            return await self._form(request, one, form)
        return self._pages.back(request, f"/services/{request.path_params['service']}/access", said=act)

    async def _see(self, request: Request) -> dict[str, Any]:
        """Find a subscription of this service; raises `HTTPException` for any other, and for what cannot be done."""
        asking, act = self._pages.asking(request), request.path_params["act"]
        if act not in _ACTS:
            raise HTTPException(404)
        service = await asking.get(f"/services/{request.path_params['service']}")
        reply = await asking.send("GET", f"/subscriptions/{request.path_params['id']}")
        one = dict(reply.value)
        if one["service"] != service["id"]:
            raise HTTPException(404)
        return {**one, "tag": reply.tag}

    async def _fields(self, request: Request, one: dict[str, Any]) -> Sequence[Field]:
        if request.path_params["act"] != "approve":
            return (_WHY,)
        plans = (await draft_of(self._pages, request))[0]["plans"]
        offered = list(dict.fromkeys([*([one["plan"]] if one["plan"] else []), *plans]))
        choices = [(name, name) for name in offered] or [("", _("no plan"))]
        plan = Field(name="plan", label=N_("Plan"), kind="choice", choices=choices)
        return (plan, _UNTIL, _WHY)

    async def _form(self, request: Request, one: dict[str, Any], form: Form) -> Response:
        seen = await see(self._pages, request, "/access")
        names = await application_names(self._pages.asking(request), [one])
        heading, button, _states = _ACTS[request.path_params["act"]]
        return self._pages.render(
            request,
            "service_subscription.html",
            status=400 if form.is_wrong else 200,
            nav=seen["nav"],
            heading=heading,
            one=one,
            state=subscription_state(one),
            name=names.get(one["application"], ""),
            form=form,
            tag=one["tag"],
            action=f"{seen['base']}/subscriptions/{one['id']}/{request.path_params['act']}",
            up=(f"{seen['base']}/access", seen["service"]["name"] or seen["service"]["slug"]),
            button=button,
        )


def subscription_state(one: dict[str, Any]) -> Cell:
    """Write the state of a subscription."""
    word, tone = STATES.get(one["state"], (one["state"], "off"))
    return cells.pill(_(word), tone, value=one["state"])


async def application_names(asking: Asking, subscriptions: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Name applications by their ids, as far as whoever looks may know them; one that asks is named to who decides."""
    ids = list(dict.fromkeys(one["application"] for one in subscriptions))
    replies = await asyncio.gather(*(asking.send("GET", f"/applications/{id}") for id in ids))
    names = {id: reply.value["name"] for id, reply in zip(ids, replies, strict=True) if reply.status == 200}
    unnamed = {one["id"]: one["application"] for one in subscriptions if one["application"] not in names}
    if unnamed:
        waiting = await asking.send("GET", "/attention", query={"kind": "subscription_asked", "limit": 100})
        for one in waiting.value["items"] if waiting.status == 200 else ():
            if one["id"] in unnamed:
                names[unnamed[one["id"]]] = one["name"]
    return names
