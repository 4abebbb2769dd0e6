"""Asking again with the other key, where a provider refuses the one of the database that goes first.

Once, and before anything of an answer was passed on: a request whose credential is refused was not done. 401 says so;
403 may say something else of the request, so that it is told as a refused key only where the other one does better.
"""

from tollbridge.errors import Denied, GatewayError, UpstreamError
from tollbridge.providers import Target
from tollbridge.shownkeys import KeptKey
from tollbridge.transport import Sockets
from tollbridge.transport.base import Transport, UpstreamRequest, UpstreamResponse
from tollbridge.transport.sockets import UpstreamSocket

REFUSED = frozenset((401, 403))


async def ask_otherwise(
    response: UpstreamResponse, request: UpstreamRequest, target: Target, transport: Transport
) -> UpstreamResponse:
    """Let go of a refusal and ask with the other key; gives the refusal where there is none."""
    kept, status = target.kept, response.status
    if kept is None or kept.other is None:
        if kept is not None and status == 401:
            kept.refused(kept.versions[0], status)
        return response
    await response.close()
    kept.other_used = True
    again = await transport.send(await kept.other.instead(target.headers, request))
    _tell(kept, status, again.status)
    return again


async def open_either(
    request: UpstreamRequest, target: Target, sockets: Sockets, subprotocols: list[str]
) -> UpstreamSocket:
    """Open a session, with the other key where the first one is refused; raises what opening does."""
    kept = target.kept
    if kept is None:
        return await sockets.open(request, subprotocols)
    kept.used = True
    try:
        return await sockets.open(request, subprotocols)
    except GatewayError as exc:
        first = _status_of(exc)
        if first not in REFUSED or kept.other is None:
            if first == 401:
                kept.refused(kept.versions[0], first)
            raise
    kept.other_used = True
    again = await kept.other.instead(target.headers, request)
    try:
        socket = await sockets.open(again, subprotocols)
    except GatewayError as exc:
        _tell(kept, first, _status_of(exc))
        raise
    _tell(kept, first, 101)
    return socket


def _status_of(exc: GatewayError) -> int:
    """Give the status with which a provider refused a session, where it was one of `REFUSED`; else 500."""
    if isinstance(exc, UpstreamError):
        return 401 if exc.code == "upstream_credential" else 500
    return exc.status if isinstance(exc, Denied) else 500


def _tell(kept: KeptKey, first: int, second: int) -> None:
    """Tell which of the two was refused, with what, and that the other one should go first where it does better."""
    taken = second not in REFUSED and second < 500
    if first == 401 or taken:
        kept.refused(kept.versions[0], first)
    if second == 401:
        kept.refused(kept.versions[1], second)
    if taken:
        kept.turned(kept.versions[1])
