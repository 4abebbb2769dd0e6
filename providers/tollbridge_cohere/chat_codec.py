"""The codec of Cohere's chat: `POST /v2/chat`."""

from tollbridge.formats import ConversationCodec
from tollbridge_cohere.answers import read_response, write_response
from tollbridge_cohere.content import NAME
from tollbridge_cohere.errors import read_error
from tollbridge_cohere.reading import read_request
from tollbridge_cohere.stream_writer import CohereStreamWriter
from tollbridge_cohere.streams import CohereStreamReader
from tollbridge_cohere.writing import write_request

CHAT_CODEC = ConversationCodec(
    name=NAME,
    spelled={
        "max_output": "max_tokens",
        "top_p": "p",
        "top_k": "k",
        "stop": "stop_sequences",
        "choice": "tool_choice",
        "format": "response_format",
    },
    read_request=read_request,
    write_request=write_request,
    read_response=read_response,
    write_response=write_response,
    stream_reader=CohereStreamReader,
    stream_writer=CohereStreamWriter,
    read_error=read_error,
)
