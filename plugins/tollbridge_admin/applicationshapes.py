"""Applications as the API says them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tollbridge.administering import SLUG, Application, Environment, OfApplication, show_usd
from tollbridge_admin.paging import Cursor, Limit
from tollbridge_admin.teamshapes import Text
from tollbridge_admin.tokenshapes import (
    BoundsPatch,
    BoundsWish,
    Days,
    Label,
    Moment,
    MoneyShown,
    Name,
    Scope,
    Scopes,
    State,
    Tags,
    Wish,
)

TeamName = Annotated[
    str,
    Meta(extra_json_schema={"pattern": f"^({SLUG})?$"}, description="The team that it is of; empty for the operator."),
]
Owner = Annotated[str, Meta(max_length=100, description="Who answers for it: a name, or one's own id as a person.")]
Given = Annotated[
    list[Scope],
    Meta(max_length=100, description="What it may do beside what it subscribes to, such as ai:chat or model:gpt-*."),
]
ApplicationState = Literal["active", "disabled", "revoked"]


class NewApplicationWish(BoundsWish, frozen=True):
    """An application to be made."""

    name: Name
    team: TeamName = ""
    owner: Owner = ""
    description: Text = ""
    scopes: Given = msgspec.field(default_factory=list)
    tags: Tags = msgspec.field(default_factory=list)
    metadata: dict[str, str] = msgspec.field(default_factory=dict)


class ApplicationPatch(BoundsPatch, frozen=True):
    """What is to change of an application (RFC 7396): what is not there stays, null takes away."""

    name: Name | UnsetType = UNSET
    owner: Owner | UnsetType | None = UNSET
    description: Text | UnsetType | None = UNSET
    scopes: Given | UnsetType | None = UNSET
    tags: Tags | UnsetType | None = UNSET
    metadata: dict[str, str | None] | UnsetType | None = UNSET


class Transfer(Wish, frozen=True):
    """Whose an application is to be."""

    team: TeamName


class ApplicationTokenWish(BoundsWish, frozen=True):
    """A token of an application to be made; without `scopes` it may do all calls of that."""

    name: Name
    scopes: Scopes | UnsetType = UNSET
    owner: Label = ""
    expires_at: Moment | None = None
    tags: Tags = msgspec.field(default_factory=list)
    metadata: dict[str, str] = msgspec.field(default_factory=dict)
    environment: Environment = Environment.LIVE
    rotate_days: Days | None = None


class ApplicationsAsked(Wish, frozen=True):
    """Which applications are listed."""

    q: Annotated[str, Meta(max_length=200, description="Part of a name, owner or id.")] = ""
    team: Annotated[str, Meta(max_length=100, description="Only those of this team.")] = ""
    state: ApplicationState | UnsetType = UNSET
    limit: Limit = 50
    after: Cursor = ""


class ApplicationTokensAsked(Wish, frozen=True):
    """Which tokens of an application are listed."""

    q: Annotated[str, Meta(max_length=200, description="Part of a name, owner or id.")] = ""
    state: State | UnsetType = UNSET
    limit: Limit = 50
    after: Cursor = ""


class ApplicationShown(msgspec.Struct, frozen=True, kw_only=True):
    """An application, and what its tokens may do at most: `scopes`, and those of its subscriptions.

    `counts` are those that are open, those it asked for, and its tokens.
    """

    id: str
    name: str
    team: str
    owner: str
    description: str
    state: str
    scopes: Sequence[str]
    subscribed_scopes: Sequence[str]
    created_at: datetime
    disabled_at: datetime | None
    ended_at: datetime | None
    requests_per_minute: int | None
    tokens_per_minute: int | None
    concurrency: int | None
    budget: MoneyShown | None
    networks: Sequence[str] = msgspec.field(name="from")
    hours: str | None
    tags: Sequence[str]
    metadata: dict[str, str]
    counts: OfApplication


COUNTS = ("counts",)
"""What of an application changes without anybody changing it."""
_NONE = OfApplication()


class ApplicationsShown(msgspec.Struct, frozen=True):
    """A page of applications; `next` is the cursor of the page behind it."""

    items: Sequence[ApplicationShown]
    next: str | None


def shown(application: Application, counts: OfApplication = _NONE) -> ApplicationShown:
    """Give an application as it is shown."""
    budget, limits, conditions = application.budget, application.limits, application.conditions
    return ApplicationShown(
        id=application.id,
        name=application.name,
        team=application.team,
        owner=application.owner,
        description=application.description,
        state=application.state.value,
        scopes=application.scopes,
        subscribed_scopes=application.subscribed,
        created_at=application.created_at,
        disabled_at=application.disabled_at,
        ended_at=application.ended_at,
        requests_per_minute=limits.requests_per_minute,
        tokens_per_minute=limits.tokens_per_minute,
        concurrency=limits.concurrency,
        budget=None if budget is None else MoneyShown(show_usd(budget.amount), budget.period),
        networks=conditions.networks,
        hours=conditions.hours or None,
        tags=application.tags,
        metadata=dict(application.metadata),
        counts=counts,
    )
