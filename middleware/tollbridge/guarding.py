"""Apps of the gateway's own behind the links that calls to models pass: a token is found, refused and limited alike.

Only tokens of ours are known there, unless an app says otherwise: whoever an outside issuer vouches for administers
nothing.
"""

from collections.abc import Callable, Sequence
from typing import NotRequired, TypedDict

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from tollbridge.call import Call
from tollbridge.chain import Link, check_order, fold
from tollbridge.errors import GatewayError, InternalError, Unauthenticated
from tollbridge.faults import told
from tollbridge.formats.dialect import Operation
from tollbridge.layers.authorize import Authorize
from tollbridge.layers.layer import Layer
from tollbridge.layers.operations import Operations
from tollbridge.layers.refusal import WriteRefusal
from tollbridge.runtime import Parts, authenticate_link, limit_link, observe_link, sanity_link
from tollbridge.stores.base import HotStore

log = structlog.get_logger("tollbridge")


class Guarding(TypedDict):
    """The options of `guard`."""

    service: str
    find: Callable[[Call], Operation]
    write_refusal: WriteRefusal
    public: NotRequired[Sequence[str]]
    outsiders: NotRequired[bool]


def guard(
    parts: Parts,
    app: ASGIApp,
    *,
    service: str,
    find: Callable[[Call], Operation],
    write_refusal: WriteRefusal,
    public: Sequence[str] = (),
    outsiders: bool = False,
) -> Layer:
    """Put the links before an app: named, counted, logged, and open to tokens with the operation's scope.

    `find` gives the operation of each call, with `ai=False`; one without a scope is open to every valid token. The app
    finds the caller in the `Call`, and may raise any `GatewayError`. On `public` paths nobody is asked for a token, and
    none that is shown is looked at. `outsiders`: callers that the identity sources vouch for are let in too.
    """
    options = {"service": service, "find": find, "clock": parts.clock}
    links = [
        observe_link(parts),
        sanity_link(parts),
        Link(Operations, options),
        authenticate_link(parts, public=public, sources=parts.sources if outsiders else ()),
        Link(Authorize),
        limit_link(parts),
    ]
    check_order(links)
    outermost, *inner = links
    chain = outermost.layer(fold(inner, OwnApp(app, parts.store)), **outermost.options)
    chain.plan.write_refusal = write_refusal
    return chain


def is_guarded(app: object) -> bool:
    """Whether an app is behind the links that `guard` puts before one."""
    return isinstance(app, Layer) and any(isinstance(layer, Authorize) for layer in app.plan.layers)


class OwnApp:
    """Calls an app, and notes that its caller's token was used.  A fault is logged, and nobody sees its words."""

    def __init__(self, app: ASGIApp, store: HotStore) -> None:
        self._app = app
        self._store = store

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call: Call = scope["tollbridge"]
        principal, operation = call.principal, call.operation
        if operation is None or (principal is None and not call.public):
            raise Unauthenticated()
        if principal is not None:
            self._store.touch(principal.id, call.received, call.client, operation.scope)
        try:
            await self._app(scope, receive, send)
        except GatewayError:
            raise
        except Exception as exc:
            log.error("own_app_failed", call_id=call.id, service=call.service, **told(exc))
            raise InternalError(
                "the gateway could not handle this call; its log has the reason under this request's id"
            ) from None
