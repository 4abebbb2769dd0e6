"""The codec of the legacy text completions."""

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
from tollbridge_openai.chat_errors import read_error
from tollbridge_openai.completions_answers import read_response, write_response
from tollbridge_openai.completions_prompts import NAME
from tollbridge_openai.completions_reading import read_request
from tollbridge_openai.completions_stream_writer import CompletionsStreamWriter
from tollbridge_openai.completions_streams import CompletionsStreamReader
from tollbridge_openai.completions_writing import write_request


class CompletionsCodec:
    """Reads and writes `POST /v1/completions`."""

    name = NAME
    kind = CONVERSATION
    spelled: Mapping[str, str] = {
        "max_output": "max_tokens",
        "answers": "n",
        "top_logprobs": "logprobs",
        "messages": "prompt",
    }

    def read_request(self, body: bytes, envelope: Envelope, notes: Notes) -> Request:
        return read_request(body)

    def write_request(self, request: Request, notes: Notes) -> bytes:
        return write_request(request, notes)

    def read_response(self, body: bytes, notes: Notes) -> Response:
        return read_response(body)

    def write_response(self, response: Response, request: Request, notes: Notes) -> bytes:
        return write_response(response, request, notes)

    def stream_reader(self, notes: Notes) -> StreamReader:
        return CompletionsStreamReader()

    def stream_writer(self, request: Request, notes: Notes) -> StreamWriter:
        return CompletionsStreamWriter(request, notes)

    def read_error(self, status: int, body: bytes) -> GatewayError:
        return read_error(status, body)


_: type[Conversation] = CompletionsCodec
