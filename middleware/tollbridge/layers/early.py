"""Answers that were opened before their provider gave a head: what is said then, and how they go on.

A stream whose provider is silent for long is opened with status 200, so that whoever stands in between does not take
it for dead. From then on everything is a part of a stream: a provider's refusal too.
"""

from tollbridge.call import Call, Headers, ResponseHead
from tollbridge.errors import GatewayError, UpstreamError
from tollbridge.formats.dialect import Dialect
from tollbridge.formats.failures import failure
from tollbridge.layers.refusal import refusal_event

STREAM_HEADERS: Headers = [(b"cache-control", b"no-store"), (b"x-accel-buffering", b"no")]
"""What every stream of a model says: nobody in between shall keep it, or hold it back."""

_OF_THE_TARGET = (b"x-tollbridge-model", b"x-tollbridge-provider", b"x-tollbridge-dropped")


def early_head(dialect: Dialect, known: ResponseHead | None) -> ResponseHead:
    """Give the head to open with: the one the provider gave, where only the first chunk is missing."""
    if known is None:
        return ResponseHead(200, [(b"content-type", dialect.stream_type), *STREAM_HEADERS])
    return ResponseHead(known.status, list(known.headers))


def without_target(head: ResponseHead) -> None:
    """Leave out what is only true if no other target has to be tried."""
    for name in _OF_THE_TARGET:
        head.drop(name)


def carried_on(call: Call, head: ResponseHead, chunk: bytes) -> bytes:
    """Give what an answer has to say in a stream that was opened before it; raises `UpstreamError` for what has no way.

    `head` is the one it would have had, `chunk` all of it or the beginning of its stream, in the caller's dialect.
    """
    if not 200 <= head.status <= 299:
        return refusal_event(call, _refusal(call, head.status, chunk))
    dialect = call.dialect
    if dialect is None or not (head.get(b"content-type") or b"").startswith(dialect.stream_type):
        raise UpstreamError("the provider answered as a whole where a stream was asked for")
    return chunk


def _refusal(call: Call, status: int, body: bytes) -> GatewayError:
    """Read a refusal in the caller's dialect; one that no codec of it reads has only its status."""
    operation, dialect = call.operation, call.dialect
    operations = dialect.operations if dialect is not None else ()
    codecs = [each.codec for each in (operation, *operations) if each is not None and each.codec is not None]
    return codecs[0].read_error(status, body) if codecs else failure(status, "")
