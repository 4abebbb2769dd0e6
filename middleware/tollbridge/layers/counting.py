"""Counting tokens here, for a provider that does not count: an estimate, and said so."""

from tollbridge.call import Call, Headers
from tollbridge.errors import GatewayError
from tollbridge.formats.codec import COUNT
from tollbridge.formats.counting import estimated_tokens
from tollbridge.formats.ranking import CountResponse
from tollbridge.formats.translation import Translator

ESTIMATED: Headers = [(b"content-type", b"application/json"), (b"x-tollbridge-estimated", b"input_tokens")]
"""What the head of such an answer says."""

_NO_SUCH_PATH = frozenset((404, 405, 501))


def estimate(call: Call, translator: Translator) -> bytes:
    """Write an estimate of a request's tokens in the caller's dialect; raises `BadRequest`."""
    request = translator.read(call.body or b"")
    counted = CountResponse(origin="", tokens=estimated_tokens(request), estimated=True)
    return translator.codec.write_response(counted, request, translator.notes())


def counted_instead(call: Call, status: int, body: bytes) -> bytes | None:
    """Give the estimate where a provider that was asked to count has no such path; None for any other answer.

    A provider that does not know the model says so with the same status, and names it.
    """
    translator, target = call.translator, call.target
    if translator is None or target is None or translator.codec.kind != COUNT or status not in _NO_SUCH_PATH:
        return None
    if target.model.encode("utf-8", "replace") in body:
        return None
    try:
        counted = estimate(call, translator)
    except GatewayError:  # the provider's own refusal is as good
        return None
    call.translation = None
    return counted
