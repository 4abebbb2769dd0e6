"""Approvals: what waits for whoever looks, and what they decide on."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from tollbridge import Gateway, Need, Page
from tollbridge.attention import DECIDES, TOKEN_ENDING, waiting
from tollbridge.browsing import field_of, read_form
from tollbridge.browsing import gettext as _
from tollbridge.browsing import gettext_noop as N_
from tollbridge.pagemodel import Row
from tollbridge.screens import Asking, Field, Form, Pages, Refused, Viewer, viewer
from tollbridge.screens.waits import collect_waiting
from tollbridge_dashboard.states import state
from tollbridge_dashboard.token_form import ends_at, expiries
from tollbridge_dashboard.token_rows import at

APPROVALS = "/approvals"
SUBSCRIPTIONS = "admin:subscriptions"
ASKED, REVIEWED = "subscription_asked", "release_in_review"
_KINDS = (ASKED, REVIEWED)
"""What is decided on here; all else is only shown."""
_MOST = 200
_SAID = {
    "approved": N_("The application may call the service from now on."),
    "refused": N_("It was refused, and whoever asked is told why."),
}


def make(pages: Pages) -> Sequence[Page]:
    """Give the pages."""
    approvals, one = Approvals(pages), f"{APPROVALS}/subscriptions/{{id}}"
    return (
        Page("GET", APPROVALS, approvals.list),
        Page("GET", one, approvals.show, Need(f"{SUBSCRIPTIONS}:read")),
        Page("POST", one, approvals.decide, Need(f"{SUBSCRIPTIONS}:write")),
    )


async def count(gateway: Gateway, who: Viewer) -> int:
    """Count what somebody is to decide on, invitations of their own too."""
    found = await waiting(gateway, {kind: who.teams(DECIDES[kind]) for kind in _KINDS}, who=who.id, limit=1)
    mine = await gateway.people.invitations.for_address(who.email) if who.email else ()
    return sum(queue.total for queue in found.values()) + len(mine)


class Approvals:
    """The pages about what waits."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    async def list(self, request: Request) -> Response:
        """Show what waits, the longest first: what is to be decided on, and what else needs somebody."""
        kind = request.query_params.get("kind", "")
        found = await self._waiting(request, kind if kind in DECIDES else "")
        waits = await collect_waiting(self._pages.gateway, viewer(request))
        return self._pages.render(
            request,
            "approvals.html",
            nav=APPROVALS,
            decided=[one for one in found if one["kind"] in _KINDS],
            others=[one for one in found if one["kind"] not in _KINDS],
            invitations=waits.invitations if not kind else (),
            invited=waits.invited,
            only=kind if kind in DECIDES else "",
            said=self._pages.told(request, _SAID),
        )

    async def show(self, request: Request) -> Response:
        """Show what an application asked for, and the form to decide on it."""
        one, tag = await self._subscription(request)
        return await self._show(request, one, Form.read(await self._fields(request, one), {}, posted=False), tag)

    async def decide(self, request: Request) -> Response:
        """Approve or refuse it, if it is still as it was read."""
        (one, _tag), typed = await self._subscription(request), await read_form(request)
        form = Form.read(await self._fields(request, one), typed, posted=True)
        tag, what = field_of(typed, "tag"), typed.get("decision", ["approve"])[0]
        if what not in ("approve", "refuse"):
            raise HTTPException(400)
        if what == "refuse" and not form.text("opinion"):
            form.errors["opinion"] = _("Say why, so that whoever asked knows what to change.")
            return await self._show(request, one, form, tag)
        try:
            asking = self._pages.asking(request, team=await self._decider(request, one))
            await asking.post(f"/subscriptions/{one['id']}/{what}", self._body(form, what), tag=tag)
        except Refused as exc:
            form.refuse(exc)
            return await self._show(request, one, form, tag)
        return self._pages.back(request, APPROVALS, said="approved" if what == "approve" else "refused")

    async def _waiting(self, request: Request, kind: str) -> Sequence[Row]:
        """Ask for what waits in each of somebody's teams; what is there twice is shown once."""
        found: dict[tuple[str, str], Row] = {}
        for team, _holder in viewer(request).callers():
            asking = self._pages.asking(request, team=team)
            for one in (await asking.get("/attention", limit=_MOST, kind=kind))["items"]:
                if one["kind"] != TOKEN_ENDING:
                    found.setdefault(
                        (one["kind"], one["id"]), {**one, "since": at(one["since"]), "until": at(one["until"])}
                    )
        return sorted(found.values(), key=lambda one: (one["since"], one["id"]))

    async def _subscription(self, request: Request) -> tuple[Row, str]:
        reply = await self._pages.asking(request).send("GET", f"/subscriptions/{request.path_params['id']}")
        return reply.value, reply.tag

    async def _decider(self, request: Request, one: Row) -> str | None:
        """Say as a member of which team somebody decides: where it waits for them; None where it waits nowhere."""
        for team, _holder in viewer(request).callers():
            found = await self._pages.asking(request, team=team).get("/attention", limit=_MOST, kind=ASKED)
            if one["id"] in [item["id"] for item in found["items"]]:
                return team
        return None

    async def _fields(self, request: Request, one: Row) -> Sequence[Field]:
        asking = self._pages.asking(request)
        plans = await _plans(asking, one)
        chosen = (
            [Field(name="plan", label=N_("Plan"), kind="choice", choices=plans, begin=one["plan"])] if plans else []
        )
        ends = expiries(self._pages.gateway.clock.now())
        return (
            *chosen,
            Field(name="expires", label=N_("Ends"), kind="choice", choices=ends, begin="never", api="expires_at"),
            Field(
                name="opinion",
                label=N_("What you say to it"),
                kind="area",
                rows=3,
                hint=N_("Whoever asked reads it. A refusal needs a reason."),
            ),
        )

    def _body(self, form: Form, what: str) -> Mapping[str, Any]:
        body: dict[str, Any] = {"opinion": form.text("opinion")}
        if what == "approve":
            body["expires_at"] = ends_at(form.text("expires") or "never", self._pages.gateway.clock.now())
            if any(field.name == "plan" for field in form.fields):
                body["plan"] = form.text("plan")
        return body

    async def _show(self, request: Request, one: Row, form: Form, tag: str) -> Response:
        asking = self._pages.asking(request)
        team = await self._decider(request, one)
        application = await asking.send("GET", f"/applications/{one['application']}")
        service = await asking.send("GET", f"/services/{one['service']}")
        named = [item for item in await self._waiting(request, "") if item["id"] == one["id"]]
        return self._pages.render(
            request,
            "approval.html",
            status=400 if form.is_wrong else 200,
            nav=APPROVALS,
            one=one,
            state=state(one["state"]),
            waits=named[0] if named else None,
            application=application.value if application.status == 200 else None,
            service=service.value if service.status == 200 else None,
            may=team is not None and one["state"] == "asked",
            form=form,
            tag=tag,
            at=at,
        )


async def _plans(asking: Asking, one: Row) -> list[tuple[str, str]]:
    """Give the plans of the service to choose from, as the catalogue has them; none where it shows none."""
    service = await asking.send("GET", f"/services/{one['service']}")
    if service.status != 200:
        return []
    shown = await asking.send("GET", f"/catalogue/services/{service.value['slug']}")
    plans = shown.value["plans"] if shown.status == 200 else ()
    return [(plan["name"], plan["title"] or plan["name"]) for plan in plans]
