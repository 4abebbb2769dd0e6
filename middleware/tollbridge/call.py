"""What is known of one request, filled layer by layer.  It lives in `scope["tollbridge"]`."""

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import msgspec

from tollbridge.audit import Actor
from tollbridge.clock import Clock
from tollbridge.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from tollbridge.errors import GatewayError
    from tollbridge.formats.dialect import AnswerReader, Dialect, Envelope, Operation
    from tollbridge.formats.translation import Translation, Translator
    from tollbridge.layers.recall import Remembering
    from tollbridge.limits.limiter import Grant
    from tollbridge.metering.ledger import Reservation
    from tollbridge.metering.prices import Price
    from tollbridge.metering.usage import Usage, UsageSource
    from tollbridge.providers import Target
    from tollbridge.services.entrance import Entered
    from tollbridge.tokens.model import Principal

Headers = list[tuple[bytes, bytes]]
CREDENTIAL_HEADERS = frozenset((b"authorization", b"x-api-key", b"x-goog-api-key"))
"""In which callers say who they are, whatever dialect they speak."""


class Outcome(StrEnum):
    """How a call ended; every call ends in exactly one way."""

    COMPLETE = "complete"
    CLIENT_GONE = "client_gone"
    UPSTREAM_FAILED = "upstream_failed"
    TRUNCATED = "truncated"
    REFUSED = "refused"


class ResponseHead(msgspec.Struct, gc=False):
    """Status and headers of an answer, before they are sent.  Both may be changed in `response_head`."""

    status: int
    headers: Headers

    def get(self, name: bytes) -> bytes | None:
        """Find the first header of that lower-case name."""
        for key, value in self.headers:
            if key == name:
                return value
        return None

    def set(self, name: bytes, value: bytes) -> None:
        """Put this one value in place of any of that lower-case name."""
        self.drop(name)
        self.headers.append((name, value))

    def drop(self, name: bytes) -> None:
        """Remove every header of that lower-case name."""
        self.headers = [pair for pair in self.headers if pair[0] != name]


class Estimate(msgspec.Struct, frozen=True, gc=False):
    """The most a call can use, in tokens.  `output` is the limit the caller set, or an assumed one."""

    input: int
    output: int

    @property
    def total(self) -> int:
        return self.input + self.output


class Acting(msgspec.Struct, frozen=True, gc=False):
    """Who acts by a page, as the audit log has them; `unbounded` where that is the operator, whom nothing bounds."""

    actor: Actor
    unbounded: bool = False


class Call(msgspec.Struct, eq=False):
    """One crossing.

    `path` is the decoded path below the mount point, `raw_path` the whole of it as it came, `headers` the request's,
    lower-case names, in order; what a layer takes out of them does not reach the app. `native` is the transport's own
    object (the ASGI scope), for adapters, and None once the call has ended. `parent` is the id of the call that this
    one is made for, empty where a caller makes it. `borrowed` is what the call that this one is made for was given, and
    has `lent`: whose requests and calls at once are counted there are not counted again. `asked_by` is the id of that
    call, which is in no ledger. `release` is the id of what is called of a published service.
    `acting` is who sent it by a page of the gateway, None for all that came from outside.
    `body` is the whole request body of a model call, bounded, and None where the body streams to the wrapped app.
    `entered` is what it found where services are published, and `call_price` what one call of that costs, in
    nano-dollars, where something else than the configuration says so.
    `body_check` is set where a body says something of who calls: it is read as a whole then, also for the wrapped app,
    and what this raises refuses the call before anything is counted.
    `targets` are tried in order, `target` is the one that answered. `reached`: a provider was sent the request, so it
    may charge for it. `early`: the answer was opened, as a stream, before its provider gave a head. `streamed`: the
    answer is an event stream, and `stream_type` the media type one of the provider's has. `translator` is there where a
    target does not speak the call's dialect, `translation` where the one that was asked does not. `dropped` are the
    fields of the answer that the caller's dialect cannot say. `given` is an answer the bridge gives itself, in JSON;
    `remembering` is what will be kept of the call. `cost` is in nano-dollars, None while unknown or
    unpriced; `costed` is the usage it was worked out for. `state` is for policies: a dict of their own, keyed by the
    policy's name.
    """

    id: str
    received: datetime
    started_s: float
    protocol: str
    method: str
    path: str
    headers: Headers
    raw_path: bytes = b""
    query: bytes = b""
    client: str = ""
    http_version: str = "1.1"
    native: Any = None
    parent: str = ""
    asked_by: str = ""
    acting: Acting | None = None

    operation: "Operation | None" = None
    service: str = ""
    dialect: "Dialect | None" = None
    principal: "Principal | None" = None
    public: bool = False
    entered: "Entered | None" = None
    call_price: int | None = None
    release: str = ""
    body_check: "Callable[[bytes], None] | None" = None

    body: bytes | None = None
    model: str | None = None
    stream: bool = False
    envelope: "Envelope | None" = None
    targets: "tuple[Target, ...]" = ()
    target: "Target | None" = None

    estimate: Estimate | None = None
    grant: "Grant | None" = None
    borrowed: "Grant | None" = None
    lent: bool = False
    price: "Price | None" = None
    reservation: "Reservation | None" = None
    usage: "Usage | None" = None
    usage_source: "UsageSource | None" = None
    cost: int | None = None
    costed: "Usage | None" = None

    status: int = 0
    outcome: Outcome | None = None
    error: "GatewayError | None" = None
    duration_s: float = 0.0
    first_byte_s: float | None = None
    bytes_in: int = 0
    bytes_out: int = 0
    reached: bool = False
    truncated: bool = False
    early: bool = False
    given: bytes | None = None
    remembering: "Remembering | None" = None
    dropped: tuple[str, ...] = ()
    streamed: bool = False
    cap_output: bool = False
    reader: "AnswerReader | None" = None
    translator: "Translator | None" = None
    translation: "Translation | None" = None
    stream_type: bytes = b"text/event-stream"
    state: dict[str, Any] = msgspec.field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Call({self.id} {self.method} {self.path})"

    def header(self, name: bytes) -> bytes | None:
        """Find the first request header of that lower-case name."""
        for key, value in self.headers:
            if key == name:
                return value
        return None

    @property
    def strict(self) -> bool:
        """Whether the caller wants all or nothing: `Prefer: handling=strict` (RFC 7240, section 4.4)."""
        preference = self.header(b"prefer")
        if preference is None:
            return False
        return b"handling=strict" in preference.lower().replace(b" ", b"").replace(b'"', b"")


def open_call(scope: Any, clock: Clock, *, path: str | None = None) -> Call:
    """Begin the record of one request from its ASGI scope (HTTP or WebSocket)."""
    client = scope.get("client")
    return Call(
        new_id("req", clock),
        clock.now(),
        clock.monotonic(),
        scope["type"],
        scope.get("method", "GET"),
        scope["path"] if path is None else path,
        scope["headers"],
        scope.get("raw_path") or b"",
        scope.get("query_string", b""),
        client[0] if client else "",
        scope.get("http_version", "1.1"),
        scope,
    )


def local_path(scope: Any) -> str:
    """Give the path below the mount point (ASGI: `path` begins with `root_path` where there is one)."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    if not root:
        return path
    root = root.rstrip("/")
    if path.startswith(root) and path[len(root) : len(root) + 1] in ("", "/"):
        return path[len(root) :] or "/"
    return path
