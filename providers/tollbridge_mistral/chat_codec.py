"""The codec of Mistral's chat."""

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
from tollbridge_mistral.answers import read_response, write_response
from tollbridge_mistral.content import NAME
from tollbridge_mistral.errors import read_error
from tollbridge_mistral.reading import read_request
from tollbridge_mistral.stream_writer import MistralStreamWriter
from tollbridge_mistral.streams import MistralStreamReader
from tollbridge_mistral.writing import write_request


class ChatCodec:
    """Reads and writes `POST /v1/chat/completions` as Mistral has it."""

    name = NAME
    kind = CONVERSATION
    spelled: Mapping[str, str] = {
        "max_output": "max_tokens",
        "seed": "random_seed",
        "answers": "n",
        "choice": "tool_choice",
        "format": "response_format",
        "thinking": "reasoning_effort",
        "cache_key": "prompt_cache_key",
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
        return MistralStreamReader(notes)

    def stream_writer(self, request: Request, notes: Notes) -> StreamWriter:
        return MistralStreamWriter(request, notes)

    def read_error(self, status: int, body: bytes) -> GatewayError:
        return read_error(status, body)


_: type[Conversation] = ChatCodec
