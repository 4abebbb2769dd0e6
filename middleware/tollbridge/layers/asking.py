"""One request to one target, and the head of its answer."""

from tollbridge.call import Call, Headers
from tollbridge.errors import InternalError, UpstreamError, UpstreamTimeout, UpstreamUnreachable
from tollbridge.formats.dialect import Operation
from tollbridge.layers.along import write_along
from tollbridge.layers.headers import upstream_headers
from tollbridge.layers.otherkey import REFUSED, ask_otherwise
from tollbridge.layers.translate import write_upstream
from tollbridge.providers import Target
from tollbridge.transport.base import Transport, UpstreamRequest, UpstreamResponse


async def ask(call: Call, target: Target, transport: Transport) -> UpstreamResponse:
    """Ask a target what the caller asks; raises `Untranslatable`, or an `UpstreamError` where there is no answer."""
    call.target = target
    operation = call.operation
    if operation is None:
        raise InternalError("a model call without an operation")
    going = write_along(call, target) if operation.modelless else write_upstream(call, target)
    headers = upstream_headers(_told_to_hold(call, operation, going.headers), target)
    request = UpstreamRequest(operation.method, going.url, headers, going.body, target.allow_private)
    signed = request if target.signing is None else await target.signing.signed(request)
    call.reached = True  # from here on the provider may charge, also where the caller leaves before an answer
    try:
        response = await transport.send(signed)
        if response.status == 401 or target.kept is not None:
            response = await _known(response, request, target, transport)
        return response
    except (UpstreamUnreachable, UpstreamTimeout):
        call.reached = False
        raise


def takes_pieces(call: Call) -> bool:
    """Whether what is written of an unfinished answer goes on to the caller, whose dialect has words for that."""
    return call.stream and call.translation is not None


def _told_to_hold(call: Call, operation: Operation, headers: Headers) -> Headers:
    """Have the provider hold its answer back until it is finished, where nobody takes pieces of it."""
    held = operation.held if call.translation is None else call.translation.way.operation.held
    if not held or takes_pieces(call):
        return headers
    names = {name for name, _ in held}
    return [*(header for header in headers if header[0] not in names), *held]


async def ask_again(method: str, url: str, target: Target, transport: Transport) -> UpstreamResponse:
    """Send a target a request of our own that has no body, with its credential and nothing of the caller's."""
    request = UpstreamRequest(method, url, upstream_headers([], target), b"", target.allow_private)
    signed = request if target.signing is None else await target.signing.signed(request)
    return await _known(await transport.send(signed), request, target, transport)


async def _known(
    response: UpstreamResponse, request: UpstreamRequest, target: Target, transport: Transport
) -> UpstreamResponse:
    """Give an answer that knows our credential, or one of the two; raises `UpstreamError` where there is none."""
    if target.kept is not None:
        target.kept.used = True
        if response.status in REFUSED:
            response = await ask_otherwise(response, request, target, transport)
    if response.status == 401:
        raise await _refused(response, target)
    return response


async def _refused(response: UpstreamResponse, target: Target) -> UpstreamError:
    """Let go of an answer that does not know our credential, and say so to whom it concerns."""
    await response.close()
    return UpstreamError(
        "the provider refused the gateway's credential; tell its operator",
        code="upstream_credential",
        detail=f"{target.provider.name} answered 401: check its api_key",
    )
