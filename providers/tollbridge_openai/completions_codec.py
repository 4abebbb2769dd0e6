"""The codec of `POST /v1/completions`, the legacy text completions."""

from tollbridge.formats import ConversationCodec
from tollbridge_openai.chat_errors import read_error
from tollbridge_openai.completions_answers import read_response, write_response
from tollbridge_openai.completions_prompts import NAME
from tollbridge_openai.completions_reading import read_request
from tollbridge_openai.completions_stream_writer import CompletionsStreamWriter
from tollbridge_openai.completions_streams import completions_stream_reader
from tollbridge_openai.completions_writing import write_request

COMPLETIONS_CODEC = ConversationCodec(
    name=NAME,
    spelled={
        "max_output": "max_tokens",
        "answers": "n",
        "top_logprobs": "logprobs",
        "messages": "prompt",
    },
    read_request=lambda body, envelope, notes: read_request(body),
    write_request=write_request,
    read_response=lambda body, notes: read_response(body),
    write_response=write_response,
    stream_reader=lambda notes: completions_stream_reader(),
    stream_writer=CompletionsStreamWriter,
    read_error=read_error,
)
