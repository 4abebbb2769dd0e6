"""What the core asks of a dialect.  A dialect is pure: no I/O, any cut of the bytes, both ways.

A dialect lives in the package of the provider that defined it and is registered by `register_dialects`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import msgspec

from tollbridge.errors import GatewayError
from tollbridge.metering.usage import Usage
from tollbridge.providers import Quirks

if TYPE_CHECKING:
    from tollbridge.formats.codec import AnyCodec
    from tollbridge.formats.keeping import Keeping, Wish


class Unfinished(msgspec.Struct, frozen=True, gc=False):
    """An answer that its provider is still working at: `url` gives it when it is asked for by GET.

    `cancel` ends the work, by POST; empty where nothing does.  `written` is how much of the answer is there already and
    can be read, in whatever unit; 0 for nothing.
    """

    url: str
    cancel: str = ""
    written: int = 0


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing a caller can ask for.

    `scope` is what the token needs, such as `ai:chat`; empty where a valid token is enough.
    `path` is what clients call, `{model}` standing for one path segment or more, `{id}` for one of letters, digits,
    `-` and `_`; `upstream` is put behind the provider's base URL, and may hold them too.  `streamed` is put there
    instead where the answer is to be streamed.  `also` are more paths that mean the same.  `label` is the bounded name
    used in metrics.  `fallback`: of several dialects that share a path, this one takes the requests that none of them
    claims.  `codec` reads and writes its bodies, so that a call can go to a provider of another dialect; without one it
    cannot.
    `form`: its body may be a form (RFC 7578) instead of JSON, and then begins with the boundary that its Content-Type
    says.  `modelless`: it names no model and goes as it is to the one provider that keeps files; only `{id}` may stand
    in its paths.  `every_model`: it needs a token that may call every model, for it can come to any.
    `socket`: it is a session over a WebSocket, with one of `subprotocols` if the caller asks for it; its query stands
    where others have a body.  `secret_subprotocol`: a caller that can set no header, as a browser cannot, offers its
    credential as one more of them, behind this beginning.
    `keeping` names its answers, to which callers come back; `kept` says how: it is about the answer that `{id}` stands
    for, and names no model.
    `unfinished` reads from a whole answer, of status 2xx, whether it has to be asked for again, and never raises.  For
    a caller of another dialect who streams, the answer goes to the `codec`'s stream reader each time that more of it is
    written, and at its end: a server-sent event each, whose data is the body.  `held` are headers that have the
    provider hold its answer back until it is finished, for everybody else.
    `anonymous`: who shows no credential at all may ask for it too.
    """

    scope: str
    label: str
    method: str = "POST"
    path: str = ""
    upstream: str = ""
    ai: bool = True
    lists_models: bool = False
    fallback: bool = False
    streamed: str = ""
    also: tuple[str, ...] = ()
    codec: "AnyCodec | None" = None
    form: bool = False
    modelless: bool = False
    every_model: bool = False
    socket: bool = False
    subprotocols: tuple[str, ...] = ()
    secret_subprotocol: str = ""
    keeping: "Keeping | None" = None
    kept: str = ""
    unfinished: Callable[[bytes], Unfinished | None] | None = None
    held: tuple[tuple[bytes, bytes], ...] = ()
    anonymous: bool = False


class Envelope(msgspec.Struct, frozen=True, gc=False):
    """What the bridge must know of a request body, and no more.

    `max_output` is the caller's own limit in tokens for the whole answer (times `n` where several are asked for), or
    None.  `input_bound` is an upper bound for the input tokens.  `asks_usage`: the caller asked for usage in the
    stream.  `answers` is how many answers are asked for.  `recalled` is the id of the earlier answer that the request
    goes on from, where its conversation was put into the body.  `kept`: the bridge will keep what is said.  `wish` is
    what the request says of kept answers, where the dialect names them.
    """

    model: str
    stream: bool = False
    max_output: int | None = None
    input_bound: int = 0
    asks_usage: bool = False
    answers: int = 1
    outputs_tokens: bool = True
    recalled: str = ""
    kept: bool = False
    wish: "Wish | None" = None


