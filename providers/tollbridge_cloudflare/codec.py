"""The codec of `POST /ai/run/{model}`, which runs a model that writes text."""

from tollbridge.formats import ConversationCodec
from tollbridge_cloudflare.answers import read_error, read_response, write_response
from tollbridge_cloudflare.calls import NAME
from tollbridge_cloudflare.reading import read_request
from tollbridge_cloudflare.streams import RunReader, RunWriter
from tollbridge_cloudflare.writing import write_request

RUN_CODEC = ConversationCodec(
    name=NAME,
    spelled={
        "max_output": "max_tokens",
        "choice": "tool_choice",
        "format": "response_format",
        "thinking": "reasoning_effort",
    },
    read_request=read_request,
    write_request=write_request,
    read_response=read_response,
    write_response=write_response,
    stream_reader=RunReader,
    stream_writer=RunWriter,
    read_error=read_error,
)
