"""What a kind of service is, for the plugin that offers it.

A kind says how a definition looks, what is wrong with one, what can be called of it and what changed between two; and
on each worker it serves a release.  Who calls, with which scope, under which plan and for what toll is not its matter.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import msgspec
from starlette.types import Receive, Scope, Send

from tollbridge.call import Call, Headers
from tollbridge.formats.conversation import Request
from tollbridge.formats.events import AnyEvent
from tollbridge.formats.notes import Notes
from tollbridge.formats.response import Response

if TYPE_CHECKING:
    from tollbridge.gateway import Gateway


MODEL = "api/"
"""What the names of services begin with that are called as models."""
OPERATION = "tollbridge.operation"
"""Where the scope of a call of a service has what `find` gave for it."""


class Problem(msgspec.Struct, frozen=True, gc=False):
    """Why a definition cannot be published: a sentence that says what to do.

    `field` is where, as a path with slashes, such as `routes/0/upstream`.  `warning`: it can be published all the same.
    """

    field: str
    message: str
    warning: bool = False


class CaseResult(msgspec.Struct, frozen=True, gc=False):
    """What became of one case of a trial.

    `failures` are kept: sentences that hold nothing of what was asked or answered. `cost` is in nano-dollars, None
    where a part of it is not known.
    """

    name: str
    failures: tuple[str, ...] = ()
    cost: int | None = None
    latency_ms: int = 0

    @property
    def passed(self) -> bool:
        """Whether it was as expected."""
        return not self.failures


class Proof(msgspec.Struct, frozen=True, gc=False):
    """What came of a trial: what is wrong, told to who asked for it, and the cases it was made of, if there are any."""

    problems: tuple[Problem, ...] = ()
    cases: tuple[CaseResult, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the release may be published, as far as the trial says."""
        return all(problem.warning for problem in self.problems)


class ServiceOperation(msgspec.Struct, frozen=True, gc=False):
    """One thing that can be called of a service.

    `name` is the last part of the scope `service:<slug>:<name>`.  `path` is a template below the service, empty for the
    service itself.  `public`: it needs no token, such as a preflight.  `price` is what one call costs, in nano-dollars,
    beside what models take; None where the plan or the release says it.  `audience` is whom the gateway's word on who
    calls is for: empty for the service by its slug, None for the wrapped app.  `refused` are headers of a refusal of
    this call, whoever refuses it, such as those that let a page of another origin read it.
    """

    name: str
    method: str = "POST"
    path: str = ""
    summary: str = ""
    public: bool = False
    price: int | None = None
    max_body: int | None = None
    audience: str | None = ""
    refused: tuple[tuple[bytes, bytes], ...] = ()


class Change(msgspec.Struct, frozen=True, gc=False):
    """One difference between two definitions.  `breaking`: a caller of the first may fail with the second.

    `path` is where, with slashes; `what` a sentence; `before` and `after` short texts, or a unified diff in `after`.
    """

    path: str
    what: str
    breaking: bool = False
    before: str = ""
    after: str = ""


class About(msgspec.Struct, frozen=True, gc=False):
    """What a service says of itself.  `url` is where it is called, `version` that of the release."""

    slug: str
    name: str
    description: str = ""
    version: str = ""
    url: str = ""
    contacts: tuple[Mapping[str, str], ...] = ()


class Running(msgspec.Struct, frozen=True, gc=False):
    """A release that is about to serve.

    `definition` is the kind's own, decoded, `read` what a `ReadingKind` made of it.
    """

    service_id: str
    slug: str
    team: str
    release_id: str
    number: int
    version: str
    definition: Any
    read: Any = None


