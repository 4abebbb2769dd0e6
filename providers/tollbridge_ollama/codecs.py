"""The codecs of chat and generate."""

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
from tollbridge_ollama import asking, generating
from tollbridge_ollama.answers import read_response, write_response
from tollbridge_ollama.errors import read_error
from tollbridge_ollama.shapes import CHAT, GENERATE, Shape
from tollbridge_ollama.stream_writer import LineStreamWriter
from tollbridge_ollama.streams import LineStreamReader

_OPTIONS = ("temperature", "top_p", "top_k", "seed", "stop", "frequency_penalty", "presence_penalty")


class _Answering:
    """What both have in common: their answers."""

    name = ""
    kind = CONVERSATION
    spelled: Mapping[str, str] = {
        "max_output": "options.num_predict",
        "thinking": "think",
        **{name: f"options.{name}" for name in _OPTIONS},
    }
    shape: Shape = CHAT

    def read_response(self, body: bytes, notes: Notes) -> Response:
        return read_response(body, notes, self.shape)

    def write_response(self, response: Response, request: Request, notes: Notes) -> bytes:
        return write_response(response, request, notes, self.shape)

    def stream_reader(self, notes: Notes) -> StreamReader:
        return LineStreamReader(self.shape, notes)

    def stream_writer(self, request: Request, notes: Notes) -> StreamWriter:
        return LineStreamWriter(self.shape, request, notes)

    def read_error(self, status: int, body: bytes) -> GatewayError:
        return read_error(status, body)


class ChatCodec(_Answering):
    """Reads and writes `POST /api/chat`."""

    name = asking.NAME

    def read_request(self, body: bytes, envelope: Envelope, notes: Notes) -> Request:
        return asking.read_request(body, notes)

    def write_request(self, request: Request, notes: Notes) -> bytes:
        return asking.write_request(request, notes)


class GenerateCodec(_Answering):
    """Reads and writes `POST /api/generate`."""

    name = generating.NAME
    shape = GENERATE

    def read_request(self, body: bytes, envelope: Envelope, notes: Notes) -> Request:
        return generating.read_request(body, notes)

    def write_request(self, request: Request, notes: Notes) -> bytes:
        return generating.write_request(request, notes)


_: tuple[type[Conversation], ...] = (ChatCodec, GenerateCodec)
