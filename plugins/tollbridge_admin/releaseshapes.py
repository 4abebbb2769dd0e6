"""Releases of services as the API says them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from tollbridge.administering import Design, Release, ReleaseState, Service
from tollbridge_admin.designshapes import DesignShown, Text, design_shown
from tollbridge_admin.paging import Cursor, Limit
from tollbridge_admin.tokenshapes import Moment, Wish

Version = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$",
        description="Its author's own name for it, which callers can ask for.",
        examples=["1.2.0"],
    ),
]


class NewReleaseWish(Wish, frozen=True):
    """A release of the draft as it is."""

    version: Version
    note: Text = ""


class Reason(Wish, frozen=True):
    """Why."""

    why: Text = ""


class Scheduling(Wish, frozen=True):
    """When a release is published by itself, and why."""

    at: Moment
    why: Text = ""


class Publishing(Wish, frozen=True):
    """Why; `beside`: it serves beside the one that does, for who asks for its version."""

    why: Text = ""
    beside: bool = False


class ReleasesAsked(Wish, frozen=True):
    """Which releases are listed."""

    limit: Limit = 50
    after: Cursor = ""


class ReleaseShown(msgspec.Struct, frozen=True, kw_only=True):
    """A release.  `default`: it serves who asks for no version.  `digest` is the SHA-256 of what it is made of."""

    id: str
    number: int
    version: str
    state: ReleaseState
    default: bool
    digest: str
    note: str
    created_at: datetime
    created_by: str
    asked_by: str | None
    asked_why: str
    decided_by: str | None
    decided_why: str
    publish_at: datetime | None
    published_at: datetime | None
    ended_at: datetime | None


class ReleaseWhole(ReleaseShown, frozen=True, kw_only=True):
    """A release with what it is made of."""

    design: DesignShown


class ReleasesShown(msgspec.Struct, frozen=True):
    """A page of releases; `next` is the cursor of the page behind it."""

    items: Sequence[ReleaseShown]
    next: str | None


def shown(service: Service, release: Release) -> ReleaseShown:
    """Give a release as it is shown."""
    return ReleaseShown(**_fields(service, release))


def whole(service: Service, release: Release, design: Design) -> ReleaseWhole:
    """Give a release with what it is made of."""
    return ReleaseWhole(design=design_shown(design), **_fields(service, release))


def _fields(service: Service, release: Release) -> dict[str, Any]:
    fields = msgspec.structs.asdict(release)
    del fields["service_id"]
    return {
        **fields,
        "digest": release.digest.hex(),
        "default": service.live == release.id,
        "asked_by": release.asked_by or None,
        "decided_by": release.decided_by or None,
    }
