"""Explaining: who would call, the rehearsal, and what is told of it to whom."""

from collections.abc import Callable, Mapping, Sequence, Set
from typing import TYPE_CHECKING

import msgspec

from tollbridge.errors import BadRequest, InternalError
from tollbridge.explaining.asked import Asked
from tollbridge.explaining.family import Family
from tollbridge.explaining.rehearsal import Rehearsal
from tollbridge.explaining.rules import Seen, change_for, findings
from tollbridge.explaining.words import Decided, Explanation, Finding, Refusal, Rule, Subject
from tollbridge.layers.layer import Layer
from tollbridge.tokens.model import Token

if TYPE_CHECKING:
    from tollbridge.gateway import Gateway

_OWN = ("/healthz", "/readyz")
ASSUMED = "no body was given: a short message was assumed, so estimates are low"
EACH_WORKER = "each worker counts limits for itself: these are those of the worker that was asked"
READING = "reading"
"""In place of a layer where the body itself was refused: it is too large, or its length is wrong."""
NOT_SERVING = (
    "this process serves nothing: limits are told as if nobody had called, and plugins as they start; "
    "ask the gateway that serves by --url"
)

Sees = Callable[[Token], bool]


class Explaining:
    """Explains calls of one gateway, which is open.  Nothing is counted, held, charged, noted or sent."""

    def __init__(self, gateway: "Gateway") -> None:
        self._gateway = gateway

    async def known(self, token_id: str) -> Subject:
        """Give who calls with a token of this id."""
        family = await Family.of(self._gateway.store, token_id)
        principal = await self._gateway.store.find_holder(token_id) if family.opens() else None
        return Subject(token_id, principal)

    async def shown(self, secret: str) -> Subject:
        """Give who shows this secret; the subject without an id where nobody knows it."""
        principal = await self._gateway.tokens.whose(secret.encode("utf-8", "replace"))
        return Subject() if principal is None else Subject(principal.id, principal)

    async def explain(self, subject: Subject, asked: Asked, *, sees: Sees | None = None) -> Explanation:
        """Say what would become of a call, and why.

        `sees` says whose rules are told with their numbers, everybody's and the bridge's where it is not given. Raises
        `BadRequest` for a path that the gateway answers itself, and `SetupError` where what calls cross cannot be made.
        """
        self._check_path(asked.path.partition("?")[0])
        gateway = self._gateway
        rehearsal = Rehearsal(gateway.parts(), gateway.app, subject.principal, self._live())
        call = await rehearsal.run(asked)
        family = await Family.of(gateway.store, subject.id)
        found = list(findings(Seen(rehearsal, call, family)))
        if sees is not None:
            seen = {token.id for token in family.tokens if sees(token)}
            found = [_shown(each, seen) for each in found]
        refused = next((each.layer for each in found if each.decided is Decided.REFUSES), READING)
        error = rehearsal.error
        refusal = None
        if error is not None:
            refusal = Refusal(
                layer=refused,
                status=error.status,
                code=error.code,
                message=error.message,
                change="" if isinstance(error, InternalError) else change_for(found, refused, error),
                retry_after_s=error.retry_after_s,
            )
        unsure = [
            name
            for voices in (rehearsal.policies, rehearsal.plugins, rehearsal.within)
            for name in _unasked(voices.decided)
        ]
        return Explanation(call.received, error is None, found, refusal, tuple(unsure), self._notes(asked))

    def _check_path(self, path: str) -> None:
        server = self._gateway.config.server
        own = {server.metrics} if server.metrics else set()
        if self._gateway.app is None:
            own.update(_OWN)
        if path in own or (server.prefix and f"{path}/".startswith(f"{server.prefix}/")):
            raise BadRequest(
                f"{path[:200]} is the gateway's own; GET me of the admin API says what a token may do there",
                param="path",
            )

    def _live(self) -> dict[str, Layer]:
        """Give the layers of plugins as they serve; none where nothing is served."""
        gateway = self._gateway
        own = gateway.registry.layers if gateway.started else {}
        return {layer.name: layer for layer in gateway.chain.plan.layers if layer.name in own} if own else {}

    def _notes(self, asked: Asked) -> Sequence[str]:
        gateway = self._gateway
        alone = gateway.limiter.shared or gateway.config.server.workers == 1
        said = (
            (ASSUMED, asked.assumed),
            (NOT_SERVING, not gateway.started),
            (EACH_WORKER, gateway.started and not alone),
        )
        return tuple(text for text, holds in said if holds)


def _unasked(decided: Mapping[str, Decided]) -> list[str]:
    return [name for name, what in decided.items() if what is Decided.NOT_ASKED]


def _shown(finding: Finding, seen: Set[str]) -> Finding:
    """Leave out the numbers of what the asker may not see: that a rule of those above holds is told, no more."""
    return msgspec.structs.replace(
        finding, rules=[rule if not rule.of or rule.of in seen else _bare(rule) for rule in finding.rules]
    )


def _bare(rule: Rule) -> Rule:
    return msgspec.structs.replace(rule, values={}, says=_HIDDEN.get(rule.kind, rule.says))


_HIDDEN = {
    "scope": "a scope that the call needs",
    "network": "only from some networks",
    "hours": "only at some hours",
    "limit": "a limit",
    "concurrency": "a limit of calls at once",
}
