"""What can be done to a release and to a service, in words: from which states, by whom, and what it does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tollbridge.browsing import gettext_noop as N_
from tollbridge.screens import Field
from tollbridge_dashboard.services.common import PUBLISH, WRITE, Rights
from tollbridge_dashboard.services.moments import MOMENT_HINT

WHY = Field(name="why", label=N_("Why"), kind="area", rows=3, hint=N_("It stands in the audit log."))
_AT = Field(name="at", label=N_("When"), kind="moment", hint=N_("It is published by itself within seconds of that."))
_SUCCESSOR = Field(
    name="successor", label=N_("What takes its place"), hint=N_("The slug of another service; may stay empty.")
)
_SUNSET = Field(name="sunset_at", label=N_("When it ends"), kind="moment", hint=MOMENT_HINT)
_BESIDE = Field(
    name="beside", label=N_("Beside the one that serves, for callers who ask for this version"), kind="tick"
)
_PROVE = Field(name="prove", label=N_("Run its tests first, on my account, and publish only if it passes"), kind="tick")


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One thing that can be done.  `states` are those of a release, or of a service, from which it goes on."""

    name: str
    title: str
    button: str
    about: str
    said: str
    scope: str
    states: Sequence[str]
    fields: Sequence[Field] = (WHY,)
    sure: bool = False

    def may(self, rights: Rights) -> bool:
        """Whether somebody may do it."""
        return rights.writes if self.scope == WRITE else rights.publishes


