"""What is known of one request, filled layer by layer.  It lives in `scope["tollbridge"]`."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import msgspec

from tollbridge.clock import Clock
from tollbridge.ids import new_id

if TYPE_CHECKING:
    from tollbridge.errors import GatewayError
    from tollbridge.formats.dialect import AnswerReader, Dialect, Envelope, Operation
    from tollbridge.limits.limiter import Grant
    from tollbridge.metering.ledger import Reservation
    from tollbridge.metering.prices import Price
    from tollbridge.metering.usage import Usage, UsageSource
    from tollbridge.providers import Target
    from tollbridge.tokens.model import Principal

Headers = list[tuple[bytes, bytes]]


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
        self.headers = [pair for pair in self.headers if pair[0] != name]
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


@dataclass(eq=False)
class Call:
    """One crossing.

    What is not known yet stands on the class, so that a call costs only what is set on it.

    `path` is the decoded path below the mount point, `raw_path` the whole of it as it came, `headers` the request's,
    lower-case names, in order; what a layer takes out of them does not reach the app. `native` is the transport's own
    object (the ASGI scope), for adapters.
    `body` is the whole request body of a model call, bounded, and None where the body streams to the wrapped app.
    `targets` are tried in order, `target` is the one that answered. `reached`: a provider was sent the request, so it
    may charge for it. `streamed`: the answer is an event stream. `state` is for policies: a dict of their own, keyed by
    the policy's name.
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
    native: Any = field(default=None, repr=False)

    operation: "Operation | None" = field(default=None, init=False)
    service: str = field(default="", init=False)
    dialect: "Dialect | None" = field(default=None, init=False)
    principal: "Principal | None" = field(default=None, init=False)
    public: bool = field(default=False, init=False)

    body: bytes | None = field(default=None, init=False)
    model: str | None = field(default=None, init=False)
    stream: bool = field(default=False, init=False)
    envelope: "Envelope | None" = field(default=None, init=False)
    targets: "tuple[Target, ...]" = field(default=(), init=False)
    target: "Target | None" = field(default=None, init=False)

    estimate: Estimate | None = field(default=None, init=False)
    grant: "Grant | None" = field(default=None, init=False)
    price: "Price | None" = field(default=None, init=False)
    reservation: "Reservation | None" = field(default=None, init=False)
    usage: "Usage | None" = field(default=None, init=False)
    usage_source: "UsageSource | None" = field(default=None, init=False)
    cost: int | None = field(default=None, init=False)  # nano-dollars; None while unknown or unpriced

    status: int = field(default=0, init=False)
    outcome: Outcome | None = field(default=None, init=False)
    error: "GatewayError | None" = field(default=None, init=False)
    duration_s: float = field(default=0.0, init=False)
    first_byte_s: float | None = field(default=None, init=False)
    bytes_in: int = field(default=0, init=False)
    bytes_out: int = field(default=0, init=False)
    reached: bool = field(default=False, init=False)
    truncated: bool = field(default=False, init=False)
    streamed: bool = field(default=False, init=False)
    cap_output: bool = field(default=False, init=False)
    reader: "AnswerReader | None" = field(default=None, init=False)
    state: dict[str, Any] = field(default_factory=dict, init=False)

    def header(self, name: bytes) -> bytes | None:
        """Find the first request header of that lower-case name."""
        for key, value in self.headers:
            if key == name:
                return value
        return None


def open_call(scope: Any, clock: Clock, *, path: str | None = None) -> Call:
    """Begin the record of one request from its ASGI scope (HTTP or WebSocket)."""
    client = scope.get("client")
    return Call(
        id=new_id("req", clock),
        received=clock.now(),
        started_s=clock.monotonic(),
        protocol=scope["type"],
        method=scope.get("method", "GET"),
        path=scope["path"] if path is None else path,
        headers=scope["headers"],
        raw_path=scope.get("raw_path") or b"",
        query=scope.get("query_string", b""),
        client=client[0] if client else "",
        http_version=scope.get("http_version", "1.1"),
        native=scope,
    )
