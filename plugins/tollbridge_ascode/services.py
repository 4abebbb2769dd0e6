"""Services at a gateway: their drafts, releases, and which of these serves."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from tollbridge import SetupError
from tollbridge.cli.asking import Asking, Refused
from tollbridge_ascode.objects import Differing, Fields, Found, compared, got, matching
from tollbridge_ascode.shapes import BadDocument, Document, ServiceSpec, named

AT = "/services"
_OVER = ("retired",)
_CONFLICT = 409
APPROVAL = "approval"
"""What a release waits for that is in review."""
MOST_SAID = 5
"""What is wrong with a release that is named."""


@dataclass(frozen=True, slots=True)
class Course:
    """What is to become of a service: its draft's changes, a release to be made, one to be published.

    `release` and `publish` are versions, empty for none. `number` is that of a release that is there, which `waits`
    where it is in review.
    """

    found: Found | None
    team: bool = False
    draft: Sequence[Differing] = ()
    release: str = ""
    publish: str = ""
    number: int = 0
    waits: bool = False

    @property
    def rests(self) -> bool:
        """Whether nothing is to be done."""
        return self.found is not None and not (self.team or self.draft or self.release or self.publish)


def every(api: Asking) -> Iterator[Fields]:
    """Give all services that have not ended."""
    for one in api.items(AT):
        if one["state"] not in _OVER:
            yield one


def course_of(api: Asking, document: Document) -> Course:
    """Say what is to become of a service; raises `BadDocument` for what cannot."""
    spec: ServiceSpec = document.spec
    found = got(api, place(document.name))
    if (spec.publish or spec.note) and not spec.version:
        raise BadDocument(f"{document.where}: {document.name} names no version, which each release needs")
    if found is None:
        return Course(None, release=spec.version, publish=spec.version if spec.publish else "")
    if found.fields["kind"] != spec.type:
        kind = found.fields["kind"]
        raise BadDocument(f"{document.where}: {document.name} is of the type {kind!r} and stays one, not {spec.type!r}")
    if found.fields["state"] in _OVER:
        raise BadDocument(f"{document.where}: the service {document.name} is retired; name another slug")
    wanted = named(spec)["design"]
    draft = compared(api.ask("GET", f"{place(document.name)}/draft")["draft"], wanted, "design.")
    more = _releases(api, document, found, wanted)
    return Course(found, team=found.fields["team"] != spec.team, draft=draft, **more)


def _releases(api: Asking, document: Document, found: Found, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Say which release is to be made, and which is to serve."""
    spec: ServiceSpec = document.spec
    if not spec.version:
        return {}
    releases = list(api.items(f"{place(document.name)}/releases"))
    live = next((one for one in releases if one["id"] == found.fields["live"]), None)
    if live is not None and not compared(_design(api, document.name, live), wanted):
        return {}
    same = next((one for one in releases if one["version"] == spec.version), None)
    if same is None:
        return {"release": spec.version, "publish": spec.version if spec.publish else ""}
    differs = compared(_design(api, document.name, same), wanted, "design.")
    if differs:
        raise BadDocument(
            f"{document.where}: {document.name} has a release {spec.version} (number {same['number']}, digest "
            f"{same['digest'][:12]}) of which {differs[0].path} is not as the document says; name another version"
        )
    if spec.publish and same["state"] == "refused":
        raise BadDocument(
            f"{document.where}: {document.name} has a release {spec.version} (number {same['number']}) that was "
            f"refused: {same['decided_why'] or 'no reason was given'}; name another version"
        )
    publish = spec.version if spec.publish else ""
    return {"publish": publish, "number": same["number"], "waits": bool(publish) and same["state"] == "review"}


def _design(api: Asking, slug: str, release: Fields) -> Mapping[str, Any]:
    design: Mapping[str, Any] = api.ask("GET", f"{place(slug)}/releases/{release['number']}")["design"]
    return design


def draft_of(document: Document) -> dict[str, Any]:
    """Give the draft of a document as a patch that puts it in place of what is there: what is nothing is null."""
    design = named(document.spec)["design"]
    return {name: None if value in ("", [], {}) and name != "definition" else value for name, value in design.items()}


def make(api: Asking, document: Document) -> None:
    """Begin a service."""
    spec: ServiceSpec = document.spec
    draft = {name: value for name, value in draft_of(document).items() if value is not None}
    api.ask("POST", AT, {"slug": document.name, "kind": spec.type, "team": spec.team, "draft": draft})


def change(api: Asking, document: Document, course: Course) -> None:
    """Change the draft of a service, or whose it is."""
    patch: dict[str, Any] = {"draft": draft_of(document)} if course.draft else {}
    if course.team:
        patch["team"] = document.spec.team or None
    found = course.found
    api.ask("PATCH", place(document.name), patch, headers={} if found is None else matching(found))


def release(api: Asking, document: Document) -> int:
    """Make a release of the draft; gives its number."""
    wish = {"version": document.spec.version, "note": document.spec.note}
    number: int = api.ask("POST", f"{place(document.name)}/releases", wish)["number"]
    return number


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


def publish(api: Asking, document: Document, number: int) -> str:
    """Let a release serve, or ask for the approval that this needs.  Gives what is waited for, empty for nothing."""
    at, why = f"{place(document.name)}/releases/{number}", {"why": document.spec.note}
    try:
        api.ask("POST", f"{at}/publish", why)
    except Refused as exc:
        if exc.status != _CONFLICT or api.ask("GET", at)["state"] != "review":
            if exc.code != "review_needed":
                raise
            api.ask("POST", f"{at}/submit", why)
        return APPROVAL
    return ""


def end(api: Asking, fields: Fields) -> None:
    """End a service: one that never served is forgotten, any other is retired."""
    api.ask("POST", f"{place(fields['slug'])}/{'retire' if fields['live'] else 'drop'}")


def place(slug: str) -> str:
    """Give where a service is."""
    return f"{AT}/{quote(slug, safe='')}"