class ServedService(Protocol):
    """A release as it serves on one worker.

    Calls with an escaped slash in their path are refused, unless it has the attribute `escaped_slashes`, which is true:
    its paths then have `%2F` for each, and no other percent sign.
    """

    def find(self, method: str, path: str, headers: Headers, query: bytes) -> ServiceOperation | None:
        """Say what a request calls, None for nothing; raises `MethodNotAllowed`.

        `path` is the decoded path below the service, empty or with a leading slash.
        """
        ...

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that was let in.  May raise any `GatewayError` before it has answered.

        `scope` has in `OPERATION` what `find` gave: headers may have been taken out or added since.
        """
        ...

    async def close(self) -> None:
        """End what runs beside the calls; calls may still be running."""
        ...


class Said(msgspec.Struct, frozen=True, gc=False):
    """An answer of a service that is called as a model, and what it cost in nano-dollars, None where unknown.

    `dropped` are fields of the request that were left out, by their canonical names.
    """

    response: Response
    cost: int | None = None
    dropped: tuple[str, ...] = ()


class Left(msgspec.Struct, frozen=True, gc=False):
    """Stands in a stream, before its `End`: fields of the request that were left out, by their canonical names."""

    fields: tuple[str, ...]


@runtime_checkable
class SpokenService(Protocol):
    """A release that is also called as the model `api/<slug>`, as it serves on one worker.

    `request` is what the caller said, in the canonical model. Both raise any `GatewayError`.
    """

    async def respond(self, call: Call, request: Request) -> Said:
        """Answer as a whole."""
        ...

    def stream(self, call: Call, request: Request) -> AsyncIterator[AnyEvent | Left]:
        """Answer as events, the last one `End`."""
        ...


@runtime_checkable
class SelectiveService(Protocol):
    """A spoken release that has no use for some fields of a request, whatever model stands behind it."""

    def leave_out(self, request: Request, notes: Notes) -> None:
        """Leave those fields behind in the notes, before anything is asked."""
        ...


class ServiceKind(Protocol):
    """A kind of service.  Everything but `prove` and `serve` is pure.

    `spoken`: its services are called as models too, so that what it serves is a `SpokenService`. One whose services are
    called in no other way has the attribute `only_spoken`, which is true.
    """

    name: str
    spoken: bool
    definition: type[msgspec.Struct]

    def check(self, definition: Any) -> Sequence[Problem]:
        """Say what keeps a definition from being published, and what is doubtful."""
        ...

    def operations(self, definition: Any) -> Sequence[ServiceOperation]:
        """List what can be called."""
        ...

    def openapi(self, about: About, definition: Any) -> dict[str, Any]:
        """Describe it as OpenAPI 3.1."""
        ...

    def changes(self, before: Any, after: Any) -> Sequence[Change]:
        """Say what differs."""
        ...

    def models(self, definition: Any) -> Sequence[str]:
        """Name the models it calls: whoever publishes it must be allowed to."""
        ...

    def secrets(self, definition: Any) -> Sequence[str]:
        """Name the references to secrets in it, such as `stored:weather`: none is ever shown or exported in clear."""
        ...

    def gated(self, definition: Any) -> bool:
        """Whether a release must have passed a trial before it is published, such as where it has a test set."""
        ...

    async def prove(self, gateway: "Gateway", running: Running, call: Call) -> Proof:
        """Try a release before it is published, such as with its test set; `call` is that of who pays for it."""
        ...

    def serve(self, gateway: "Gateway", running: Running) -> ServedService:
        """Make what serves a release on this worker, within an event loop."""
        ...


@runtime_checkable
class ReadingKind(Protocol):
    """A kind whose definitions take long to read, such as those with a large document."""

    def read(self, definition: Any) -> Any:
        """Work out what `serve` needs of a definition, and finds in `Running.read`; called in a thread."""
        ...


@runtime_checkable
class HandingKind(Protocol):
    """A kind whose services hand calls on to the wrapped app."""

    def app_routes(self, definition: Any) -> Sequence[str]:
        """Name the routes they come to, as scopes do: `GET:/orders/{id}`.  Whoever publishes it must reach them."""
        ...
