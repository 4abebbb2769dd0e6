"""The ninth link: rules of the operator and of third parties."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, ClassVar

import structlog
from starlette.types import ASGIApp

from tollbridge.call import Call, Outcome, ResponseHead
from tollbridge.clock import Clock
from tollbridge.errors import GatewayError, PluginError, Unavailable
from tollbridge.layers.layer import Layer

log = structlog.get_logger("tollbridge")

PHASES = ("head", "body", "response_head", "feed", "finish")
_JUDGED = ("type", "method", "path", "raw_path", "query_string", "root_path", "tollbridge")


class Policies(Layer):
    """Runs policies in order on the way in and in reverse on the way out.

    A policy is any object with one or more of the five phases; `pure` and `explain` of it are for explaining calls that
    nobody made (`tollbridge.explaining`). It fails closed: what raises anything but a
    `GatewayError`, or takes longer than `timeout_s`, refuses the call. `policies` are pairs of name and object.
    `failed` is told the name of one that fails in `finish`, where there is nothing left to refuse.
    """

    name: ClassVar[str] = "policies"

    def __init__(
        self,
        app: ASGIApp,
        *,
        policies: Sequence[tuple[str, Any]] = (),
        timeout_s: float = 5.0,
        failed: Callable[[str], None] | None = None,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(app, clock=clock)
        self._timeout_s = timeout_s
        self._failed = failed
        check_policies(policies)
        self.policies: Sequence[tuple[str, Any]] = tuple(policies)
        self._heads = _phase(policies, "head")
        self._bodies = _phase(policies, "body")
        inside_out = list(reversed(policies))
        self._response_heads = _phase(inside_out, "response_head")
        self._feeds = _phase(inside_out, "feed")
        self.feeds_services = bool(self._feeds)
        self._finishes = _phase(inside_out, "finish")

    async def head(self, call: Call) -> None:
        for name, phase in self._heads:
            await self._admitting(name, phase, call)

    async def body(self, call: Call) -> None:
        for name, phase in self._bodies:
            await self._admitting(name, phase, call)

    async def response_head(self, call: Call, head: ResponseHead) -> None:
        for name, phase in self._response_heads:
            await self._bounded(name, phase(call, head))

    def feed(self, call: Call, chunk: bytes) -> list[bytes]:
        pieces = [chunk] if chunk else []
        for name, phase in self._feeds:
            passed: list[bytes] = []
            try:
                for piece in pieces:
                    passed += phase(call, piece)
                if not chunk:
                    passed += phase(call, b"")
            except GatewayError:
                raise
            except Exception as exc:
                raise _failed(name, f"{type(exc).__name__}: {exc}") from exc
            pieces = passed
        return pieces

    async def finish(self, call: Call, outcome: Outcome) -> None:
        for name, phase in self._finishes:
            try:
                await self._bounded(name, phase(call, outcome))
            except GatewayError as exc:
                log.error(
                    "policy_failed_after_the_call", policy=name, call_id=call.id, detail=exc.detail or exc.message
                )
                if self._failed is not None:
                    self._failed(name)

    async def _admitting(self, name: str, phase: Callable[[Call], Awaitable[None]], call: Call) -> None:
        """Run a phase before the app, which must leave alone what was judged already: the app would get another."""
        scope: dict[str, object] = call.native or {}
        before = dict(scope)
        await self._bounded(name, phase(call))
        if any(scope.get(key) != before.get(key) for key in _JUDGED):
            scope |= before  # the server needs it to answer
            raise _failed(name, "it changed the scope of the request")

    async def _bounded(self, name: str, phase: Awaitable[None]) -> None:
        try:
            async with asyncio.timeout(self._timeout_s):
                await phase
        except GatewayError:
            raise
        except TimeoutError as exc:
            raise _failed(name, f"it took longer than {self._timeout_s:g} s") from exc
        except Exception as exc:
            raise _failed(name, f"{type(exc).__name__}: {exc}") from exc


def _failed(name: str, why: str) -> Unavailable:
    return Unavailable(
        f"the policy {name!r} could not decide, so the call is refused", code="policy_failed", detail=why
    )


def _phase(policies: Sequence[tuple[str, Any]], phase: str) -> tuple[tuple[str, Callable[..., Any]], ...]:
    return tuple((name, getattr(policy, phase)) for name, policy in policies if hasattr(policy, phase))


def check_policies(policies: Sequence[tuple[str, Any]]) -> None:
    """Refuse a policy of the wrong shape, and one that is there twice; raises `PluginError` naming it."""
    for place, (name, policy) in enumerate(policies):
        check_policy(name, policy)
        if any(policy is other for _, other in policies[:place]):
            raise PluginError(f"the policy {name!r} is given twice; once is enough")


def check_policy(name: str, policy: object) -> None:
    """Refuse a policy that has no phase, or one of the wrong kind; raises `PluginError` naming it."""
    found = [phase for phase in PHASES if hasattr(policy, phase)]
    if not found:
        raise PluginError(f"the policy {name!r} has none of the phases {', '.join(PHASES)}")
    for phase in found:
        function = getattr(policy, phase)
        wanted = phase != "feed"
        if not callable(function) or inspect.iscoroutinefunction(function) != wanted:
            raise PluginError(f"the policy {name!r}: {phase} must be {'async def' if wanted else 'a plain function'}")
        count = 1 if phase in ("head", "body") else 2
        if _positional(function) != count:
            raise PluginError(f"the policy {name!r}: {phase} takes {count} argument{'s' * (count > 1)} after self")
    explain = getattr(policy, "explain", None)
    if explain is not None and not (inspect.iscoroutinefunction(explain) and _positional(explain) == 1):
        raise PluginError(f"the policy {name!r}: explain must be async def, and takes 1 argument after self")


def _positional(function: Callable[..., Any]) -> int:
    parameters = list(inspect.signature(function).parameters.values())
    return sum(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) and p.default is p.empty for p in parameters)
