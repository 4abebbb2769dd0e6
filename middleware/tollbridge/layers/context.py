"""The third link: what is being called: the operation and, once the body is here, the model and its targets."""

from collections.abc import Awaitable, Mapping
from typing import Any, ClassVar, Protocol

from starlette.types import ASGIApp

from tollbridge.call import Call, Estimate
from tollbridge.clock import Clock
from tollbridge.errors import ModelNotFound, NotFound
from tollbridge.formats.dialect import Dialect, Operation
from tollbridge.formats.ways import spoken_at
from tollbridge.layers.layer import Layer
from tollbridge.providers import Target
from tollbridge.sanity import two_ways
from tollbridge.services.entrance import PREFIX, Entrance
from tollbridge.services.kinds import MODEL
from tollbridge.surface import Surface, route_template

MOST_OUTPUT = 10**9
"""Tokens that are reserved for an answer at most: no model writes as many, whatever limit its caller sets."""


class Reachable(Protocol):
    """A provider that can be reached."""

    @property
    def base_urls(self) -> Mapping[str, str]:
        """Its URLs by the dialects it speaks."""
        ...


class Routes(Protocol):
    """Knows the targets behind a model's name."""

    @property
    def hosts(self) -> Mapping[str, Reachable]:
        """The providers, by name."""
        ...

    def resolve(self, model: str) -> tuple[Target, ...]:
        """Give the targets in the order they are tried; empty if no such model is offered."""
        ...

    def keeping_files(self) -> tuple[Target, ...]:
        """Give the provider that keeps files and runs batches, as a target without a model; empty if there is none."""
        ...


class Context(Layer):
    """Names what is called and what it can use at most.

    `surface` are the paths of the served dialects, `routes` the models behind names, `host` the wrapped app and
    `service` its name in scopes. `assume_output` stands for the output limit, in tokens, where neither the caller nor
    the model sets one. `services` finds what is published; where an app is wrapped, what it does not know is the app's.
    """

    name: ClassVar[str] = "context"
    needs: ClassVar[tuple[str, ...]] = ("sanity",)

    def __init__(
        self,
        app: ASGIApp,
        *,
        surface: Surface | None = None,
        routes: Routes | None = None,
        host: object = None,
        service: str = "app",
        services: Entrance | None = None,
        assume_output: int = 4096,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(app, clock=clock)
        self._surface = surface or Surface()
        self._routes = routes
        self._host = host
        self._service = service
        self._services = services
        self._assume_output = assume_output

    def head(self, call: Call) -> Awaitable[None] | None:
        surface, path, serves = self._surface, call.path, self._is_served
        if call.protocol == "http":
            way = surface.find(call.method, path, call.headers, serves)
        else:
            way = surface.find_socket(path, serves)
        if way is None:
            if self._services is not None and path.startswith(PREFIX) and call.protocol == "http":
                return self._enter(self._services, call)
            self._leave_to_app(call)
            return None
        call.dialect, call.operation = way
        call.service = "ai"
        return None

    async def _enter(self, services: Entrance, call: Call) -> None:
        await services.enter(call)
        if self._host is not None and call.entered is not None and call.entered.service is None:
            if "%" in call.entered.root + call.entered.below:
                raise two_ways()
            call.entered = None
            self._leave_to_app(call)

    def _leave_to_app(self, call: Call) -> None:
        call.operation = self._route(call.native or {})
        call.service = self._service

    def _is_served(self, dialect: Dialect, operation: Operation) -> bool:
        """Whether anybody here can answer; where an app is wrapped, a path that nobody serves is left to it."""
        if self._host is None or self._routes is None:
            return True
        if operation.socket:
            return any(spoken_at(dialect, host.base_urls) for host in self._routes.hosts.values())
        if operation.modelless and not operation.kept:
            return any(spoken_at(dialect, target.base_urls) for target in self._routes.keeping_files())
        return True

    def _route(self, scope: Mapping[str, Any]) -> Operation:
        template = route_template(scope, self._host) if scope else "*"
        return Operation(scope=f"service:{self._service}:{template}", label="app", path=template, ai=False)

    def body(self, call: Call) -> Awaitable[None] | None:
        operation, dialect = call.operation, call.dialect
        if dialect is None or operation is None:
            return None
        if operation.lists_models:
            return None if self._services is None else self._services.refresh()
        if operation.kept:
            return None
        if operation.modelless:
            call.targets = self._keeping_files(dialect)
            return None
        said = call.query if operation.socket else call.body
        if said is None:
            return None
        envelope = dialect.read_envelope(operation, call.path, said)
        if self._services is not None and envelope.model.startswith(MODEL):
            call.model, call.stream = envelope.model, envelope.stream
            return self._services.enter_model(call, operation, envelope)
        call.envelope = envelope
        call.model, call.stream = envelope.model, envelope.stream
        if self._routes is not None:
            call.targets = self._routes.resolve(envelope.model)
        output = envelope.max_output
        if output is None:
            assumed = [target.assumed_output(self._assume_output) for target in call.targets]
            output = max(assumed, default=self._assume_output) * envelope.answers
        call.estimate = Estimate(envelope.input_bound, min(output, MOST_OUTPUT))
        return None

    def _keeping_files(self, dialect: Dialect) -> tuple[Target, ...]:
        targets = () if self._routes is None else self._routes.keeping_files()
        speaking = tuple(target for target in targets if spoken_at(dialect, target.base_urls))
        if not speaking:
            raise NotFound(
                "files and batches are not served here; the operator names the provider that keeps them in "
                "files_provider of the section [upstream]"
            )
        return speaking


def offered(call: Call) -> tuple[Target, ...]:
    """Give the call's targets; raises `ModelNotFound` if there are none."""
    if not call.targets:
        raise ModelNotFound(f"the model {call.model!r} is not offered; see GET /v1/models", param="model")
    return call.targets
