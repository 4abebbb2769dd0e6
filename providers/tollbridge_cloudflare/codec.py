"""The codec of running a model that writes text."""

from collections.abc import Mapping

from tollbridge import GatewayError
from tollbridge.formats import (
    CONVERSATION,
    Conversation,
    Envelope,
    Notes,
    Request,
    Response,
    StreamReader,
    StreamWriter,
)
from tollbridge_cloudflare.answers import read_error, read_response, write_response
from tollbridge_cloudflare.calls import NAME
from tollbridge_cloudflare.reading import read_request
from tollbridge_cloudflare.streams import RunReader, RunWriter
from tollbridge_cloudflare.writing import write_request


class RunCodec:
    """Reads and writes `POST /ai/run/{model}`."""

    name = NAME
    kind = CONVERSATION
    spelled: Mapping[str, str] = {
        "max_output": "max_tokens",
        "choice": "tool_choice",
        "format": "response_format",
        "thinking": "reasoning_effort",
    }

    def read_request(self, body: bytes, envelope: Envelope, notes: Notes) -> Request:
        return read_request(body, envelope, notes)

    def write_request(self, request: Request, notes: Notes) -> bytes:
        return write_request(request, notes)

    def read_response(self, body: bytes, notes: Notes) -> Response:
        return read_response(body, notes)

    def write_response(self, response: Response, request: Request, notes: Notes) -> bytes:
        return write_response(response, request, notes)

    def stream_reader(self, notes: Notes) -> StreamReader:
        return RunReader(notes)

    def stream_writer(self, request: Request, notes: Notes) -> StreamWriter:
        return RunWriter(request, notes)

    def read_error(self, status: int, body: bytes) -> GatewayError:
        return read_error(status, body)


_: type[Conversation] = RunCodec
