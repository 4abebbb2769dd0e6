"""Streams, of which there are none: a prediction comes whole, and is cut into events here, or put together from them.

Replicate streams from a second URL, which is asked for after the prediction was made and stands on a host of its own,
`stream.replicate.com` (https://replicate.com/docs/topics/predictions/streaming, read 2026-11). The key goes to no host
but that of the base URL, and what is streamed there counts no tokens. So a prediction that takes long is asked for
again until it is done.
"""

from tollbridge import UpstreamError
from tollbridge.formats import AnyEvent, Begin, Broken, End, Fold, Notes, Request, unfold
from tollbridge_replicate.answers import read_response, write_failure, write_response

LONGEST = 16 * 1024 * 1024
"""Bytes of a prediction that are held until it is whole."""


class PredictionReader:
    """Holds an answer until it is whole, and gives its events then."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._held = bytearray()
        self._ended = False

    def feed(self, chunk: bytes) -> list[AnyEvent]:
        if self._ended:
            return []
        if chunk:
            self._held += chunk
            if len(self._held) > LONGEST:
                self._held.clear()
                raise UpstreamError(f"the provider sent an answer over {LONGEST} bytes")
            return []
        self._ended = True
        if not self._held:
            return []
        try:
            return list(unfold(read_response(bytes(self._held), self._notes)))
        except UpstreamError as exc:
            if not exc.code.startswith("prediction_"):
                raise
            return [Broken(error=exc)]


class PredictionWriter:
    """Holds a stream's events until the answer is whole, and writes it then."""

    def __init__(self, request: Request, notes: Notes) -> None:
        self._request = request
        self._notes = notes
        self._fold = Fold()
        self._id = ""

    def write(self, event: AnyEvent) -> bytes:
        self._fold.add(event)
        if isinstance(event, Begin):
            self._id = event.id
        if isinstance(event, Broken):
            return write_failure(event.error, self._id)
        return write_response(self._fold.response(), self._request, self._notes) if isinstance(event, End) else b""
