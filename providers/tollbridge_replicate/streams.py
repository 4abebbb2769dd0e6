"""Streams of predictions: server-sent events, each of which is the whole prediction as it is by then.

Replicate streams from a second URL, on a host of its own, `stream.replicate.com`, to which the key does not go and
where no tokens are counted (https://replicate.com/docs/topics/predictions/streaming, read 2026-11). But a prediction
that is being made holds the pieces of `output` that were written so far, so it is asked for again and again, as
`Prediction.output_iterator` of Replicate's client does
(https://github.com/replicate/replicate-python/blob/main/replicate/prediction.py, read 2026-11).
"""

from collections.abc import Iterator

from tollbridge import GatewayError, UpstreamError
from tollbridge.formats import (
    JSON,
    AnyEvent,
    Aside,
    Begin,
    Broken,
    ChoiceEnd,
    Delta,
    End,
    EventCutter,
    Fields,
    Fold,
    Notes,
    PartBegin,
    PartEnd,
    Request,
    Response,
    Text,
    UsageSeen,
    decode_json,
    event_data,
    failure,
    split_events,
    unfold,
    write_event,
)
from tollbridge_replicate.answers import (
    WAITING,
    pieces_of,
    read_prediction,
    read_time,
    read_usage,
    write_failure,
    write_response,
)
from tollbridge_replicate.reading import NAME

_TAKEN_BACK = "the provider took back a part of its answer that was passed on already"


class PredictionReader:
    """Gives of each prediction what is new of its output, and all the rest of the one that is done.

    An output that does not go on from what was given waits for the end, which must go on from it.
    """

    def __init__(self, notes: Notes) -> None:
        self._cutter = EventCutter()
        self._given = ""
        self._ended = False

    def feed(self, chunk: bytes) -> list[AnyEvent]:
        if chunk:
            return [event for each in split_events(self._cutter.feed(chunk)) for event in self._read(each)]
        try:
            return list(self._read(self._cutter.end()))
        except UpstreamError:  # it broke off in the middle
            return []

    def _read(self, event: bytes) -> Iterator[AnyEvent]:
        data = event_data(event)
        if data is None or self._ended:
            return
        value = decode_json(data, wrong=UpstreamError, what="the provider's answer")
        found = Fields(value, wrong=None)
        if found.peek("status") in WAITING:
            yield from self._more(found)
            return
        self._ended = True
        try:
            response = read_prediction(value)
        except GatewayError as exc:
            if not exc.code.startswith("prediction_"):
                raise
            yield from _broken(exc, found)
            return
        yield from self._rest(response, found) if self._given else unfold(response)

    def _more(self, found: Fields) -> Iterator[AnyEvent]:
        pieces = pieces_of(found.take("output")) or []
        text = "".join(pieces)
        if len(text) <= len(self._given) or not text.startswith(self._given):
            return
        if not self._given:
            yield Begin(
                origin=NAME, id=found.text("id") or "", model=found.text("model") or "", created=read_time(found)
            )
            yield PartBegin(part=Text(text=""), index=0)
        yield from self._new(pieces)

    def _new(self, pieces: list[str]) -> Iterator[AnyEvent]:
        """Give what these pieces have beyond what was given, piece by piece: each is about a token."""
        known, end = len(self._given), 0
        for piece in pieces:
            end += len(piece)
            if end > known:
                yield Delta(text=piece[max(0, known - end + len(piece)) :], index=0)
        self._given = "".join(pieces)

    def _rest(self, response: Response, found: Fields) -> Iterator[AnyEvent]:
        (choice,) = response.choices
        text = "".join(part.text for part in choice.parts if isinstance(part, Text))
        if not text.startswith(self._given):
            yield from _broken(failure(502, _TAKEN_BACK, code="prediction_changed"), found)
            return
        yield from self._new(pieces_of(found.peek("output")) or [text])
        yield PartEnd(index=0)
        yield ChoiceEnd(stop=choice.stop, said=choice.said)
        yield Aside(extras=response.extras)
        if response.usage is not None or response.wire_usage is not None:
            yield UsageSeen(usage=response.usage, wire=response.wire_usage)
        yield End()


def _broken(error: GatewayError, found: Fields) -> Iterator[AnyEvent]:
    """End a stream with an error; what was used all the same is told before."""
    metrics: JSON = found.members("metrics")
    usage = read_usage(metrics)
    if usage is not None:
        yield UsageSeen(usage=usage, wire=metrics)
    yield Broken(error=error)


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
            return write_event(write_failure(event.error, self._id))
        if isinstance(event, End):
            return write_event(write_response(self._fold.response(), self._request, self._notes))
        return b""
