"""The codec of `:generateContent` and `:streamGenerateContent`."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from tollbridge import BadRequest, GatewayError, UpstreamError
from tollbridge.formats import (
    CONVERSATION,
    Conversation,
    Envelope,
    Notes,
    Request,
    Response,
    StreamReader,
    StreamWriter,
    decode_json,
    encode_json,
)
from tollbridge_gemini.answers import read_response, write_response
from tollbridge_gemini.errors import read_error
from tollbridge_gemini.names import NAME, Members
from tollbridge_gemini.requests_in import read_request
from tollbridge_gemini.requests_out import write_request
from tollbridge_gemini.streams_in import GenerateStreamReader
from tollbridge_gemini.streams_out import GenerateStreamWriter

T = TypeVar("T")

SPELLED: Mapping[str, str] = {
    "messages[]": "contents[]",
    "temperature": "generationConfig.temperature",
    "top_p": "generationConfig.topP",
    "top_k": "generationConfig.topK",
    "answers": "generationConfig.candidateCount",
    "max_output": "generationConfig.maxOutputTokens",
    "stop": "generationConfig.stopSequences",
    "seed": "generationConfig.seed",
    "presence_penalty": "generationConfig.presencePenalty",
    "frequency_penalty": "generationConfig.frequencyPenalty",
    "logprobs": "generationConfig.responseLogprobs",
    "top_logprobs": "generationConfig.logprobs",
    "format": "generationConfig.responseJsonSchema",
    "response_format": "generationConfig.responseJsonSchema",
    "thinking": "generationConfig.thinkingConfig",
    "choice": "toolConfig.functionCallingConfig",
    "tool_choice": "toolConfig.functionCallingConfig",
    "tier": "serviceTier",
}


def bounded(wrong: type[GatewayError], work: Callable[[], T]) -> T:
    """Do some work on a body; one that is nested too deep for it raises `wrong`."""
    try:
        return work()
    except RecursionError as exc:
        raise wrong("the body is nested too deep") from exc


def asked(body: bytes) -> Members:
    """Look into the body of a request; raises `BadRequest`."""
    return Members(decode_json(body))


def answered(body: bytes) -> object:
    """Read the body of an answer; raises `UpstreamError`."""
    return decode_json(body, wrong=UpstreamError, what="the provider's answer")


class GenerateCodec:
    """Reads and writes `POST /v1beta/models/{model}:generateContent`, streamed or not."""

    name = NAME
    kind = CONVERSATION
    spelled = SPELLED

    def read_request(self, body: bytes, envelope: Envelope, notes: Notes) -> Request:
        return bounded(BadRequest, lambda: read_request(asked(body), envelope, notes))

    def write_request(self, request: Request, notes: Notes) -> bytes:
        return bounded(BadRequest, lambda: encode_json(write_request(request, notes)))

    def read_response(self, body: bytes, notes: Notes) -> Response:
        return bounded(UpstreamError, lambda: read_response(answered(body), notes))

    def write_response(self, response: Response, request: Request, notes: Notes) -> bytes:
        return bounded(UpstreamError, lambda: encode_json(write_response(response, request, notes)))

    def stream_reader(self, notes: Notes) -> StreamReader:
        return GenerateStreamReader(notes)

    def stream_writer(self, request: Request, notes: Notes) -> StreamWriter:
        return GenerateStreamWriter(request, notes)

    def read_error(self, status: int, body: bytes) -> GatewayError:
        return read_error(status, body)


_: type[Conversation] = GenerateCodec
