"""Whether somebody may have a service: one rule for calls, and for what else is done with secrets of a service."""

from typing import Protocol

from tollbridge.applications.model import application_of
from tollbridge.errors import Denied
from tollbridge.services.model import Access, Design, Service, Visibility
from tollbridge.services.subscribing import Subscribed
from tollbridge.tokens.model import Principal

_ALL_SERVICES = "admin:services:read"


class Subscriptions(Protocol):
    """Knows who subscribed."""

    async def find_subscription(self, application: str, service_id: str) -> Subscribed | None:
        """Find the subscription of a service that an application has, approved and not ended; it may be `over`."""
        ...


def is_hidden(principal: Principal | None, service: Service, design: Design) -> bool:
    """Whether a service is for its team alone to see, and somebody neither of that nor who administers all services."""
    if design.visibility is not Visibility.TEAM:
        return False
    if principal is None:
        return True
    return principal.team != service.team if principal.team else _ALL_SERVICES not in principal.scopes


async def knows_of(
    subscriptions: Subscriptions | None, principal: Principal | None, service: Service, design: Design
) -> bool:
    """Whether somebody may hear that a service is there: it is theirs to see, or they subscribed to it."""
    return not is_hidden(principal, service, design) or await has_subscription(subscriptions, principal, service)


async def has_subscription(
    subscriptions: Subscriptions | None, principal: Principal | None, service: Service | None
) -> bool:
    """Whether the application that somebody calls for has a subscription of a service that was approved."""
    application = "" if principal is None else application_of(principal)
    if not application or service is None or subscriptions is None:
        return False
    return await subscriptions.find_subscription(application, service.id) is not None


async def terms_of(
    subscriptions: Subscriptions | None, principal: Principal, service: Service, access: Access
) -> Subscribed | None:
    """Give the terms under which somebody has a service, None where it is under no subscription of theirs.

    One that an application has binds it, also where the scope would be enough. Raises `Denied` (not_subscribed) for who
    needs one and has none, and for whose own is over: the scope may be that which it brought.
    """
    if service.team and principal.team == service.team:
        return None
    application = application_of(principal)
    found = None
    if application and subscriptions is not None:
        found = await subscriptions.find_subscription(application, service.id)
    if found is None and access is not Access.SUBSCRIPTION:
        return None
    if found is None or found.over:
        who = "its application has no" if application else "it belongs to no application with a"
        raise Denied(
            f"the service {service.slug!r} needs a subscription, and this token opens nothing of it: {who} "
            "subscription that is approved; ask for one with `tollbridge subscription ask` or POST /subscriptions",
            code="not_subscribed",
        )
    return found
