"""The kind of service `prompt`."""

from collections.abc import AsyncGenerator, Callable
from typing import TYPE_CHECKING, Any

import msgspec

from tollbridge import Call, Clock
from tollbridge.formats import AnyEvent, Notes, Request
from tollbridge.services.kinds import (
    About,
    CaseResult,
    Change,
    Left,
    Problem,
    Proof,
    Running,
    Said,
    ServiceKind,
    ServiceOperation,
)
from tollbridge_prompts.app import PromptApp, check_method, methods_of
from tollbridge_prompts.asking import Asking
from tollbridge_prompts.asmodel import leave_out
from tollbridge_prompts.bounds import BODY, KEPT_FAILURE, KEPT_NAME
from tollbridge_prompts.changes import changes
from tollbridge_prompts.checking import check
from tollbridge_prompts.definition import Judge, PromptDefinition
from tollbridge_prompts.openapi import describe
from tollbridge_prompts.prompt import Prompt
from tollbridge_prompts.proving import CaseReport, Report, prove
from tollbridge_prompts.schemas import UnusableSchema
from tollbridge_prompts.speaking import Speaking

if TYPE_CHECKING:
    from tollbridge import Gateway

OPERATION = "call"
Accounts = Callable[["Gateway", Running], Callable[[Call], Asking]]
"""Gives, for a release on a worker, what asks models on the account of a call."""


class PromptKind:
    """Prompt APIs.  `accounts` says how they ask models."""

    name: str = "prompt"
    spoken: bool = True
    definition: type[msgspec.Struct] = PromptDefinition

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    def check(self, definition: PromptDefinition) -> list[Problem]:
        return check(definition)

    def operations(self, definition: PromptDefinition) -> list[ServiceOperation]:
        return [_operation(method) for method in methods_of(definition) if method != "HEAD"]

    def openapi(self, about: About, definition: PromptDefinition) -> dict[str, Any]:
        return describe(about, definition)

    def changes(self, before: PromptDefinition, after: PromptDefinition) -> list[Change]:
        return changes(before, after)

    def models(self, definition: PromptDefinition) -> list[str]:
        """Name the model, and those that judge its tests."""
        judges = [one.judge for case in definition.tests.cases for one in case.expect]
        named = (definition.model, *(judge.model for judge in judges if isinstance(judge, Judge)))
        return list(dict.fromkeys(filter(None, named)))

    def secrets(self, definition: PromptDefinition) -> list[str]:
        return []

    def gated(self, definition: PromptDefinition) -> bool:
        """Whether there is a test set of which a share must pass."""
        return bool(definition.tests.cases) and definition.tests.gate > 0

    async def prove(self, gateway: "Gateway", running: Running, call: Call) -> Proof:
        """Run the test set; too many cases that fail are a problem, the others warnings."""
        try:
            prompt = Prompt(running.definition)
        except UnusableSchema as exc:
            return Proof((Problem("", f"a schema cannot be used: {exc}"),))
        report = await prove(prompt, self._accounts(gateway, running)(call), gateway.clock)
        return Proof(tuple(problems_of(report)), tuple(map(_kept, report.cases)))

    def serve(self, gateway: "Gateway", running: Running) -> "ServedPrompt":
        """Compile a release."""
        every_s = gateway.config.upstream.keep_alive_s
        return ServedPrompt(
            Prompt(running.definition), running, self._accounts(gateway, running), gateway.clock, keep_alive_s=every_s
        )


class ServedPrompt:
    """A release as it serves on one worker."""

    def __init__(
        self,
        prompt: Prompt,
        running: Running,
        asking: Callable[[Call], Asking],
        clock: Clock,
        *,
        keep_alive_s: float,
    ) -> None:
        self.prompt = prompt
        about: dict[str, Any] = {"release": running.release_id, "version": running.version}
        self._speaking = Speaking(prompt, running.slug, asking, clock, keep_alive_s=keep_alive_s)
        self._app = PromptApp(prompt, asking, clock, keep_alive_s=keep_alive_s, **about)

    def find(self, method: str, path: str, headers: list[tuple[bytes, bytes]], query: bytes) -> ServiceOperation | None:
        if path not in ("", "/"):
            return None
        check_method(self.prompt.definition, method)
        return _operation(method)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._app(scope, receive, send)

    async def respond(self, call: Call, request: Request) -> Said:
        return await self._speaking.respond(call, request)

    def stream(self, call: Call, request: Request) -> AsyncGenerator[AnyEvent | Left, None]:
        return self._speaking.stream(call, request)

    def leave_out(self, request: Request, notes: Notes) -> None:
        leave_out(self.prompt, request, notes)

    async def close(self) -> None:
        self._app.close()


def problems_of(report: Report) -> list[Problem]:
    """Say what failed."""
    failed = [(index, one) for index, one in enumerate(report.cases) if not one.passed]
    told = [
        Problem(
            f"tests/cases/{index}", f"{one.name[:100]}: {'; '.join(one.told or one.failures)[:1_000]}", warning=True
        )
        for index, one in failed
    ]
    if report.passed:
        return told
    passed = len(report.cases) - len(failed)
    needed = f"at least {report.gate:.0%} of them must"
    return [Problem("tests", f"{passed} of {len(report.cases)} test cases passed; {needed}"), *told]


def _kept(one: CaseReport) -> CaseResult:
    failures = tuple(failure[:KEPT_FAILURE] for failure in one.failures)
    return CaseResult(one.name[:KEPT_NAME], failures, one.cost, round(one.latency_s * 1_000))


def _operation(method: str) -> ServiceOperation:
    summary = "Ask" if method == "POST" else "Ask, or have an answer that is still good"
    return ServiceOperation(OPERATION, "GET" if method == "HEAD" else method, "", summary, max_body=BODY)


_: type[ServiceKind] = PromptKind
