"""Services at a gateway: their drafts, whose they are, and how they end.  Their releases are in `releasing`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tollbridge import SystemClock
from tollbridge.cli.asking import Asking
from tollbridge_ascode.comparing import Differing, Fields, compared
from tollbridge_ascode.objects import Found, Outcome, got, matching, moment_of, moment_said
from tollbridge_ascode.seeing import AT, Seen, place
from tollbridge_ascode.shapes import BadDocument, Document, named
from tollbridge_ascode.specs import YES_OR_NO, Deprecation, ServiceSpec

RETIRE, DROP = "retire", "drop"
"""How a service ends: one that served is retired, one that never did is forgotten."""
_OVER = ("retired",)


@dataclass(frozen=True, slots=True)
class Course:
    """What is to become of a service: whose it is, its draft's changes, and whether it is said to end.

    `ending` is what is said of its end otherwise, `pause` what is said otherwise of whether it is paused.
    """

    found: Found | None
    team: bool = False
    draft: Sequence[Differing] = ()
    ending: Sequence[Differing] = ()
    pause: Sequence[Differing] = ()

    @property
    def serves(self) -> bool:
        """Whether something serves now."""
        return self.found is not None and bool(self.found.fields["live"])


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
        return Course(None, ending=_ending(document, {}), pause=_pause(document, {}))
    if found.fields["kind"] != spec.type:
        kind = found.fields["kind"]
        raise BadDocument(f"{document.where}: {document.name} is of the type {kind!r} and stays one, not {spec.type!r}")
    if found.fields["state"] in _OVER:
        raise BadDocument(f"{document.where}: the service {document.name} is retired; name another slug")
    draft = compared(api.ask("GET", f"{place(document.name)}/draft")["draft"], named(spec)["design"], "design.")
    there = found.fields
    return Course(found, there["team"] != spec.team, draft, _ending(document, there), _pause(document, there))


def _ending(document: Document, fields: Fields) -> list[Differing]:
    """Say what a document says otherwise of the end of its service; raises `BadDocument` for one that has passed."""
    wanted, there = document.spec.deprecated, deprecation_of(fields)
    if wanted == there:
        return []
    if wanted is None:
        return [Differing("deprecated", "yes", "no")]
    if wanted.sunset_at is not None and wanted.sunset_at <= SystemClock().now():
        raise BadDocument(
            f"{document.where}: the end of {document.name} that sunset_at says lies in the past; name another, or "
            "retire the service and take the document away"
        )
    before = there or Deprecation()
    ends = Differing("deprecated.sunset_at", moment_said(before.sunset_at), moment_said(wanted.sunset_at))
    successor = Differing("deprecated.successor", before.successor, wanted.successor)
    begun = [] if there is not None else [Differing("deprecated", "no", "yes")]
    return [*begun, *(one for one in (ends, successor) if one.before != one.after)]


def _pause(document: Document, fields: Fields) -> list[Differing]:
    """Say what a document says otherwise of whether its service is paused, and why; nothing where it says nothing."""
    wanted, there = document.spec.paused, pause_of(fields)
    if isinstance(wanted, str):
        wanted = wanted.strip() or True  # as the gateway keeps it
    if wanted is None or wanted == there:
        return []
    return [Differing("paused", _said(there), _said(wanted))]


def _said(paused: bool | str) -> str:
    return paused if isinstance(paused, str) and paused else "no" if paused is False else "yes"


def pause_of(fields: Fields) -> bool | str:
    """Give whether a service is paused: for which reason, where one was given that a document can say."""
    why: str = fields["paused_why"] if fields.get("paused_at") else ""
    return bool(fields.get("paused_at")) if not why or why.lower() in YES_OR_NO else why


def deprecation_of(fields: Fields) -> Deprecation | None:
    """Give what is said of the end of a service, None for nothing."""
    if not fields.get("deprecated_at"):
        return None
    return Deprecation(sunset_at=moment_of(fields["sunset_at"]), successor=fields["successor"] or "")


def draft_of(document: Document) -> dict[str, Any]:
    """Give the draft of a document as a patch that puts it in place of what is there: what is nothing is null."""
    design = named(document.spec)["design"]
    return {name: None if value in ("", [], {}) and name != "definition" else value for name, value in design.items()}


def make(api: Asking, document: Document, seen: Seen) -> Outcome:
    """Begin a service; says what is doubtful about its draft."""
    spec: ServiceSpec = document.spec
    draft = {name: value for name, value in draft_of(document).items() if value is not None}
    seen.begin(api, {"slug": document.name, "kind": spec.type, "team": spec.team, "draft": draft})
    return Outcome(notes=doubts_about(api, document.name))


def change(api: Asking, document: Document, course: Course, seen: Seen) -> Outcome:
    """Change the draft of a service, or whose it is; says whom that concerns, and what is doubtful about the draft."""
    patch: dict[str, Any] = {"draft": draft_of(document)} if course.draft else {}
    if course.team:
        patch["team"] = document.spec.team or None
    concerned = seen.change(api, "PATCH", wish=patch)["notes"]
    return Outcome(notes=[*concerned, *(doubts_about(api, document.name) if course.draft else ())])


def doubts_about(api: Asking, slug: str) -> Sequence[str]:
    """Say what is doubtful about the draft of a service, such as a secret that it names and that is not there."""
    problems = api.ask("GET", f"{place(slug)}/draft")["problems"]
    return [f"{one['field']}: {one['message']}".lstrip(": ") for one in problems if one["warning"]]


def keep(api: Asking, document: Document, seen: Seen) -> None:
    """Take back that a service will end."""
    seen.change(api, "POST", "/keep")


def deprecate(api: Asking, document: Document, seen: Seen) -> None:
    """Tell callers that a service will end."""
    said: Deprecation = document.spec.deprecated
    wish = {"sunset_at": moment_said(said.sunset_at), "successor": said.successor}
    seen.change(api, "POST", "/deprecate", wish)


def pause(api: Asking, document: Document, seen: Seen) -> None:
    """Let nothing of a service be served for a while."""
    why = document.spec.paused
    seen.change(api, "POST", "/pause", {"why": why if isinstance(why, str) else ""})


def resume(api: Asking, document: Document, seen: Seen) -> None:
    """Let what is published of a service be served again."""
    seen.change(api, "POST", "/resume")


@dataclass(frozen=True, slots=True)
class End:
    """How a service that is there ends."""

    found: Found
    how: str


def end_of(api: Asking, fields: Fields) -> End:
    """Say how a service ends: one that served is retired, also where nothing of it does now, any other is forgotten."""
    at = place(fields["slug"])
    found = got(api, at) or Found(fields)
    served = found.fields["live"] or any(one["published_at"] for one in api.items(f"{at}/releases"))
    return End(found, RETIRE if served else DROP)


def end(api: Asking, ending: End) -> None:
    """End a service, if nobody changed it since it was looked at."""
    api.ask("POST", f"{place(ending.found.fields['slug'])}/{ending.how}", headers=matching(ending.found))


def rests(api: Asking, slug: str) -> bool:
    """Whether a service is there, and nothing of it serves yet."""
    found = got(api, place(slug))
    return found is not None and not found.fields["live"] and found.fields["state"] not in _OVER
