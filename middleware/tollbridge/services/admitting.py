"""Whether somebody may have a service: one rule for calls, and for what else is done with secrets of a service."""

from typing import Protocol

from tollbridge.applications.model import application_of
from tollbridge.errors import Denied
from tollbridge.services.model import Access, Service
from tollbridge.services.subscribing import Subscribed
from tollbridge.tokens.model import Principal


class Subscriptions(Protocol):
    """Knows who subscribed."""

    async def find_subscription(self, application: str, service_id: str) -> Subscribed | None:
        """Find the subscription by which an application may call a service now."""
        ...


async def terms_of(
    subscriptions: Subscriptions | None, principal: Principal, service: Service, access: Access
) -> Subscribed | None:
    """Give the terms under which somebody has a service, None where it takes no subscription of theirs.

    Raises `Denied` (not_subscribed) for who needs one and has none.
    """
    if access is not Access.SUBSCRIPTION or (service.team and principal.team == service.team):
        return None
    application = application_of(principal)
    found = None
    if application and subscriptions is not None:
        found = await subscriptions.find_subscription(application, service.id)
    if found is None:
        who = "its application has no" if application else "it belongs to no application with a"
        raise Denied(
            f"the service {service.slug!r} needs a subscription, and this token opens nothing of it: {who} "
            "subscription that is approved; ask for one with `tollbridge subscription ask` or POST /subscriptions",
            code="not_subscribed",
        )
    return found
