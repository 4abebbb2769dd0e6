"""A kind of service for tests: answers what its definition says, and can be made to fail in each of its parts."""

import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from starlette.types import Receive, Scope, Send

from tollbridge import Call, Gateway, GatewayError, hookimpl
from tollbridge.errors import MethodNotAllowed
from tollbridge.formats import AnyEvent, Choice, Request, Response, Stop, Text, unfold
from tollbridge.services.kinds import About, CaseResult, Change, Problem, Proof, Running, Said, ServiceOperation


class Answers(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is answered with which status.  `broken`: it cannot be served; `model`: what it calls."""

    text: str = ""
    status: int = 200
    price: int | None = None
    public: bool = False
    broken: bool = False
    models: tuple[str, ...] = ()
    unproven: str = ""
    tested: bool = False


class Answering:
    """The kind `answering`; `closed` are the releases that were closed."""

    name = "answering"
    spoken = False
    definition = Answers

    def __init__(self) -> None:
        self.made: list[Running] = []
        self.closed: list[str] = []

    @hookimpl
    def register_service_kinds(self, register: Any) -> None:
        register(self)

    def check(self, definition: Answers) -> Sequence[Problem]:
        found = [] if definition.text else [Problem("text", "say what is answered")]
        return [
            *found,
            *([Problem("status", "nobody will like this", warning=True)] if definition.status > 399 else []),
        ]

    def operations(self, definition: Answers) -> Sequence[ServiceOperation]:
        return [ServiceOperation("say", "POST", "", public=definition.public, price=definition.price)]

    def openapi(self, about: About, definition: Answers) -> dict[str, Any]:
        return {"openapi": "3.1.0", "info": {"title": about.name, "version": about.version}, "paths": {}}

    def changes(self, before: Answers, after: Answers) -> Sequence[Change]:
        same = before.text == after.text
        return [] if same else [Change("text", "it answers otherwise", True, before.text, after.text)]

    def models(self, definition: Answers) -> Sequence[str]:
        return definition.models

    def secrets(self, definition: Answers) -> Sequence[str]:
        return ()

    def gated(self, definition: Answers) -> bool:
        return definition.tested

    async def prove(self, gateway: Gateway, running: Running, call: Call) -> Proof:
        unproven = running.definition.unproven
        problems = (Problem("tests/0", unproven),) if unproven else ()
        if not running.definition.tested:
            return Proof(problems)
        return Proof(problems, (CaseResult("rain", (unproven,) if unproven else (), 2_000_000, 40),))

    def serve(self, gateway: Gateway, running: Running) -> "AnsweringService":
        if running.definition.broken:
            raise RuntimeError("it is broken")
        self.made.append(running)
        return AnsweringService(self, running)


class AnsweringService:
    """A release that answers."""

    def __init__(self, kind: Answering, running: Running) -> None:
        self._kind = kind
        self._running = running

    def find(self, method: str, path: str, headers: Any, query: bytes) -> ServiceOperation | None:
        if path not in ("", "/deep/er"):
            return None
        if method != "POST":
            raise MethodNotAllowed("this path takes POST", headers={"allow": "POST"})
        return self._kind.operations(self._running.definition)[0]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        said: Answers = self._running.definition
        told = {"text": said.text, "path": scope["path"], "root": scope["root_path"], "version": self._running.version}
        body = msgspec.json.encode(told)
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": said.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def close(self) -> None:
        self._kind.closed.append(self._running.release_id)
        if self._running.definition.text == "never ends":
            raise RuntimeError("it does not end")


class Talking(Answering):
    """The kind `talking`, whose services are called as models: they repeat the last words, each time they are told."""

    name = "talking"
    spoken = True

    def serve(self, gateway: Gateway, running: Running) -> "TalkingService":
        return TalkingService(self, running)


class TalkingService(AnsweringService):
    """A release that talks.  `wrong` is raised before a stream's first event, or with a number after so many."""

    wrong: tuple[GatewayError, int] | None = None
    ended = 0

    def _answer(self, request: Request) -> Response:
        said = " ".join(part.text for part in request.messages[-1].parts if isinstance(part, Text))
        parts = (Text(text=f"{self._running.definition.text}: {said}"),)
        choice = Choice(parts=parts, stop=Stop.END)
        return Response(origin="tests", id="ans_1", model="inner", created=1, choices=(choice,))

    async def respond(self, call: Call, request: Request) -> Said:
        if self.wrong is not None:
            raise self.wrong[0]
        return Said(self._answer(request), 5_000_000 if self._running.definition.status == 200 else None)

    async def stream(self, call: Call, request: Request) -> AsyncIterator[AnyEvent]:
        try:
            for number, event in enumerate(unfold(self._answer(request))):
                if self.wrong is not None and self.wrong[1] == number:
                    raise self.wrong[0]
                yield event
        finally:
            type(self).ended += 1


_PLUGIN = """
from tests.support.answering import Answering
from tollbridge import hookimpl

@hookimpl
def register_service_kinds(register):
    register(Answering())
"""


def install_answering(site: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install a plugin that offers the kind `answering`; gives where it is."""
    info = site / "tollbridge_answering-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Name: tollbridge-answering\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[tollbridge]\nanswering = answering_plugin\n")
    (site / "answering_plugin.py").write_text(_PLUGIN)
    monkeypatch.syspath_prepend(site)
    monkeypatch.delitem(sys.modules, "answering_plugin", raising=False)
    return site
