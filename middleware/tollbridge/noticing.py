"""Telling people in time: of secrets that end, of tokens nobody uses.  Each is recorded, logged, and so told once."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from tollbridge.audit import Actor

if TYPE_CHECKING:
    from tollbridge.gateway import Gateway

SELF = Actor("gateway", "job")
"""Who does what the gateway does by itself, as the audit log has it."""
_AGAIN = (7, 3, 1)
"""Days before its end on which a secret is told of again."""

log = structlog.get_logger("tollbridge")


async def tell_endings(gateway: "Gateway") -> None:
    """Tell of secrets from `[tokens] warn_days` before their end, and again 7, 3 and 1 days before it."""
    days = levels(gateway.config.tokens.warn_days)
    notices = await gateway.store.notices()
    for one in await notices.tell_endings(days, await gateway.tokens.act(SELF)) if days else ():
        log.warning(
            "token_secret_ending", token_id=one.token_id, name=one.name, ends_at=one.ends_at.isoformat(), days=one.days
        )


async def tell_unused(gateway: "Gateway") -> None:
    """Tell of tokens that nobody used for `[tokens] unused_days`."""
    days = gateway.config.tokens.unused_days
    if not days:
        return
    since = gateway.clock.now() - timedelta(days=days)
    notices = await gateway.store.notices()
    for one in await notices.tell_unused(since, await gateway.tokens.act(SELF)):
        log.warning("token_unused", token_id=one.token_id, name=one.name, days=days)


def levels(warn_days: int) -> Sequence[int]:
    """Give how many days before its end a secret is told of; none for 0."""
    return (warn_days, *(day for day in _AGAIN if day < warn_days)) if warn_days else ()
