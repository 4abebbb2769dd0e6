"""The codec of predictions."""

from collections.abc import Mapping

from tollbridge import GatewayError
from tollbridge.formats import (
    CONVERSATION,
    Conversation,
    Envelope,
    Fields,
    Notes,
    Request,
    Response,
    StreamReader,
    StreamWriter,
    decode_json,
    failure,
)
from tollbridge_replicate.answers import read_response, write_response
from tollbridge_replicate.reading import NAME, read_request
from tollbridge_replicate.streams import PredictionReader, PredictionWriter
from tollbridge_replicate.writing import write_request


class PredictionsCodec:
    """Reads and writes predictions of language models."""

    name = NAME
    kind = CONVERSATION
    spelled: Mapping[str, str] = {"max_output": "input.max_tokens", "stop": "input.stop_sequences"}

    def read_request(self, body: bytes, envelope: Envelope, notes: Notes) -> Request:
        return read_request(body, envelope, notes)

    def write_request(self, request: Request, notes: Notes) -> bytes:
        return write_request(request, notes)

    def read_response(self, body: bytes, notes: Notes) -> Response:
        return read_response(body, notes)

    def write_response(self, response: Response, request: Request, notes: Notes) -> bytes:
        return write_response(response, request, notes)

    def stream_reader(self, notes: Notes) -> StreamReader:
        return PredictionReader(notes)

    def stream_writer(self, request: Request, notes: Notes) -> StreamWriter:
        return PredictionWriter(request, notes)

    def read_error(self, status: int, body: bytes) -> GatewayError:
        return read_error(status, body)


def read_error(status: int, body: bytes) -> GatewayError:
    """Read a refusal: a problem's title and detail (RFC 7807), and which inputs do not fit."""
    try:
        found = Fields(decode_json(body), wrong=None)
    except GatewayError:
        found = Fields({}, wrong=None)
    fields = found.each("invalid_fields")
    detail, title = found.text("detail") or "", found.text("title") or ""
    return failure(status, detail or title, param=fields[0].text("field") if fields else None)


_: type[Conversation] = PredictionsCodec
