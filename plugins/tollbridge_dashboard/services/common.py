"""What all pages about services share: paths, words for kinds and states, and what whoever looks may do."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from tollbridge.browsing import gettext as _
from tollbridge.browsing import gettext_noop as N_
from tollbridge.screens import Cell, Pages, cells, viewer

READ, WRITE = "admin:services:read", "admin:services:write"
PUBLISH = "admin:publishing:write"
SUBSCRIBERS, DECIDES = "admin:subscriptions:read", "admin:subscriptions:write"
ALL = "/services"
ONE = f"{ALL}/{{service}}"
PROMPT = "prompt"

KINDS = {
    "rest": N_("REST API"),
    "prompt": N_("Prompt API"),
    "app": N_("Wrapped app"),
    "mcp": N_("MCP server"),
    "model": N_("Model route"),
}
STATES = {
    "draft": (N_("Draft"), "off"),
    "review": (N_("In review"), "info"),
    "published": (N_("Published"), "ok"),
    "deprecated": (N_("Deprecated"), "warn"),
    "retired": (N_("Retired"), "bad"),
}
RELEASES = {
    "made": (N_("Made"), "off"),
    "review": (N_("In review"), "info"),
    "refused": (N_("Refused"), "bad"),
    "approved": (N_("Approved"), "info"),
    "scheduled": (N_("Scheduled"), "info"),
    "live": (N_("Live"), "ok"),
    "superseded": (N_("Superseded"), "off"),
    "failed": (N_("Failed"), "bad"),
}
_TABS = (
    ("", N_("Overview")),
    ("/endpoints", N_("Endpoints")),
    ("/policies", N_("Policies")),
    ("/access", N_("Access")),
    ("/versions", N_("Versions")),
    ("/lifecycle", N_("Lifecycle")),
    ("/docs", N_("Docs")),
    ("/settings", N_("Settings")),
)


@dataclass(frozen=True, slots=True)
class Rights:
    """What somebody may do with a service of a team."""

    writes: bool
    publishes: bool
    sees_subscribers: bool
    decides: bool


@dataclass(frozen=True, slots=True)
class Problem:
    """What keeps a draft from being published, or is doubtful: in which field, with slashes between levels."""

    field: str
    message: str
    warning: bool

    def is_of(self, *fields: str) -> bool:
        """Whether it is about one of some fields, or what is in them."""
        return any(self.field == one or self.field.startswith(f"{one}/") for one in fields)


def kind_word(kind: str) -> str:
    """Name a kind; one of a stranger's plugin stands as it is."""
    return _(KINDS[kind]) if kind in KINDS else kind


def service_state(service: Mapping[str, Any]) -> Cell:
    """Write the state of a service; a pause goes before it."""
    if service["paused_at"] and service["state"] != "retired":
        return cells.pill(_("Paused"), "warn", value="paused")
    word, tone = STATES.get(service["state"], (service["state"], "off"))
    return cells.pill(_(word), tone, value=service["state"])


def release_state(release: Mapping[str, Any]) -> Cell:
    """Write the state of a release."""
    word, tone = RELEASES.get(release["state"], (release["state"], "off"))
    return cells.pill(_(word), tone, value=release["state"])


def rights(request: Request, service: Mapping[str, Any]) -> Rights:
    """Say what whoever looks may do with a service; one that is retired stays as it is."""
    who, team, there = viewer(request), service["team"], service["state"] != "retired"
    return Rights(
        writes=there and who.reaches(WRITE, team),
        publishes=there and who.reaches(PUBLISH, team),
        sees_subscribers=who.reaches(SUBSCRIBERS, team),
        decides=who.reaches(DECIDES, team),
    )


def path_of(service: Mapping[str, Any], *more: object) -> str:
    """Give the path of a service's page, or of one below it; `new` is the page that begins one."""
    return "/".join((ALL, service["id"] if service["slug"] == "new" else service["slug"], *map(str, more)))


def tabs_of(service: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Give the tabs of a service: the ends of their paths, and their titles."""
    found = list(_TABS)
    if service["kind"] == PROMPT:
        found.insert(1, ("/prompt", N_("Prompt")))
    return found


async def see(pages: Pages, request: Request, tab: str = "") -> dict[str, Any]:
    """Give what the frame of each page about one service shows; raises `Refused`.

    `tag` is the entity tag of the service, for `If-Match`.
    """
    reply = await pages.asking(request).send("GET", f"/services/{request.path_params['service']}")
    service = reply.value
    return {
        "nav": "/prompts" if service["kind"] == PROMPT else ALL,
        "service": service,
        "state": service_state(service),
        "kind": kind_word(service["kind"]),
        "may": rights(request, service),
        "tabs": tabs_of(service),
        "tab": tab,
        "base": path_of(service),
        "tag": reply.tag,
    }


async def draft_of(pages: Pages, request: Request) -> tuple[dict[str, Any], list[Problem], str]:
    """Give the draft of a service, its problems and the tag with which it is changed; raises `Refused`."""
    reply = await pages.asking(request).send("GET", f"/services/{request.path_params['service']}/draft")
    found = reply.value
    return found["draft"], [Problem(**one) for one in found["problems"]], reply.tag


def prepare(pages: Pages) -> None:
    """Give templates what writes a moment of the API, as a cell."""
    clock = pages.gateway.clock
    pages.environment.globals["time_cell"] = lambda at: cells.time(at, clock.now())
