"""The page of one application, and what is done to it: switched, given to another team, ended."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tollbridge import Need, Page
from tollbridge.browsing import field_of, read_form
from tollbridge.browsing import gettext as _
from tollbridge.browsing import gettext_noop as N_
from tollbridge.pagemodel import Row
from tollbridge.screens import BRIDGE, Asking, Cell, Field, Form, Pages, Refused, cells, viewer
from tollbridge_dashboard.deeds import Deed, asked_first
from tollbridge_dashboard.states import state
from tollbridge_dashboard.teams_offered import asking_for, choices, teams_offered
from tollbridge_dashboard.token_rows import at

READ, WRITE = "admin:applications:read", "admin:applications:write"
APPLICATIONS = "/applications"
SAID = {
    "made": N_("The application is there. A token and a subscription come next."),
    "changed": N_("The change holds from now on."),
    "disabled": N_("No token of it is let across any more."),
    "enabled": N_("Its tokens are let across again."),
    "ended": N_("The application and its tokens have ended."),
    "given": N_("It is of that team now, which bounds it from now on."),
    "cancelled": N_("It calls that service no more."),
}
RANGES = {"1": N_("24 h"), "7": N_("7 d"), "30": N_("30 d")}
_SERVICE_PAGES = (("/services", "/services"), ("/catalogue/services", "/portal/services"))
"""Where a service is asked for, and the page that shows it to whoever is answered there."""
_SUBSCRIPTIONS = "admin:subscriptions"
_MOST = 50
_PATH = f"{APPLICATIONS}/{{id}}"
_OF: dict[str, Any] = {
    "about": _PATH,
    "title": lambda one: one["name"],
    "nav": APPLICATIONS,
    "up": _PATH,
    "then": _PATH,
}
_DEEDS = (
    Deed(
        path=f"{_PATH}/disable",
        call=f"{_PATH}/disable",
        heading=N_("Disable an application"),
        warning=N_("All of its tokens are off at once, until it is enabled."),
        button=N_("Disable"),
        said="disabled",
        **_OF,
    ),
    Deed(
        path=f"{_PATH}/enable",
        call=f"{_PATH}/enable",
        heading=N_("Enable an application"),
        warning=N_("What was disabled with it is let across again at once."),
        button=N_("Enable"),
        said="enabled",
        **_OF,
    ),
    Deed(
        path=f"{_PATH}/end",
        call=f"{_PATH}/end",
        heading=N_("End an application"),
        warning=N_("All of its tokens and subscriptions end with it, at once and for good."),
        button=N_("End it for good"),
        said="ended",
        typed=True,
        **_OF,
    ),
)
_CANCEL = Deed(
    path=f"{_PATH}/subscriptions/{{subscription}}/cancel",
    call="/subscriptions/{subscription}/cancel",
    heading=N_("Cancel a subscription"),
    warning=N_("No call of the application to that service is let in from then on."),
    button=N_("Cancel it"),
    said="cancelled",
    **_OF,
)


def standing(name: str) -> Cell:
    """Write how an application stands."""
    return state("ended" if name == "revoked" else name)


class OneApplication:
    """The pages of one application."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def deeds(self) -> Sequence[Page]:
        """Give the pages of what is done to it."""
        sure, whole = Need(WRITE, proved=True), Need(WRITE, whole=True, proved=True)
        ways = [page for deed in _DEEDS for page in asked_first(self._pages, deed, sure)]
        cancel = asked_first(self._pages, _CANCEL, Need(f"{_SUBSCRIPTIONS}:write", proved=True))
        give = (
            Page("GET", f"{_PATH}/transfer", self.ask_transfer, whole),
            Page("POST", f"{_PATH}/transfer", self.transfer, whole),
        )
        return (*ways, *cancel, *give)

    async def show(self, request: Request) -> Response:
        """Show it: its tokens, what it subscribes to, and what it called."""
        who, asking = viewer(request), self._pages.asking(request)
        one = await asking.get(_at(request))
        days = request.query_params.get("days", "")
        days = days if days in RANGES else "7"
        now = self._pages.gateway.clock.now()
        since = (now - timedelta(days=int(days))).isoformat()
        step = "hour" if days == "1" else "day"
        sees = who.reaches(f"{_SUBSCRIPTIONS}:read", one["team"])
        return self._pages.render(
            request,
            "application.html",
            nav=APPLICATIONS,
            one=one,
            state=standing(one["state"]),
            at=at,
            live=one["state"] != "revoked",
            may=who.reaches(WRITE, one["team"]) and one["state"] != "revoked",
            gives=BRIDGE in who.teams(WRITE),
            cancels=who.reaches(f"{_SUBSCRIPTIONS}:write", one["team"]),
            sees_tokens=who.reaches("admin:tokens:read", one["team"]),
            tokens=await asking.get(f"{_at(request)}/tokens", limit=_MOST),
            subscriptions=await self._subscriptions(asking, one) if sees else None,
            usage=_use(await asking.get(f"{_at(request)}/usage", **{"from": since, "step": step})),
            days=days,
            ranges=RANGES,
            stand=state,
            token_state=state,
            said=self._pages.told(request, SAID),
        )

    async def ask_transfer(self, request: Request) -> Response:
        """Ask which team it is to be given to."""
        reply = await self._pages.asking(request).send("GET", _at(request))
        form = Form.read(await self._teams(request), {"team": [reply.value["team"]]}, posted=True)
        return self._transfer(request, reply.value, form, reply.tag)

    async def transfer(self, request: Request) -> Response:
        """Give it to that team."""
        one, typed = await self._pages.asking(request).get(_at(request)), await read_form(request)
        form, tag = Form.read(await self._teams(request), typed, posted=True), field_of(typed, "tag")
        try:
            asking = asking_for(self._pages, request, WRITE, one["team"])
            await asking.post(f"{_at(request)}/transfer", {"team": form.text("team")}, tag=tag)
        except Refused as exc:
            form.refuse(exc)
            return self._transfer(request, one, form, tag)
        return self._pages.back(request, _at(request), said="given")

    async def _teams(self, request: Request) -> Sequence[Field]:
        teams = choices(await teams_offered(self._pages, request, WRITE))
        return (Field(name="team", label=N_("Team"), kind="choice", choices=teams),)

    def _transfer(self, request: Request, one: Row, form: Form, tag: str) -> Response:
        return self._pages.render(
            request,
            "form_page.html",
            status=400 if form.is_wrong else 200,
            nav=APPLICATIONS,
            heading=N_("Give an application to another team"),
            about=N_("That team bounds what it may do from then on; its tokens and subscriptions go with it."),
            up=(_at(request), one["name"]),
            form=form,
            tag=tag,
            action=f"{_at(request)}/transfer",
            button=N_("Give it"),
        )

    async def _subscriptions(self, asking: Asking, one: Row) -> Sequence[Row]:
        """Find what it subscribes to, with the slug and a page of each service that whoever looks may see."""
        found = (await asking.get("/subscriptions", application=one["id"], limit=_MOST))["items"]
        services = {id: await _seen(asking, id) for id in dict.fromkeys(row["service"] for row in found)}
        return [{**row, **services[row["service"]]} for row in found]


