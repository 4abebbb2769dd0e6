"""What of a service is in its document: one release, which is the one that serves wherever one does."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tollbridge.cli.asking import Asking
from tollbridge_ascode.comparing import Fields, compared
from tollbridge_ascode.releasing import design_of

_SERVING = ("live", "scheduled")


@dataclass(frozen=True, slots=True)
class Carried:
    """The design that a document says, and the release it is made of, where there is one.

    `way` says as a spec does how that serves. `notes` say in sentences what is not in the document.
    """

    design: Fields
    release: Fields | None = None
    way: Mapping[str, Any] = field(default_factory=dict)
    notes: Sequence[str] = ()


def carried(api: Asking, service: Fields, draft: Fields, releases: Sequence[Fields]) -> Carried:
    """Choose what is carried of a service; `releases` are all of it, the newest first.

    That is what serves who asks for no version, else what serves beside it, or will first. Where nothing does it is the
    draft, with the newest release where that is the same.
    """
    release = _serving(releases)
    if release is not None:
        design = design_of(api, service["slug"], release)
        notes = [f"its draft differs from {_named(release)}, and is left out"] if _differ(design, draft) else []
        return Carried(design, release, _way(release), notes)
    if not releases:
        return Carried(draft)
    newest = releases[0]
    if _differ(design_of(api, service["slug"], newest), draft):
        return Carried(draft, notes=[f"nothing serves, and its draft differs from {_named(newest)}, which is left out"])
    asked = [f"{_named(newest)} {_ASKED[newest['state']]}"] if newest["state"] in _ASKED else []
    return Carried(draft, newest, _way(newest), asked)


def left_beside(releases: Sequence[Fields], carried: Fields | None) -> Iterator[str]:
    """Say which other releases serve or are about to, and are in no document."""
    for one in releases:
        if carried is not None and one["number"] == carried["number"]:
            continue
        if one["state"] in _LEFT:
            more = _LEFT[one["state"]].format(at=one["publish_at"])
            yield f"{_named(one)} is left out, which {more}"


def _serving(releases: Sequence[Fields]) -> Fields | None:
    """Find the release that serves who asks for no version, else one that serves at all, or will first."""
    live = [one for one in releases if one["state"] == "live"]
    scheduled = sorted((one for one in releases if one["state"] == "scheduled"), key=lambda one: one["publish_at"])
    default = [one for one in live if one["default"]]
    return next(iter([*default, *live, *scheduled]), None)


def _way(release: Fields) -> dict[str, Any]:
    """Say as a spec does how a release serves, or will."""
    return {
        "version": release["version"],
        "note": release["note"],
        "publish": release["state"] in _SERVING,
        "publish_at": release["publish_at"] if release["state"] == "scheduled" else None,
    }


def _differ(design: Fields, draft: Fields) -> bool:
    """Whether a draft is not what a release is made of."""
    return bool(design != draft or compared(design, draft))


def _named(release: Fields) -> str:
    return f"its release {release['version']} (number {release['number']})"


_LEFT: Mapping[str, str] = {
    "live": "serves who asks for that version",
    "scheduled": "is to serve from {at} on",
    "review": "waits for a review",
    "approved": "is approved and does not serve yet",
}
"""What is said of a release that is not in the document of its service, by its state."""
_ASKED: Mapping[str, str] = {
    "review": "waits for a review, and is written as one that nobody submitted",
    "approved": "is approved, and is written as one that nobody looked at",
}
"""What of a release that is in the document is not in it, by its state."""
