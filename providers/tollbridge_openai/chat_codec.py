"""The codec of chat completions."""

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
from tollbridge_openai.chat_answers import read_response, write_response
from tollbridge_openai.chat_content import NAME
from tollbridge_openai.chat_errors import read_error
from tollbridge_openai.chat_plain_answers import read_plain_response
from tollbridge_openai.chat_plain_requests import read_plain_request
from tollbridge_openai.chat_reading import read_request
from tollbridge_openai.chat_stream_writer import ChatStreamWriter
from tollbridge_openai.chat_streams import chat_stream_reader
from tollbridge_openai.chat_writing import write_request


class ChatCodec:
    """Reads and writes `POST /v1/chat/completions`."""

    name = NAME
    kind = CONVERSATION
    spelled: Mapping[str, str] = {
        "max_output": "max_completion_tokens",
        "answers": "n",
        "choice": "tool_choice",
        "format": "response_format",
        "thinking": "reasoning_effort",
        "tier": "service_tier",
        "cache": "cache_control",
        "messages[].content[].cache": "messages[].content[].cache_control",
        "tools[].cache": "tools[].cache_control",
        "tools[].grammar": "tools[].custom.format",
    }
    free_text = True

    def read_request(self, body: bytes, envelope: Envelope, notes: Notes) -> Request:
        return read_plain_request(body, notes) or read_request(body, notes)

    def write_request(self, request: Request, notes: Notes) -> bytes:
        return write_request(request, notes)

    def read_response(self, body: bytes, notes: Notes) -> Response:
        return read_plain_response(body) or read_response(body, notes)

    def write_response(self, response: Response, request: Request, notes: Notes) -> bytes:
        return write_response(response, request, notes)

    def stream_reader(self, notes: Notes) -> StreamReader:
        return chat_stream_reader(notes)

    def stream_writer(self, request: Request, notes: Notes) -> StreamWriter:
        return ChatStreamWriter(request, notes)

    def read_error(self, status: int, body: bytes) -> GatewayError:
        return read_error(status, body)


_: type[Conversation] = ChatCodec
