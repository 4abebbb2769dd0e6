"""Calls from inside: what a plugin's app makes for a call that was let in, through the gateway's whole chain."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from starlette.types import Receive, Scope, Send

from tollbridge.call import Call, local_path, open_call

if TYPE_CHECKING:
    from tollbridge.gateway import Gateway

Enter = Callable[[Call, Scope, Receive, Send], Awaitable[None]]
"""Takes a request of whoever made a call through the chain."""


def entrance(gateway: "Gateway") -> Enter:
    """Give what takes requests on behalf of the callers of a gateway's own apps.

    Such a request is a call of its own, of the same caller: scopes, limits, budgets, policies and tolls hold it as they
    hold any. Its scope holds no credential, and what it holds of who calls is not looked at.
    """

    async def enter(call: Call, scope: Scope, receive: Receive, send: Send) -> None:
        inner = open_call(scope, gateway.clock, path=local_path(scope))
        inner.principal = call.principal
        await gateway.chain.carry({**scope, "tollbridge": inner, "tollbridge.gateway": gateway}, receive, send)

    return enter
