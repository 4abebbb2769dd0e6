"""The codec of the Responses API."""

from collections.abc import Mapping

from msgspec.structs import replace

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
from tollbridge_openai.responses_answers import read_response, write_response
from tollbridge_openai.responses_content import NAME
from tollbridge_openai.responses_echo import BEFORE, KEPT
from tollbridge_openai.responses_errors import read_error
from tollbridge_openai.responses_reading import read_request
from tollbridge_openai.responses_stream_writer import ResponsesStreamWriter
from tollbridge_openai.responses_streams import ResponsesStreamReader
from tollbridge_openai.responses_writing import write_request


class ResponsesCodec:
    """Reads and writes `POST /v1/responses`."""

    name = NAME
    kind = CONVERSATION
    spelled: Mapping[str, str] = {
        "messages": "input",
        "messages[]": "input[]",
        "max_output": "max_output_tokens",
        "choice": "tool_choice",
        "parallel_tools": "parallel_tool_calls",
        "format": "text.format",
        "verbosity": "text.verbosity",
        "thinking": "reasoning",
        "tier": "service_tier",
        "cache_key": "prompt_cache_key",
    }

    def read_request(self, body: bytes, envelope: Envelope, notes: Notes) -> Request:
        request = read_request(body, notes)
        told = [f"{BEFORE}{envelope.recalled}"] if envelope.recalled else []
        told += [KEPT] if envelope.kept else []
        return replace(request, spelling=(*request.spelling, *told)) if told else request

    def write_request(self, request: Request, notes: Notes) -> bytes:
        return write_request(request, notes)

    def read_response(self, body: bytes, notes: Notes) -> Response:
        return read_response(body, notes)

    def write_response(self, response: Response, request: Request, notes: Notes) -> bytes:
        return write_response(response, request, notes)

    def stream_reader(self, notes: Notes) -> StreamReader:
        return ResponsesStreamReader(notes)

    def stream_writer(self, request: Request, notes: Notes) -> StreamWriter:
        return ResponsesStreamWriter(request, notes)

    def read_error(self, status: int, body: bytes) -> GatewayError:
        return read_error(status, body)


_: type[Conversation] = ResponsesCodec
