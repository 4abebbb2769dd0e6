"""Services as the API says them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tollbridge.administering import SERVICE_SLUG, SERVICES_AT, Change, Service
from tollbridge_admin.designshapes import DesignShown, DraftPatch, ProblemShown, Text
from tollbridge_admin.paging import Cursor, Limit
from tollbridge_admin.proofshapes import FiguresShown
from tollbridge_admin.tags import tag_of
from tollbridge_admin.tokenshapes import Label, Moment, Wish

Slug = Annotated[
    str,
    Meta(
        extra_json_schema={"pattern": f"^{SERVICE_SLUG}$"},
        description="Small letters, digits, hyphens: part of its URL.",
    ),
]
Successor = Annotated[str, Meta(max_length=63, description="The slug of the service that takes its place.")]
KindName = Annotated[str, Meta(min_length=1, max_length=40, description="One of /service-kinds.")]
Number = Annotated[int, Meta(ge=1, le=999_999_999, description="The number of a release.")]
State = Literal["draft", "review", "published", "deprecated", "retired"]
Side = Annotated[
    str,
    Meta(
        pattern="^(live|draft|[1-9][0-9]{0,8})$",
        description="live, draft, or the number of a release.",
        examples=["live", "draft", "3"],
    ),
]


class NewServiceWish(Wish, frozen=True):
    """A service to be begun; nothing of it serves before a release is published."""

    slug: Slug
    kind: KindName
    team: Label = ""
    draft: DraftPatch = DraftPatch()


class ServicePatch(Wish, frozen=True):
    """What is to change of a service (RFC 7396): its draft member by member, and which team owns it."""

    draft: DraftPatch | UnsetType = UNSET
    team: Label | UnsetType | None = UNSET


class ServicesAsked(Wish, frozen=True):
    """Which services are listed."""

    q: Annotated[str, Meta(max_length=200, description="Part of a slug or name.")] = ""
    team: Annotated[str, Meta(max_length=100, description="Only those of this team.")] = ""
    kind: Annotated[str, Meta(max_length=40, description="Only those of this kind.")] = ""
    state: State | UnsetType = UNSET
    limit: Limit = 50
    after: Cursor = ""


class Deprecation(Wish, frozen=True):
    """When a service ends, and what takes its place."""

    sunset_at: Moment | None = None
    successor: Successor = ""


class Retirement(Wish, frozen=True):
    """What takes the place of a service that ends."""

    successor: Successor = ""


class Pause(Wish, frozen=True):
    """Why nothing of a service is served for a while; its callers are told."""

    why: Text = ""


class DiffAsked(Wish, frozen=True):
    """What is compared."""

    before: Side = msgspec.field(default="live", name="from")
    after: Side = msgspec.field(default="draft", name="to")


class DocumentAsked(Wish, frozen=True):
    """Of which release; of the draft where none is said."""

    release: Number | UnsetType = UNSET


class ServiceShown(msgspec.Struct, frozen=True, kw_only=True):
    """A service.  `url` is the path it is called at; `live` the id of the release that serves who asks for none.

    `name` is that of the draft, and each change of that counts `revision` on. From `paused_at` on nothing of it is
    served for a while, for the reason `paused_why`, whatever its state.
    """

    id: str
    slug: str
    kind: str
    team: str
    name: str
    state: State
    url: str
    live: str | None
    revision: int
    created_at: datetime
    changed_at: datetime
    deprecated_at: datetime | None
    sunset_at: datetime | None
    retired_at: datetime | None
    successor: str | None
    paused_at: datetime | None
    paused_why: str


class ServiceChanged(ServiceShown, frozen=True, kw_only=True):
    """A service that was changed.  `notes` say in sentences whom that concerns, and what is missing for it."""

    notes: Sequence[str]


class ServicesShown(msgspec.Struct, frozen=True):
    """A page of services; `next` is the cursor of the page behind it."""

    items: Sequence[ServiceShown]
    next: str | None


class DraftShown(msgspec.Struct, frozen=True, kw_only=True):
    """The draft of a service, and what keeps it from being published."""

    id: str
    slug: str
    kind: str
    revision: int
    draft: DesignShown
    problems: Sequence[ProblemShown]


class ChangeShown(msgspec.Struct, frozen=True):
    """One difference: where, with slashes between levels, and what.  `breaking`: callers may fail with it."""

    path: str
    what: str
    breaking: bool
    before: str
    after: str


class DiffShown(msgspec.Struct, frozen=True, kw_only=True):
    """What differs, what may break callers first; `breaking` says whether anything may.

    `figures` are what models cost, and what trials gave.
    """

    before: str = msgspec.field(name="from")
    after: str = msgspec.field(name="to")
    breaking: bool
    changes: Sequence[ChangeShown]
    figures: FiguresShown


class KindShown(msgspec.Struct, frozen=True):
    """A kind of service; `definition` is the JSON Schema of what it is made of."""

    name: str
    definition: dict[str, Any]


class KindsShown(msgspec.Struct, frozen=True):
    """All kinds that installed plugins offer."""

    items: Sequence[KindShown]


def shown(service: Service) -> ServiceShown:
    """Give a service as it is shown."""
    return ServiceShown(**_fields(service))


def changed(service: Service, notes: Sequence[str]) -> ServiceChanged:
    """Give a service as it is shown after a change."""
    return ServiceChanged(notes=notes, **_fields(service))


def _fields(service: Service) -> dict[str, Any]:
    return {
        "id": service.id,
        "slug": service.slug,
        "kind": service.kind,
        "team": service.team,
        "name": service.name,
        "state": service.state.value,
        "url": f"{SERVICES_AT}{service.slug}",
        "live": service.live or None,
        "revision": service.revision,
        "created_at": service.created_at,
        "changed_at": service.changed_at,
        "deprecated_at": service.deprecated_at,
        "sunset_at": service.sunset_at,
        "retired_at": service.retired_at,
        "successor": service.successor or None,
        "paused_at": service.paused_at,
        "paused_why": service.paused_why,
    }


def change_shown(change: Change) -> ChangeShown:
    """Give a difference as it is shown."""
    return ChangeShown(change.path, change.what, change.breaking, change.before, change.after)


def draft_tag(service: Service, draft: DraftShown) -> str:
    """Give the entity tag of a draft: with `If-Match` it stands for the service, whose draft it is."""
    own = tag_of(draft).strip('"').partition(".")[0]
    return f'{tag_of(shown(service)).partition(".")[0]}.{own}"'
