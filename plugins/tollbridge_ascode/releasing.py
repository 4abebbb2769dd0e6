"""Releases of services at a gateway: made as documents say, and let serve."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from tollbridge import SetupError, SystemClock
from tollbridge.cli.asking import Asking, Refused
from tollbridge_ascode.comparing import Fields, compared
from tollbridge_ascode.objects import Found, Outcome, moment_of, moment_said
from tollbridge_ascode.seeing import Seen, place
from tollbridge_ascode.shapes import BadDocument, Document, named
from tollbridge_ascode.specs import ServiceSpec

PUBLISH, PROMOTE, SCHEDULE = "publish", "promote", "schedule"
"""How a release comes to serve."""
APPROVAL = "approval"
"""What a release waits for that is in review."""
MOST_SAID = 5
"""What is wrong with a release that is named."""
_CONFLICT = 409


@dataclass(frozen=True, slots=True)
class Way:
    """What is to become of the release of a document.

    `make`: there is none yet. `serve` is how it comes to serve, empty where it does or is not to. `number` is that of
    one that is there, which `waits` where it is in review; `scheduled` is the time it is scheduled for. `later`:
    nothing serves before its time. `others` are scheduled, and would take its place.
    """

    make: bool = False
    serve: str = ""
    number: int = 0
    waits: bool = False
    scheduled: str | None = None
    later: bool = False
    others: Sequence[Fields] = ()


def way_of(api: Asking, document: Document, found: Found | None) -> Way:
    """Say what is to become of a release; raises `BadDocument` for what cannot."""
    spec: ServiceSpec = document.spec
    if not spec.version:
        return Way()
    releases = [] if found is None else list(api.items(f"{place(document.name)}/releases"))
    return replace(_way(api, document, found, releases), others=_others(spec, releases))


def _others(spec: ServiceSpec, releases: Sequence[Fields]) -> Sequence[Fields]:
    """Give the releases that are scheduled to take the place of the one that a document publishes."""
    if not spec.publish or spec.beside:
        return ()
    return [one for one in releases if one["state"] == "scheduled" and one["version"] != spec.version]


def _way(api: Asking, document: Document, found: Found | None, releases: Sequence[Fields]) -> Way:
    spec: ServiceSpec = document.spec
    wanted = named(spec)["design"]
    later = _lies_ahead(spec.publish_at) and not (found is not None and found.fields["live"])
    default = next((one for one in releases if one["default"]), None)
    if default is not None and not compared(design_of(api, document.name, default), wanted):
        return Way()
    same = next((one for one in releases if one["version"] == spec.version), None)
    if same is None:
        serve = SCHEDULE if _lies_ahead(spec.publish_at) else PUBLISH
        return Way(make=True, serve=serve if spec.publish else "", later=later)
    differs = compared(design_of(api, document.name, same), wanted, "design.")
    if differs:
        known = f", digest {same['digest'][:12]}"
        raise BadDocument(
            f"{_named(document, same, known)} of which {differs[0].path} is not as the document says; "
            "name another version"
        )
    if not spec.publish:
        return Way(number=same["number"])
    serve = _serving(document, same)
    scheduled = same["publish_at"] if same["state"] == "scheduled" else None
    return Way(False, serve, same["number"], same["state"] == "review", scheduled, later)


def _serving(document: Document, release: Fields) -> str:
    """Say how a release that is there comes to serve as its document says, empty where it does or will."""
    spec: ServiceSpec = document.spec
    state = release["state"]
    if state == "refused":
        why = release["decided_why"] or "no reason was given"
        raise BadDocument(f"{_named(document, release)} that was refused: {why}; name another version")
    if state == "failed":
        raise BadDocument(
            f"{_named(document, release)} that failed: name another version, or let it serve all the same by "
            f"`tollbridge service publish {document.name} {release['number']}`"
        )
    ahead = _lies_ahead(spec.publish_at)
    if state == "live":
        return "" if ahead or spec.beside else PROMOTE
    if not ahead:
        return PUBLISH
    if state == "superseded":
        raise BadDocument(
            f"{_named(document, release)} that served before, and such a one is published at once: leave out "
            "publish_at, or name another version"
        )
    return "" if state == "scheduled" and moment_of(release["publish_at"]) == spec.publish_at else SCHEDULE


def _lies_ahead(moment: datetime | None) -> bool:
    return moment is not None and moment > SystemClock().now()


def _named(document: Document, release: Fields, more: str = "") -> str:
    """Begin a sentence about a release."""
    return f"{document.where}: {document.name} has a release {release['version']} (number {release['number']}{more})"


def design_of(api: Asking, slug: str, release: Fields) -> Mapping[str, Any]:
    """Give what a release is made of."""
    design: Mapping[str, Any] = api.ask("GET", f"{place(slug)}/releases/{release['number']}")["design"]
    return design


def make(api: Asking, document: Document, seen: Seen) -> int:
    """Make a release of the draft; gives its number."""
    wish = {"version": document.spec.version, "note": document.spec.note}
    number: int = seen.move(api, "/releases", wish)["number"]
    return number


def unschedule(api: Asking, number: int, seen: Seen) -> None:
    """Have a release not published by itself any more."""
    seen.move(api, f"/releases/{number}/unschedule", {})


def prove(api: Asking, document: Document, number: int) -> None:
    """Try a release, unless its last trial was passed; raises `SetupError` where it does not pass."""
    at = f"{place(document.name)}/releases/{number}"
    kept = api.ask("GET", f"{at}/evaluations")["items"]
    if kept and kept[0]["passed"]:
        return
    found = api.ask("POST", f"{at}/prove")
    if not found["evaluation"]["passed"]:
        said = [f"{one['field']}: {one['message']}".lstrip(": ") for one in found["problems"]]
        raise SetupError(f"it did not pass: {'; '.join(said[:MOST_SAID])}")


def serve(api: Asking, document: Document, way: Way, number: int, seen: Seen) -> Outcome:
    """Let a release serve, now or at its time, or ask for the approval that this needs."""
    spec: ServiceSpec = document.spec
    at, why = f"/releases/{number}", {"why": spec.note}
    wish: dict[str, Any] = dict(why)
    if way.serve == SCHEDULE:
        wish["at"] = moment_said(spec.publish_at)
        if way.scheduled is not None:
            seen.move(api, f"{at}/unschedule", why)
    elif way.serve == PUBLISH:
        wish["beside"] = spec.beside
    try:
        seen.move(api, f"{at}/{way.serve}", wish)
    except Refused as exc:
        if exc.status != _CONFLICT or api.ask("GET", f"{seen.at}{at}")["state"] != "review":
            if exc.code != "review_needed":
                raise
            seen.move(api, f"{at}/submit", why)
        return Outcome(APPROVAL)
    return Outcome()
