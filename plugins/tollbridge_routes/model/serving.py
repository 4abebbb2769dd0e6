"""A model route as it serves on one worker: called as the model `api/<slug>`, in every dialect."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

import msgspec
from msgspec.structs import replace
from starlette.types import Receive, Scope, Send

from tollbridge import Call, NotFound, UpstreamError
from tollbridge.administering import MethodNotAllowed
from tollbridge.asking import Account, Ask, Asking
from tollbridge.formats import AnyEvent, Begin, Request
from tollbridge.services.kinds import MODEL, Running, Said, ServedService, ServiceOperation, SpokenService
from tollbridge_routes.model.describing import CHAT
from tollbridge_routes.model.shaping import asked_for

Headers = list[tuple[bytes, bytes]]
DESCRIBE = ServiceOperation("describe", "GET", "", "Say how it is called", price=0, max_body=0)


class ServedModel:
    """Answers the callers of one release.  `asking` gives what asks models, once the gateway serves."""

    def __init__(self, running: Running, asking: Callable[[], Asking]) -> None:
        self._definition = running.definition
        self._version = running.version
        self._model = f"{MODEL}{running.slug}"
        self._asking = asking

    async def respond(self, call: Call, request: Request) -> Said:
        """Answer as a whole."""
        try:
            answered = await self._asking().ask(call, self._ask(request))
        except NotFound as exc:
            raise _missing(exc) from exc
        return Said(replace(answered.response, model=self._model), answered.cost, answered.dropped)

    async def stream(self, call: Call, request: Request) -> AsyncGenerator[AnyEvent, None]:
        """Answer as events."""
        try:
            async with aclosing(self._asking().stream(call, self._ask(request))) as events:
                async for event in events:
                    if isinstance(event, Begin):
                        yield replace(event, model=self._model)
                    elif not isinstance(event, Account):
                        yield event
        except NotFound as exc:
            raise _missing(exc) from exc

    def _ask(self, request: Request) -> Ask:
        asked = asked_for(self._definition, request)
        return Ask(model=asked.model, request=asked)

    def find(self, method: str, path: str, headers: Headers, query: bytes) -> ServiceOperation | None:
        """Say what a request calls: what describes it, or below it what says that nothing is there.

        Raises `MethodNotAllowed`.
        """
        if path in ("", "/") and method not in ("GET", "HEAD"):
            raise MethodNotAllowed(self._how(), headers={"allow": "GET, HEAD"})
        return DESCRIBE

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Say how it is called; raises `NotFound` for a path below it."""
        if scope["path"].removeprefix(scope["root_path"]) not in ("", "/"):
            raise NotFound(self._how())
        told = {"model": self._model, "version": self._version, "description": self._how()}
        body = msgspec.json.encode(told)
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    async def close(self) -> None:
        """Nothing runs beside the calls."""

    def _how(self) -> str:
        return f"this is called as the model {self._model!r}, in every dialect, such as at POST {CHAT}"


def _missing(exc: NotFound) -> UpstreamError:
    """Give the refusal where its model is not there: no matter of the caller's, who asked for another name."""
    return UpstreamError(
        "the model behind this is not offered now; tell its owner", code="model_unavailable", detail=exc.message
    )


_: tuple[type[ServedService], type[SpokenService]] = (ServedModel, ServedModel)
