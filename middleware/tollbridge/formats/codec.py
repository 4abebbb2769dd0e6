"""Reading and writing a dialect's own bodies: both ways, pure, at any cut.

A codec belongs to an operation of a dialect. A call goes from one codec to another of the same `kind`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, TypeVar

from tollbridge.errors import GatewayError
from tollbridge.formats.conversation import Request
from tollbridge.formats.dialect import Envelope
from tollbridge.formats.events import AnyEvent
from tollbridge.formats.notes import Notes
from tollbridge.formats.response import Response

Q = TypeVar("Q")
A = TypeVar("A")

CONVERSATION, EMBEDDINGS, RERANK, COUNT = "conversation", "embeddings", "rerank", "count"
"""The kinds of codec there are: what is asked and answered is the same for all of a kind."""


class Codec(Protocol[Q, A]):
    """A wire format of one kind of call.  `name` is its dialect's, and the `origin` of what it reads."""

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> str: ...

    @property
    def spelled(self) -> Mapping[str, str]:
        """What the canonical fields are called here, where it is not the same: `max_output` is `max_tokens`, say.

        A field inside another goes by its whole path, else by its own name behind the other's.
        """
        ...

    def read_request(self, body: bytes, envelope: Envelope, notes: Notes, /) -> Q:
        """Read what a caller asks for; raises `BadRequest` naming the field that is wrong."""
        ...

    def write_request(self, request: Q, notes: Notes, /) -> bytes:
        """Write a request for a provider; what cannot be said is dropped in `notes`, or raises `Untranslatable`."""
        ...

    def read_response(self, body: bytes, notes: Notes, /) -> A:
        """Read a provider's answer; raises `UpstreamError` for what is none."""
        ...

    def write_response(self, response: A, request: Q, notes: Notes, /) -> bytes:
        """Write an answer for the caller of `request`."""
        ...

    def read_error(self, status: int, body: bytes, /) -> GatewayError:
        """Read a provider's refusal: an error of the same class, with its code, message and param.  Never raises."""
        ...


class StreamReader(Protocol):
    """Reads one stream.  Made for one call."""

    def feed(self, chunk: bytes) -> list[AnyEvent]:
        """Take the next bytes, give the events that are whole; `b""` says the stream ended.

        `End` or `Broken` is the last event, and neither comes where the stream broke off. Raises `UpstreamError` for
        what is no stream at all.
        """
        ...


class StreamWriter(Protocol):
    """Writes one stream.  Made for one call."""

    def write(self, event: AnyEvent) -> bytes:
        """Write an event, `b""` where this dialect says nothing of it (yet)."""
        ...


class Conversation(Codec[Request, Response], Protocol):
    """A codec for conversations, which stream too."""

    @property
    def free_text(self) -> bool:
        """Whether this dialect has tools that take free text.

        Where it has none, the requests to write have none either, and no calls of any: `Translator` makes functions of
        them, and free text again of what a provider answers. See `functions_only`.
        """
        ...

    def stream_reader(self, notes: Notes, /) -> StreamReader:
        """Make the reader of one stream of a provider."""
        ...

    def stream_writer(self, request: Request, notes: Notes, /) -> StreamWriter:
        """Make the writer of one stream for the caller of `request`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationCodec:
    """A `Conversation` that is made of functions."""

    kind: ClassVar[str] = CONVERSATION

    name: str
    spelled: Mapping[str, str]
    read_request: Callable[[bytes, Envelope, Notes], Request]
    write_request: Callable[[Request, Notes], bytes]
    read_response: Callable[[bytes, Notes], Response]
    write_response: Callable[[Response, Request, Notes], bytes]
    stream_reader: Callable[[Notes], StreamReader]
    stream_writer: Callable[[Request, Notes], StreamWriter]
    read_error: Callable[[int, bytes], GatewayError]
    free_text: bool = False


_: type[Conversation] = ConversationCodec

AnyCodec = Codec[Any, Any]


def takes_free_text(codec: AnyCodec) -> bool:
    """Whether a codec takes tools of free text; one that does not say, such as one that counts, takes none."""
    return bool(getattr(codec, "free_text", False))
