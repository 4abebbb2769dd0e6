"""The codec of `POST /v1/responses`."""

from msgspec.structs import replace

from tollbridge.formats import ConversationCodec, Envelope, Notes, Request
from tollbridge_openai.responses_answers import read_response, write_response
from tollbridge_openai.responses_content import NAME
from tollbridge_openai.responses_echo import BEFORE, KEPT
from tollbridge_openai.responses_errors import read_error
from tollbridge_openai.responses_reading import read_request
from tollbridge_openai.responses_stream_writer import ResponsesStreamWriter
from tollbridge_openai.responses_streams import ResponsesStreamReader
from tollbridge_openai.responses_writing import write_request


def _read_request(body: bytes, envelope: Envelope, notes: Notes) -> Request:
    """Read a request; its spelling tells what the bridge did with it, which an answer says too."""
    request = read_request(body, notes)
    told = [f"{BEFORE}{envelope.recalled}"] if envelope.recalled else []
    told += [KEPT] if envelope.kept else []
    return replace(request, spelling=(*request.spelling, *told)) if told else request


RESPONSES_CODEC = ConversationCodec(
    name=NAME,
    spelled={
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
        "messages[].content[].cache": "input[].content[].prompt_cache_breakpoint",
        "tools[].grammar": "tools[].format",
    },
    read_request=_read_request,
    write_request=write_request,
    read_response=read_response,
    write_response=write_response,
    stream_reader=ResponsesStreamReader,
    stream_writer=ResponsesStreamWriter,
    read_error=read_error,
    free_text=True,
)
