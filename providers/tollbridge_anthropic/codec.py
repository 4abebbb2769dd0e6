"""The codecs of this dialect: messages, and counts of their tokens."""

from collections.abc import Mapping

from tollbridge import GatewayError
from tollbridge.formats import (
    CONVERSATION,
    COUNT,
    Codec,
    Conversation,
    CountResponse,
    Envelope,
    Notes,
    Request,
    Response,
    StreamReader,
    StreamWriter,
)
from tollbridge_anthropic import answers_in, answers_out, errors, requests_in, requests_out
from tollbridge_anthropic.plain_answers import read_plain_response
from tollbridge_anthropic.plain_requests import read_plain_request
from tollbridge_anthropic.streams_in import StreamedMessage
from tollbridge_anthropic.streams_out import MessageStream
from tollbridge_anthropic.words import NAME

SPELLED: Mapping[str, str] = {
    "cache": "cache_control",
    "messages[].content[].cache": "messages[].content[].cache_control",
    "tools[].cache": "tools[].cache_control",
    "choice": "tool_choice",
    "format": "output_config.format",
    "max_output": "max_tokens",
    "parallel_tools": "tool_choice.disable_parallel_tool_use",
    "stop": "stop_sequences",
    "tier": "service_tier",
    "thinking.budget": "thinking.budget_tokens",
    "thinking.effort": "output_config.effort",
    "user": "metadata.user_id",
}


class MessagesCodec:
    """`/v1/messages`."""

    name = NAME
    kind = CONVERSATION
    spelled = SPELLED
    free_text = False

    def read_request(self, body: bytes, envelope: Envelope, notes: Notes) -> Request:
        return read_plain_request(body, notes.seal) or requests_in.read_request(body, envelope, notes)

    def write_request(self, request: Request, notes: Notes) -> bytes:
        return requests_out.write_request(request, notes)

    def read_response(self, body: bytes, notes: Notes) -> Response:
        return read_plain_response(body, notes.seal) or answers_in.read_response(body, notes)

    def write_response(self, response: Response, request: Request, notes: Notes) -> bytes:
        return answers_out.write_response(response, request, notes)

    def stream_reader(self, notes: Notes) -> StreamReader:
        return StreamedMessage(notes.seal)

    def stream_writer(self, request: Request, notes: Notes) -> StreamWriter:
        return MessageStream(request, notes)

    def read_error(self, status: int, body: bytes) -> GatewayError:
        return errors.read_error(status, body)


class CountCodec:
    """`/v1/messages/count_tokens`."""

    name = NAME
    kind = COUNT
    spelled = SPELLED

    def read_request(self, body: bytes, envelope: Envelope, notes: Notes) -> Request:
        return read_plain_request(body, notes.seal) or requests_in.read_request(body, envelope, notes)

    def write_request(self, request: Request, notes: Notes) -> bytes:
        return requests_out.write_count(request, notes)

    def read_response(self, body: bytes, notes: Notes) -> CountResponse:
        return answers_in.read_count(body, notes)

    def write_response(self, response: CountResponse, request: Request, notes: Notes) -> bytes:
        return answers_out.write_count(response, request, notes)

    def read_error(self, status: int, body: bytes) -> GatewayError:
        return errors.read_error(status, body)


_: type[Conversation] = MessagesCodec
_count: type[Codec[Request, CountResponse]] = CountCodec
