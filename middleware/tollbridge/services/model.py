"""Services, their designs and their releases as data."""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from tollbridge.tokens.model import TokenBudget, TokenLimits

MOST_DESIGN = 12 * 1024 * 1024
"""Bytes of a design as it is stored."""
MOST_DESIGN_VALUES = 1_000_000
"""Values of one, by what stands between them."""


class ServiceState(StrEnum):
    """Where a service is on its way from the first draft to its end."""

    DRAFT = "draft"
    REVIEW = "review"
    PUBLISHED = "published"
    DEPRECATED = "deprecated"
    RETIRED = "retired"


class ReleaseState(StrEnum):
    """Where a release is.  Only one that is `LIVE` serves."""

    MADE = "made"
    REVIEW = "review"
    REFUSED = "refused"
    APPROVED = "approved"
    SCHEDULED = "scheduled"
    LIVE = "live"
    SUPERSEDED = "superseded"
    FAILED = "failed"


class Visibility(StrEnum):
    """Who sees a service in the catalogue and may ask for it."""

    PUBLIC = "public"
    INTERNAL = "internal"
    TEAM = "team"


class Access(StrEnum):
    """What a caller needs beside the scope `service:<slug>:<operation>`.

    `SUBSCRIPTION`: one of its application, unless its token is of the team that owns the service. `SCOPE`: nothing.
    """

    SUBSCRIPTION = "subscription"
    SCOPE = "scope"


class Approval(StrEnum):
    """Whether somebody decides on each subscription."""

    AUTO = "auto"
    MANUAL = "manual"


Named = Mapping[str, Mapping[str, Any]]
"""Policies, by the names they are registered under, with the options of each; the first one is outermost."""


class Contact(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom to ask."""

    name: str
    email: str = ""
    url: str = ""


class Slo(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a service promises: the share of calls, in percent, that do not fail, over `window_days`.

    Where `latency_ms` is set, nor take longer.
    """

    name: str
    objective: float = 99.0
    latency_ms: int | None = None
    window_days: int = 30


class Design(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that a release is made of, as it is written: JSON, or a file of it.

    `docs` are Markdown. `logo` is an image as a `data:` URL. `category` is a path in the catalogue's tree, such as
    `language/translation`. `plans` are names of those that a subscription can have; none needs no plan.
    `price_per_call_usd` is the toll of one call, where no plan says another. `limits` and `budget` bound all callers
    together. `policies` are run around each call, inside those of the operator. `definition` is the kind's own.
    """

    name: str = ""
    description: str = ""
    docs: str = ""
    logo: str = ""
    category: str = ""
    tags: tuple[str, ...] = ()
    contacts: tuple[Contact, ...] = ()
    slos: tuple[Slo, ...] = ()
    visibility: Visibility = Visibility.INTERNAL
    access: Access = Access.SUBSCRIPTION
    approval: Approval = Approval.MANUAL
    plans: tuple[str, ...] = ()
    price_per_call_usd: str = "0"
    limits: TokenLimits = TokenLimits()
    budget: TokenBudget | None = None
    policies: Named = {}
    definition: Mapping[str, Any] = {}


class Service(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Something that is or may be published.

    `name` is that of its draft, which is being written; each change of that counts `revision` on. `live` is the id of
    the release that serves who asks for no version, empty for none. After `sunset_at` it may be gone, from `retired_at`
    on it is, and `successor` is the slug that callers are pointed to. From `paused_at` on nothing of it is served for
    a while, whatever is published, for the reason that callers are told.
    """

    id: str
    slug: str
    kind: str
    team: str
    name: str
    revision: int
    created_at: datetime
    changed_at: datetime
    reviewing: bool = False
    live: str = ""
    deprecated_at: datetime | None = None
    sunset_at: datetime | None = None
    retired_at: datetime | None = None
    successor: str = ""
    paused_at: datetime | None = None
    paused_why: str = ""

    @property
    def state(self) -> ServiceState:
        """Say where it is on its way."""
        if self.retired_at is not None:
            return ServiceState.RETIRED
        if self.live:
            return ServiceState.PUBLISHED if self.deprecated_at is None else ServiceState.DEPRECATED
        return ServiceState.REVIEW if self.reviewing else ServiceState.DRAFT


class Release(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An immutable copy of a draft.  `number` counts from 1 in its service, `version` is its author's own name for it.

    `digest` is the SHA-256 of its design. `asked_by` and `decided_by` are ids of who asked for the review and who
    decided, with their reasons. `publish_at` is when a scheduled one goes live by itself.
    """

    id: str
    service_id: str
    number: int
    version: str
    digest: bytes
    note: str
    state: ReleaseState
    created_at: datetime
    created_by: str
    asked_by: str = ""
    asked_why: str = ""
    decided_by: str = ""
    decided_why: str = ""
    publish_at: datetime | None = None
    published_at: datetime | None = None
    ended_at: datetime | None = None


class ServiceChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is to change of a service; what is unset stays."""

    draft: Design | UnsetType = UNSET
    team: str | UnsetType = UNSET


ServiceEdit = ServiceChange | Callable[[tuple[Service, Design]], ServiceChange]
"""A change, or what gives it from service and draft as they are while nobody else changes them."""
DraftEdit = Callable[[Service, Design], Design]
"""Gives what a draft is to be for one trial."""


def write_design(design: Design) -> bytes:
    """Write a design with the members of its definition as they stand: their order can matter to who reads them."""
    return msgspec.json.encode(design)


def read_design(content: bytes) -> Design:
    """Read what `write_design` wrote."""
    return msgspec.json.decode(content, type=Design)