async def _seen(asking: Asking, service: str) -> Mapping[str, str]:
    """Give the slug of a service and its page: its own, else the portal's; empty for who may see neither."""
    for call, page in _SERVICE_PAGES:
        with suppress(Refused):
            slug = (await asking.get(f"{call}/{service}"))["slug"]
            return {"slug": slug, "page": f"{page}/{slug}"}
    return {"slug": "", "page": ""}


def _at(request: Request) -> str:
    return f"{APPLICATIONS}/{request.path_params['id']}"


def _use(found: Row) -> Mapping[str, Any]:
    """Give what an application called as the page shows it: sums, the services, and how calls went wrong."""
    sums = found["totals"]
    cost = Decimal(sums["toll_usd"]) + Decimal(sums["model_cost_usd"])
    figures = (
        (_("Calls"), cells.number(sums["calls"])),
        (_("Failed"), cells.number(sums["failed"])),
        (_("Refused"), cells.number(sums["refused"])),
        (_("Cost"), cells.money(f"{cost:f}")),
        (_("Latency p95"), cells.milliseconds(sums["latency_p95_ms"])),
    )
    services = [
        (one["service"], cells.number(one["calls"]), cells.number(one["failed"]), cells.money(one["cost_usd"]))
        for one in found["services"]
    ]
    return {"figures": figures, "services": services, "failures": found["failures"], "calls": sums["calls"]}
