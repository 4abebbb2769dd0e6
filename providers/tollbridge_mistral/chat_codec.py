"""The codec of Mistral's chat: `POST /v1/chat/completions` as Mistral has it."""

from tollbridge.formats import ConversationCodec
from tollbridge_mistral.answers import read_response, write_response
from tollbridge_mistral.content import NAME
from tollbridge_mistral.errors import read_error
from tollbridge_mistral.reading import read_request
from tollbridge_mistral.stream_writer import MistralStreamWriter
from tollbridge_mistral.streams import mistral_stream_reader
from tollbridge_mistral.writing import write_request

CHAT_CODEC = ConversationCodec(
    name=NAME,
    spelled={
        "max_output": "max_tokens",
        "seed": "random_seed",
        "answers": "n",
        "choice": "tool_choice",
        "format": "response_format",
        "thinking": "reasoning_effort",
        "cache_key": "prompt_cache_key",
    },
    read_request=read_request,
    write_request=write_request,
    read_response=read_response,
    write_response=write_response,
    stream_reader=mistral_stream_reader,
    stream_writer=MistralStreamWriter,
    read_error=read_error,
)
