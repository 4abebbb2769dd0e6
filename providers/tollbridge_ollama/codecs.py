"""The codecs of chat and generate, which have their answers in common."""

from collections.abc import Callable
from functools import partial

from tollbridge.formats import ConversationCodec, Envelope, Notes, Request
from tollbridge_ollama import asking, generating
from tollbridge_ollama.answers import read_response, write_response
from tollbridge_ollama.errors import read_error
from tollbridge_ollama.shapes import CHAT, GENERATE, Shape
from tollbridge_ollama.stream_writer import LineStreamWriter
from tollbridge_ollama.streams import LineStreamReader

_OPTIONS = ("temperature", "top_p", "top_k", "seed", "stop", "frequency_penalty", "presence_penalty")


def _codec(
    name: str,
    shape: Shape,
    read_request: Callable[[bytes, Envelope, Notes], Request],
    write_request: Callable[[Request, Notes], bytes],
) -> ConversationCodec:
    return ConversationCodec(
        name=name,
        spelled={
            "max_output": "options.num_predict",
            "thinking": "think",
            **{name: f"options.{name}" for name in _OPTIONS},
        },
        read_request=read_request,
        write_request=write_request,
        read_response=partial(read_response, shape),
        write_response=partial(write_response, shape),
        stream_reader=partial(LineStreamReader, shape),
        stream_writer=partial(LineStreamWriter, shape),
        read_error=read_error,
    )


CHAT_CODEC = _codec(asking.NAME, CHAT, asking.read_request, asking.write_request)
"""`POST /api/chat`."""
GENERATE_CODEC = _codec(generating.NAME, GENERATE, generating.read_request, generating.write_request)
"""`POST /api/generate`."""
