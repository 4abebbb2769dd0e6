"""The catalogue as the API says it: cards, a service as a whole, and how they are sorted."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from tollbridge.administering import (
    MODEL,
    SERVICES_AT,
    Access,
    Approval,
    Contact,
    Listing,
    ServiceOperation,
    ServiceState,
    Slo,
    Subscription,
    SubscriptionState,
    Visibility,
    show_usd,
)
from tollbridge_admin.designshapes import LimitsShown
from tollbridge_admin.paging import Cursor
from tollbridge_admin.planshapes import PlanShown
from tollbridge_admin.tokenshapes import Wish

Version = Annotated[str, Meta(max_length=64, description="A version that serves; that for who asks for none without.")]


class CatalogueAsked(Wish, frozen=True):
    """Which services are listed."""

    q: Annotated[str, Meta(max_length=200, description="Words that are all in slug, name, description or tags.")] = ""
    category: Annotated[str, Meta(max_length=400, description="Only those in it and below.")] = ""
    tag: Annotated[str, Meta(max_length=64, description="Only those with this tag.")] = ""
    kind: Annotated[str, Meta(max_length=40, description="Only those of this kind.")] = ""
    team: Annotated[str, Meta(max_length=100, description="Only those of this team.")] = ""
    limit: Annotated[int, Meta(ge=1, le=50, description="How many at most.")] = 25
    after: Cursor = ""


class VersionAsked(Wish, frozen=True):
    """Of which version."""

    version: Version = ""


class CardShown(msgspec.Struct, frozen=True, kw_only=True):
    """A service that serves, in short.

    `versions` are those that serve, the newest first, and `version` is that for who asks for none. `subscription` is
    how the caller's applications stand to it, `subscribers` counts those of everybody, and
    `calls_24h` the calls of the last 24 hours, as of a minute ago at most. `url` is where it is called,
    `mcp_url` where its MCP server is, `model` its name as a model: null where there is none.
    """

    id: str
    slug: str
    name: str
    description: str
    logo: str
    kind: str
    category: str
    tags: Sequence[str]
    team: str
    state: ServiceState
    visibility: Visibility
    access: Access
    approval: Approval
    version: str
    versions: Sequence[str]
    operations: int
    subscribers: int
    calls_24h: int
    subscription: SubscriptionState | None
    price_per_call_usd: str
    url: str
    mcp_url: str | None
    model: str | None
    deprecated_at: datetime | None
    sunset_at: datetime | None
    successor: str | None
    paused_at: datetime | None
    paused_why: str


class CardsShown(msgspec.Struct, frozen=True):
    """A page of services; `next` is the cursor of the page behind it."""

    items: Sequence[CardShown]
    next: str | None


class OperationShown(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that can be called, with the scope it needs: `public` ones need no token."""

    name: str
    scope: str
    method: str
    url: str
    summary: str
    public: bool
    price_usd: str | None


class VersionShown(msgspec.Struct, frozen=True, kw_only=True):
    """A release that serves; `default` that for who asks for no version."""

    version: str
    note: str
    default: bool
    published_at: datetime | None
    url: str


class OwnSubscriptionShown(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription of one of the caller's applications."""

    id: str
    application: str
    plan: str
    state: SubscriptionState


class CatalogueShown(CardShown, frozen=True, kw_only=True):
    """A service that serves, as a whole.  `openapi` is where its document is, below the API."""

    docs: str
    contacts: Sequence[Contact]
    slos: Sequence[Slo]
    limits: LimitsShown
    plans: Sequence[PlanShown]
    released: Sequence[VersionShown]
    called: Sequence[OperationShown]
    openapi: str
    subscriptions: Sequence[OwnSubscriptionShown]


class Around(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a service beside what it says of itself; `base` and `mcp` are where services are."""

    operations: Sequence[ServiceOperation]
    subscribers: int
    calls: int
    standing: SubscriptionState | None
    base: str
    mcp: str | None
    spoken: bool


def card(one: Listing, around: Around) -> CardShown:
    """Give a service in short."""
    return CardShown(**_card(one, around))


def whole(
    one: Listing, around: Around, plans: Sequence[PlanShown], subscriptions: Sequence[Subscription]
) -> CatalogueShown:
    """Give a service as a whole."""
    design, slug = one.design, one.service.slug
    url, limits = f"{around.base}{SERVICES_AT}{slug}", design.limits
    released = [
        VersionShown(
            version=live.release.version,
            note=live.release.note,
            default=live.release.id == one.live.release.id,
            published_at=live.release.published_at,
            url=f"{url}@{live.release.version}",
        )
        for live in one.versions
    ]
    return CatalogueShown(
        **_card(one, around),
        docs=design.docs,
        contacts=design.contacts,
        slos=design.slos,
        limits=LimitsShown(limits.requests_per_minute, limits.tokens_per_minute, limits.concurrency),
        plans=plans,
        released=released,
        called=called_shown(slug, url, around.operations),
        openapi=f"catalogue/services/{slug}/openapi",
        subscriptions=[
            OwnSubscriptionShown(id=each.id, application=each.application, plan=each.plan, state=each.state)
            for each in subscriptions
        ],
    )


def _card(one: Listing, around: Around) -> dict[str, Any]:
    service, design = one.service, one.design
    words = (
        "name",
        "description",
        "logo",
        "category",
        "tags",
        "visibility",
        "access",
        "approval",
        "price_per_call_usd",
    )
    times = {name: getattr(service, name) for name in ("deprecated_at", "sunset_at", "paused_at")}
    return {
        **{name: getattr(service, name) for name in ("id", "slug", "kind", "team", "state")},
        **{name: getattr(design, name) for name in words},
        "version": one.live.release.version,
        "versions": [live.release.version for live in one.versions],
        "operations": len(around.operations),
        "subscribers": around.subscribers,
        "calls_24h": around.calls,
        "subscription": around.standing,
        "url": f"{around.base}{SERVICES_AT}{service.slug}",
        "mcp_url": None if around.mcp is None else f"{around.mcp}/{service.slug}",
        "model": MODEL + service.slug if around.spoken else None,
        **times,
        "successor": one.successor or None,
        "paused_why": service.paused_why,
    }


def called_shown(slug: str, url: str, operations: Sequence[ServiceOperation]) -> Sequence[OperationShown]:
    """Give what can be called of a service that is at a URL."""
    return [
        OperationShown(
            name=each.name,
            scope=f"service:{slug}:{each.name}",
            method=each.method,
            url=url + each.path,
            summary=each.summary,
            public=each.public,
            price_usd=None if each.price is None else show_usd(each.price),
        )
        for each in operations
    ]
