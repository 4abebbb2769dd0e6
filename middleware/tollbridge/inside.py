"""Calls from inside: what a plugin's app makes for a call that was let in, through the gateway's whole chain."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from starlette.types import Receive, Scope, Send

from tollbridge.call import Call, local_path, open_call
from tollbridge.errors import Denied

if TYPE_CHECKING:
    from tollbridge.gateway import Gateway
    from tollbridge.limits.limiter import Grant
    from tollbridge.tokens.model import Principal

Enter = Callable[[Call, Scope, Receive, Send], Awaitable[None]]
"""Takes a request of whoever made a call through the chain."""


def entrance(gateway: "Gateway") -> Enter:
    """Give what takes requests on behalf of the callers of a gateway's own apps.

    Such a request is a call of its own, of the same caller: scopes, limits, budgets, policies and tolls hold it as they
    hold any. Its scope holds no credential, and what it holds of who calls is not looked at. The first one that is made
    for a call goes by the requests and places that were counted for that, and takes what was not, such as those of a
    subscription; all others count by themselves.
    """

    async def enter(call: Call, scope: Scope, receive: Receive, send: Send) -> None:
        inner = open_call(scope, gateway.clock, path=local_path(scope))
        inner.principal, inner.borrowed, inner.asked_by = call.principal, _lend(call), call.id
        await gateway.chain.carry({**scope, "tollbridge": inner, "tollbridge.gateway": gateway}, receive, send)

    return enter


async def stand_in(gateway: "Gateway", principal: "Principal", scope: Scope, receive: Receive, send: Send) -> None:
    """Take a request through the chain on behalf of somebody who was found to act with a token, without its secret.

    For a page that calls a model or a service for whoever looks, by one of their tokens: whose that is, is for the page
    to find out. Scopes, limits, budgets, policies and tolls hold it as they hold any call, and so do the conditions of
    the token, of where the browser is. Raises `Denied` where these refuse, or the token is a canary.
    """
    inner = open_call(scope, gateway.clock, path=local_path(scope))
    if principal.canary:
        raise Denied("this token opens nothing")
    for conditions in principal.conditions:
        elsewhere = conditions.refusal(inner.client, inner.received)
        if elsewhere is not None:
            raise elsewhere
    inner.principal = principal
    await gateway.chain.carry({**scope, "tollbridge": inner, "tollbridge.gateway": gateway}, receive, send)


def keeping_open(gateway: "Gateway") -> Callable[["asyncio.Future[None]"], None]:
    """Give what keeps a gateway that stops open until something is done, and the calls it made are settled.

    For what is cut off and has calls from inside to end first; say it before anything is waited for.
    """

    def hold(ended: "asyncio.Future[None]") -> None:
        settling = gateway.chain.plan.settling
        settling.add(ended)
        ended.add_done_callback(settling.discard)

    return hold


def _lend(call: Call) -> "Grant | None":
    """Give what a call that still runs was given, once."""
    if call.lent or call.outcome is not None:
        return None
    call.lent = True
    return call.grant
