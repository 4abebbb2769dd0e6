"""Asking again with the other key, where a provider refuses the one of the database that goes first.

Once, and before anything of an answer was passed on: a request whose credential is refused was not done. 401 says so;
403 may say something else of the request, so that it is told as a refused key only where the other one does better, and
it is what the caller gets where the other one is not known at all.
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
    """Ask with the other key, `request` as it was before it was signed; gives the refusal where there is none."""
    kept, status = target.kept, response.status
    if kept is None or kept.other is None:
        if kept is not None and status == 401:
            kept.refused(kept.versions[0], status)
        return response
    if status == 401:
        await response.close()
    kept.other_used = True
    try:
        again = await transport.send(await kept.other.instead(target.headers, request))
    except BaseException:
        await response.close()
        raise
    _tell(kept, status, again.status)
    given, other = (response, again) if _says_more(status, again.status) else (again, response)
    await other.close()
    return given


async def open_either(
    request: UpstreamRequest, target: Target, sockets: Sockets, subprotocols: list[str]
) -> UpstreamSocket:
    """Open a session, with the other key where the first one is refused; raises what signing and opening do."""
    kept = target.kept
    signed = request if target.signing is None else await target.signing.signed(request)
    if kept is None:
        return await sockets.open(signed, subprotocols)
    kept.used = True
    try:
        return await sockets.open(signed, subprotocols)
    except GatewayError as exc:
        first = _status_of(exc)
        if first not in REFUSED or kept.other is None:
            if first == 401:
                kept.refused(kept.versions[0], first)
            raise
        refusal = exc
    kept.other_used = True
    again = await kept.other.instead(target.headers, request)
    try:
        socket = await sockets.open(again, subprotocols)
    except GatewayError as exc:
        second = _status_of(exc)
        _tell(kept, first, second)
        if _says_more(first, second):
            raise refusal from None
        raise
    _tell(kept, first, 101)
    return socket


def _status_of(exc: GatewayError) -> int:
    """Give the status with which a provider refused a session, where it was one of `REFUSED`; else 500."""
    if isinstance(exc, UpstreamError):
        return 401 if exc.code == "upstream_credential" else 500
    return exc.status if isinstance(exc, Denied) else 500


def _says_more(first: int, second: int) -> bool:
    """Whether the first refusal is of the request, for the first key is known and the second one is not."""
    return first == 403 and second == 401


def _tell(kept: KeptKey, first: int, second: int) -> None:
    """Tell which of the two was refused, with what, and that the other one should go first where it does better."""
    taken = second not in REFUSED and second < 500
    if first == 401 or taken:
        kept.refused(kept.versions[0], first)
    if second == 401:
        kept.refused(kept.versions[1], second)
    if taken:
        kept.turned(kept.versions[1])
