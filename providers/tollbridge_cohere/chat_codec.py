"""The codec of Cohere's chat."""

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
from tollbridge_cohere.answers import read_response, write_response
from tollbridge_cohere.content import NAME
from tollbridge_cohere.errors import read_error
from tollbridge_cohere.reading import read_request
from tollbridge_cohere.stream_writer import CohereStreamWriter
from tollbridge_cohere.streams import CohereStreamReader
from tollbridge_cohere.writing import write_request


class ChatCodec:
    """Reads and writes `POST /v2/chat`."""

    name = NAME
    kind = CONVERSATION
    spelled: Mapping[str, str] = {
        "max_output": "max_tokens",
        "top_p": "p",
        "top_k": "k",
        "stop": "stop_sequences",
        "choice": "tool_choice",
        "format": "response_format",
    }

    def read_request(self, body: bytes, envelope: Envelope, notes: Notes) -> Request:
        return read_request(body, notes)

    def write_request(self, request: Request, notes: Notes) -> bytes:
        return write_request(request, notes)

    def read_response(self, body: bytes, notes: Notes) -> Response:
        return read_response(body, notes)

    def write_response(self, response: Response, request: Request, notes: Notes) -> bytes:
        return write_response(response, notes)

    def stream_reader(self, notes: Notes) -> StreamReader:
        return CohereStreamReader(notes)

    def stream_writer(self, request: Request, notes: Notes) -> StreamWriter:
        return CohereStreamWriter(request, notes)

    def read_error(self, status: int, body: bytes) -> GatewayError:
        return read_error(status, body)


_: type[Conversation] = ChatCodec