class AnswerReader(Protocol):
    """Reads one answer as it passes.  Made for one call."""

    usage: Usage | None
    """What the provider reported so far; None when it said nothing."""
    finished: bool
    """Whether the answer's terminal mark was seen; always True for a whole body that parsed."""
    failed: bool
    """Whether the provider itself ended the stream with an error, which was passed on."""
    pieces: int
    """How many pieces of output passed, for an estimate where no usage is reported."""

    def feed(self, chunk: bytes) -> list[bytes]:
        """Take the next bytes, give what goes on to the caller; `b""` says the upstream ended.

        A reader may hold bytes back until an event is whole.  Raises `UpstreamError` for what is no answer at all.
        """
        ...


class Dialect(Protocol):
    """A wire format."""

    name: str
    base: str
    """The dialect whose base URL this one shares; its own name if none."""
    stream_type: bytes
    """The media type of its streams, such as `text/event-stream`, as a prefix of the header."""
    keep_alive: bytes
    """What may be written between two events of a stream to show that it lives; empty where nothing may."""

    @property
    def operations(self) -> Sequence[Operation]:
        """What clients of this dialect can ask for."""
        ...

    def read_envelope(self, operation: Operation, path: str, body: bytes) -> Envelope:
        """Read what the bridge must know; raises `BadRequest` naming the field that is wrong."""
        ...

    def readdress(
        self, body: bytes, envelope: Envelope, *, model: str, max_output: int | None, quirks: Quirks
    ) -> bytes:
        """Change the model's name, ask for usage in a stream, set an output limit; every other byte stays.

        `quirks` tells where the host differs from the dialect.
        """
        ...

    def answer_reader(self, envelope: Envelope, *, streamed: bool, cost: "CostLine | None" = None) -> AnswerReader:
        """Make the reader for one answer.  `streamed`: the answer is an event stream.

        `cost`, where given, is called with the final usage and its text is put beside it as `usage.cost`.
        """
        ...

    def write_error(self, error: GatewayError, call_id: str) -> bytes:
        """Write an error as the body of a response with status `error.status`."""
        ...

    def write_error_event(self, error: GatewayError, call_id: str) -> bytes:
        """Write an error as the last event of a stream that has begun."""
        ...

    def write_models(self, models: Sequence["ModelEntry"], headers: Mapping[bytes, bytes]) -> bytes:
        """Write the list of models a caller may use."""
        ...

    def write_model(self, model: "ModelEntry") -> bytes:
        """Write one model of that list."""
        ...

    def claims(self, headers: Mapping[bytes, bytes]) -> bool:
        """Whether a request for a path that several dialects share is this dialect's, by its headers."""
        ...


class CostLine(Protocol):
    """Says what a usage costs, as a JSON number in US dollars."""

    def __call__(self, usage: Usage) -> str | None: ...


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """A model as listed to callers.  `created` in seconds since the epoch, `context` and `max_output` in tokens.

    Where it is `deprecated_at` a time, `ends_at` is when it may be gone, and `successor` the model to take instead.
    `counts`: the tokens of what it would be asked can be counted.
    """

    id: str
    owned_by: str
    created: int = 0
    context: int | None = None
    max_output: int | None = None
    deprecated_at: datetime | None = None
    ends_at: datetime | None = None
    successor: str = ""
    counts: bool = True


def named_model(operation: Operation, path: str) -> str:
    """Give the model's name that stands in the path of a request for this operation, empty if there is none."""
    return _standing_for("{model}", operation, path)


def named_id(operation: Operation, path: str) -> str:
    """Give the id that stands in the path of a request for this operation, empty if there is none."""
    return _standing_for("{id}", operation, path)


def _standing_for(mark: str, operation: Operation, path: str) -> str:
    for pattern in (operation.path, *operation.also):
        head, brace, tail = pattern.partition(mark)
        if brace and path.startswith(head) and path.endswith(tail) and len(path) > len(head) + len(tail):
            return path[len(head) : len(path) - len(tail)]
    return ""
