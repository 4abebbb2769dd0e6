"""The codec of `:generateContent` and `:streamGenerateContent`."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from tollbridge import BadRequest, GatewayError, UpstreamError
from tollbridge.formats import ConversationCodec, Envelope, Notes, Request, Response, decode_json, encode_json
from tollbridge_gemini.answers import read_response, write_response
from tollbridge_gemini.errors import read_error
from tollbridge_gemini.names import NAME, Members
from tollbridge_gemini.plain_answers import read_plain_response
from tollbridge_gemini.plain_requests import read_plain_request
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


def _read_request(body: bytes, envelope: Envelope, notes: Notes) -> Request:
    return bounded(
        BadRequest, lambda: read_plain_request(body, envelope, notes) or read_request(asked(body), envelope, notes)
    )


def _write_request(request: Request, notes: Notes) -> bytes:
    return bounded(BadRequest, lambda: encode_json(write_request(request, notes)))


def _read_response(body: bytes, notes: Notes) -> Response:
    return bounded(UpstreamError, lambda: read_plain_response(body, notes) or read_response(answered(body), notes))


def _write_response(response: Response, request: Request, notes: Notes) -> bytes:
    return bounded(UpstreamError, lambda: encode_json(write_response(response, request, notes)))


GENERATE_CODEC = ConversationCodec(
    name=NAME,
    spelled=SPELLED,
    read_request=_read_request,
    write_request=_write_request,
    read_response=_read_response,
    write_response=_write_response,
    stream_reader=GenerateStreamReader,
    stream_writer=GenerateStreamWriter,
    read_error=read_error,
)