RELEASE_MOVES = {
    move.name: move
    for move in (
        Move(
            name="submit",
            title=N_("Submit for review"),
            button=N_("Submit"),
            about=N_("Asks for it to be approved. It waits where those see it who may publish."),
            said=N_("It waits for a review."),
            scope=WRITE,
            states=("made", "refused", "failed"),
        ),
        Move(
            name="approve",
            title=N_("Approve"),
            button=N_("Approve"),
            about=N_("Says that it may be published. It holds for this release alone, until it is withdrawn."),
            said=N_("It is approved and may be published."),
            scope=PUBLISH,
            states=("review",),
        ),
        Move(
            name="refuse",
            title=N_("Refuse"),
            button=N_("Refuse"),
            about=N_("Sends it back. Say why: its author reads it, mends the draft and makes another release."),
            said=N_("It is refused."),
            scope=PUBLISH,
            states=("review",),
        ),
        Move(
            name="publish",
            title=N_("Publish"),
            button=N_("Publish"),
            about=N_(
                "Every call that starts from now on is answered by it, on every worker. Its calls are watched for a "
                "while: where too many fail it is taken back, and the one before serves again."
            ),
            said=N_("It serves from now on, and is watched for a while."),
            scope=PUBLISH,
            states=("made", "approved", "scheduled", "superseded", "failed"),
            fields=(_BESIDE, _PROVE, WHY),
        ),
        Move(
            name="schedule",
            title=N_("Schedule"),
            button=N_("Schedule"),
            about=N_("It is published by itself at a time, as if somebody did it then."),
            said=N_("It is published by itself at its time."),
            scope=PUBLISH,
            states=("made", "approved"),
            fields=(_AT, WHY),
        ),
        Move(
            name="unschedule",
            title=N_("Unschedule"),
            button=N_("Unschedule"),
            about=N_("It is not published by itself any more. An approval stays."),
            said=N_("It is not published by itself any more."),
            scope=PUBLISH,
            states=("scheduled",),
        ),
        Move(
            name="withdraw",
            title=N_("Withdraw"),
            button=N_("Withdraw"),
            about=N_("Asks for its review no more; an approval is gone then too."),
            said=N_("Its review is withdrawn."),
            scope=WRITE,
            states=("review", "approved"),
        ),
        Move(
            name="promote",
            title=N_("Promote"),
            button=N_("Promote"),
            about=N_("It answers whoever asks for no version; the one that did goes on beside it."),
            said=N_("It answers whoever asks for no version."),
            scope=PUBLISH,
            states=("live",),
        ),
        Move(
            name="supersede",
            title=N_("Take away"),
            button=N_("Take it away"),
            about=N_("It serves no more. Callers who ask for its version hear that it is not there."),
            said=N_("It serves no more."),
            scope=PUBLISH,
            states=("live",),
        ),
    )
}
SERVICE_MOVES = {
    move.name: move
    for move in (
        Move(
            name="pause",
            title=N_("Pause"),
            button=N_("Pause"),
            about=N_("No call that starts is answered, of any version. Callers hear 503 and what you write here."),
            said="paused",
            scope=PUBLISH,
            states=("draft", "review", "published", "deprecated"),
            fields=(Field(name="why", label=N_("Why"), kind="area", rows=3, hint=N_("Its callers are told.")),),
        ),
        Move(
            name="resume",
            title=N_("Resume"),
            button=N_("Resume"),
            about=N_("What is published of it is served again."),
            said="resumed",
            scope=PUBLISH,
            states=("draft", "review", "published", "deprecated"),
            fields=(),
        ),
        Move(
            name="deprecate",
            title=N_("Deprecate"),
            button=N_("Deprecate"),
            about=N_(
                "Callers are told that it will end, when, and what takes its place. It serves on until it is retired."
            ),
            said="deprecated",
            scope=PUBLISH,
            states=("published", "deprecated"),
            fields=(_SUNSET, _SUCCESSOR),
        ),
        Move(
            name="keep",
            title=N_("Keep"),
            button=N_("Keep it"),
            about=N_("Takes back that it will end."),
            said="kept",
            scope=PUBLISH,
            states=("deprecated",),
            fields=(),
        ),
        Move(
            name="retire",
            title=N_("Retire"),
            button=N_("Retire it for good"),
            about=N_("Callers hear 410 from now on, for good. Its slug is never given again."),
            said="retired",
            scope=PUBLISH,
            states=("draft", "review", "published", "deprecated"),
            fields=(_SUCCESSOR,),
            sure=True,
        ),
        Move(
            name="drop",
            title=N_("Forget"),
            button=N_("Forget it for good"),
            about=N_("Its draft and its releases are gone for good. One that has served cannot be forgotten."),
            said="dropped",
            scope=WRITE,
            states=("draft", "review"),
            fields=(),
            sure=True,
        ),
    )
}
STEPS = (
    (
        "draft",
        N_("Draft"),
        N_("It is being written. A release is a copy of the draft that nobody changes any more."),
        N_("Who writes services"),
    ),
    (
        "review",
        N_("Review"),
        N_("A release waits for somebody to approve or refuse it, where this gateway asks for that."),
        N_("Who writes submits, who publishes decides"),
    ),
    (
        "published",
        N_("Published"),
        N_("A release answers calls. Another one published in its place takes over at once."),
        N_("Who publishes services"),
    ),
    (
        "deprecated",
        N_("Deprecated"),
        N_("It answers, and each answer says when it ends and what takes its place."),
        N_("Who publishes services"),
    ),
    ("retired", N_("Retired"), N_("Callers hear 410, and what took its place."), N_("Who publishes services")),
)


def moves_of(release: Mapping[str, Any], rights: Rights) -> list[Move]:
    """Give what somebody may do to a release; what stands beside another is promoted or taken away."""
    found = [move for move in RELEASE_MOVES.values() if release["state"] in move.states and move.may(rights)]
    return [] if release["state"] == "live" and release["default"] else found


def moves_of_service(service: Mapping[str, Any], rights: Rights) -> list[Move]:
    """Give what somebody may do to a service."""
    left = {"pause"} if service["paused_at"] else {"resume"}
    if service["live"]:
        left.add("drop")
    return [
        move
        for move in SERVICE_MOVES.values()
        if service["state"] in move.states and move.name not in left and move.may(rights)
    ]
