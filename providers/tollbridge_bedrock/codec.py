"""The codec of Converse."""

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
from tollbridge_bedrock.answers import read_response, write_response
from tollbridge_bedrock.errors import read_error
from tollbridge_bedrock.requests_in import read_request
from tollbridge_bedrock.requests_out import write_request
from tollbridge_bedrock.streams_in import ConverseStreamReader
from tollbridge_bedrock.streams_out import ConverseStreamWriter
from tollbridge_bedrock.words import NAME


class ConverseCodec:
    """Reads and writes `POST /model/{model}/converse` and `converse-stream`."""

    name = NAME
    kind = CONVERSATION
    spelled: Mapping[str, str] = {
        "max_output": "inferenceConfig.maxTokens",
        "temperature": "inferenceConfig.temperature",
        "top_p": "inferenceConfig.topP",
        "top_k": "additionalModelRequestFields.top_k",
        "stop": "inferenceConfig.stopSequences",
        "tools": "toolConfig.tools",
        "choice": "toolConfig.toolChoice",
        "thinking": "additionalModelRequestFields.thinking",
        "format": "outputConfig.textFormat",
        "metadata": "requestMetadata",
        "tier": "serviceTier",
    }

    def read_request(self, body: bytes, envelope: Envelope, notes: Notes) -> Request:
        return read_request(body, envelope, notes)

    def write_request(self, request: Request, notes: Notes) -> bytes:
        return write_request(request, notes)

    def read_response(self, body: bytes, notes: Notes) -> Response:
        return read_response(body, notes)

    def write_response(self, response: Response, request: Request, notes: Notes) -> bytes:
        return write_response(response, notes)

    def stream_reader(self, notes: Notes) -> StreamReader:
        return ConverseStreamReader(notes)

    def stream_writer(self, request: Request, notes: Notes) -> StreamWriter:
        return ConverseStreamWriter(notes)

    def read_error(self, status: int, body: bytes) -> GatewayError:
        return read_error(status, body)


_: type[Conversation] = ConverseCodec
