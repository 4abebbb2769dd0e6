"""The rules each layer went by, read off the call and the stand-ins after a rehearsal."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import msgspec

from tollbridge.call import Call
from tollbridge.errors import GatewayError
from tollbridge.explaining.family import Family
from tollbridge.explaining.rehearsal import DISPATCH, PLUGIN, Rehearsal
from tollbridge.explaining.standins import Voices
from tollbridge.explaining.words import Decided, Finding, Rule
from tollbridge.formats.ways import asked_at
from tollbridge.layers.authorize import scope_of_model, scope_of_operation
from tollbridge.layers.meter import Meter
from tollbridge.limits.limiter import Lease
from tollbridge.metering.ledger import CALLS, BudgetLine, drawn
from tollbridge.money import show_usd
from tollbridge.services.book import Live
from tollbridge.services.model import Service
from tollbridge.stores.reporting import BudgetStanding

BRIDGE = "bridge"
_HOLDS = {Decided.PASSES: True, Decided.REFUSES: False}


@dataclass(frozen=True, slots=True)
class Seen:
    """What there is to be told of one rehearsal."""

    rehearsal: Rehearsal
    call: Call
    family: Family


def findings(seen: Seen) -> Iterator[Finding]:
    """Give what each layer decided, in the chain's order, the end of the chain last."""
    rehearsal = seen.rehearsal
    for name, decided in rehearsal.decided.items():
        tell = _TOLD.get(name)
        rules: tuple[Rule, ...] = ()
        if rehearsal.origins[name] == PLUGIN:
            rules = tuple(_voices(rehearsal.plugins, name))
        elif tell is not None and decided is not Decided.NOT_REACHED:
            rules = tuple(tell(seen))
        yield Finding(name, rehearsal.origins[name], decided, [_settled(rule) for rule in rules])


def _settled(rule: Rule) -> Rule:
    """Leave out what would have to change where nothing has to."""
    return rule if rule.holds is False else msgspec.structs.replace(rule, change="")


def _context(seen: Seen) -> Iterator[Rule]:
    call, operation = seen.call, seen.call.operation
    if operation is None:
        return
    dialect = call.dialect.name if call.dialect is not None else None
    says = operation.scope or operation.label
    yield Rule(kind="operation", says=says, values={"service": call.service, "dialect": dialect})
    if call.estimate is not None:
        most = {"input_tokens": call.estimate.input, "output_tokens": call.estimate.output}
        yield Rule(kind="estimate", says=f"up to {call.estimate.total} tokens", values=most)


def _authenticate(seen: Seen) -> Iterator[Rule]:
    call, token = seen.call, seen.family.first
    if call.public:
        yield Rule(kind="public", says="this path asks for no token")
        return
    if token is None and call.principal is not None:
        yield Rule(kind="token", says="it is no token of this bridge: an outside issuer vouches for it", holds=True)
        return
    if token is None:
        yield Rule(kind="token", says="no token here has this secret", holds=False, change="use a token of this bridge")
        return
    yield from seen.family.states()
    if token.canary:
        yield Rule(kind="canary", says="it is bait", holds=False, of=token.id, change="use another: this one is bait")
    yield from seen.family.conditions(call.client, call.received)


def _authorize(seen: Seen) -> Iterator[Rule]:
    call, principal, operation = seen.call, seen.call.principal, seen.call.operation
    if principal is None or operation is None:
        return
    entered, scope = call.entered, operation.scope
    if entered is not None and entered.spoken is not None:
        scope = scope_of_operation(call)
    elif entered is not None and entered.refusal is not None and seen.rehearsal.decided["authorize"] is Decided.PASSES:
        scope = scope if scope in principal.scopes else ""  # another of the service's is enough to hear why
    wanted = (scope, "model:*" if operation.every_model else "", scope_of_model(call) if call.model else "")
    for needed in wanted:
        if needed:
            yield from seen.family.scope(principal, needed)
            if needed not in principal.scopes:
                return
    if call.model and entered is None:
        named = [f"{target.provider.name}/{target.model}" for target in call.targets]
        yield Rule(
            kind="model",
            says=f"{call.model} is {', '.join(named)}" if named else f"{call.model} is not offered",
            holds=bool(named),
            of=BRIDGE,
            change="" if named else "offer it in the section [models], or set a provider's key",
        )


def _recall(seen: Seen) -> Iterator[Rule]:
    if seen.call.given is not None:
        yield Rule(kind="kept", says="the bridge has kept the answer and gives it itself")


def _limit(seen: Seen) -> Iterator[Rule]:
    looking = seen.rehearsal.limiter
    sight = looking.sight
    for demand, standing, wait_s in zip(looking.demands, sight.standings, sight.waits_s, strict=True):
        rate, never = demand.rate, wait_s == float("inf")
        yield Rule(
            kind="limit",
            says=f"{rate.amount} {rate.name} in {rate.period_s:g} s",
            holds=not wait_s,
            of=demand.key,
            values={
                "limit": rate.amount,
                "remaining": standing.remaining,
                "cost": demand.cost,
                "wait_s": None if never else round(wait_s, 3),
            },
            change=f"have its limit of {rate.name} raised"
            if never
            else f"wait {wait_s:.1f} s, or have its limit raised",
        )
    for lease, running in sight.running:
        yield _lease(lease, running)


def _lease(lease: Lease, running: int) -> Rule:
    return Rule(
        kind="concurrency",
        says=f"{lease.amount} calls at once",
        holds=running < lease.amount,
        of=lease.key,
        values={"limit": lease.amount, "running": running},
        change="wait until a call has ended, or have its limit of calls at once raised",
    )


def _meter(seen: Seen) -> Iterator[Rule]:
    call, ledger = seen.call, seen.rehearsal.ledger
    meter = seen.rehearsal.layers["meter"]
    if isinstance(meter, Meter) and call.estimate is not None:
        unpriced = seen.rehearsal.decided["meter"] is Decided.REFUSES and ledger.amount is None
        for target in call.targets:
            price = meter.price_of(call, target)
            yield Rule(
                kind="price",
                says="no price is known" if price is None else f"{price.shown()} (USD per million tokens)",
                holds=False if price is None and unpriced else None,
                of=BRIDGE,
                values={
                    "target": f"{target.provider.name}/{target.model}",
                    "source": None if price is None else price.id,
                },
                change="give the model a price in the section [models]" if price is None else "",
            )
    if ledger.amount is not None:
        yield Rule(
            kind="reserved", says=f"it may cost up to ${show_usd(ledger.amount)}", values=_usd(most=ledger.amount)
        )
    for line, standing in ledger.drawn:
        yield _budget(line, standing, ledger.amount or 0)


def _budget(line: BudgetLine, standing: BudgetStanding, amount: int) -> Rule:
    calls = line.id.startswith(CALLS)
    stands = {"limit": line.limit, "spent": standing.spent, "reserved": standing.reserved}
    wait = "have it raised, or wait for its next period"
    return Rule(
        kind="quota" if calls else "budget",
        says=line.label,
        holds=standing.spent + standing.reserved + drawn(line.id, amount) <= line.limit,
        of=_owner(line),
        values=stands if calls else _usd(**stands),
        change=wait if calls else "have the budget raised, wait for its next period, or ask for a shorter answer",
    )


def _usd(**amounts: int) -> Mapping[str, str]:
    return {f"{name}_usd": show_usd(nano) for name, nano in amounts.items()}


def _owner(line: BudgetLine) -> str:
    """Give whose budget it is: `token:tok_1:2026-11` is that of `tok_1`."""
    kind, _, rest = line.id.partition(":")
    return rest.rpartition(":")[0] if f"{kind}:" in ("token:", CALLS) else BRIDGE


def _translate(seen: Seen) -> Iterator[Rule]:
    call = seen.call
    if call.dialect is None or call.envelope is None:
        return
    for target in call.targets:
        own = asked_at(call.dialect, call.operation, target)
        name = f"{target.provider.name}/{target.model}"
        yield Rule(
            kind="target", says=f"{name} is asked in {call.dialect.name}" if own else f"{name} is translated for"
        )


def _policies(seen: Seen) -> Iterator[Rule]:
    voices = seen.rehearsal.policies
    for name in voices.decided:
        yield from _voices(voices, name)


def _voices(voices: Voices, name: str) -> Iterator[Rule]:
    decided = voices.decided.get(name)
    if decided is None:
        return
    said = voices.said.get(name, "")
    if decided is Decided.NOT_ASKED:
        said = "it does not say that it can be asked without effect, so it may still refuse"
    yield Rule(kind="policy", says=f"{name}: {said}" if said else name, holds=_HOLDS.get(decided), of=BRIDGE)


def _dispatch(seen: Seen) -> Iterator[Rule]:
    call = seen.call
    if call.operation is not None and call.operation.ai:
        if call.targets and call.given is None:
            first = call.targets[0]
            yield Rule(kind="target", says=f"{first.provider.name}/{first.model} is asked first")
        return
    entered = call.entered
    if entered is not None and entered.service is not None and entered.live is not None:
        yield from _service(seen, entered.service, entered.live)
        return
    app = seen.rehearsal.dispatch.app
    yield Rule(
        kind="app",
        says="the wrapped app answers" if app is not None else "no app is wrapped, and no dialect has this path",
        holds=app is not None,
        of=BRIDGE,
        change="" if app is not None else "call a path that is served; see: tollbridge openapi",
    )


def _service(seen: Seen, service: Service, live: Live) -> Iterator[Rule]:
    """Tell of the release that answers, and of the policies that service and plan bring along."""
    says = f"the release {live.release.version} of the service {service.slug} answers"
    yield Rule(kind="service", says=says, holds=True, of=service.id)
    for name in seen.rehearsal.within.decided:
        yield from _voices(seen.rehearsal.within, name)


_TOLD: dict[str, Callable[[Seen], Iterator[Rule]]] = {
    "context": _context,
    "authenticate": _authenticate,
    "authorize": _authorize,
    "recall": _recall,
    "limit": _limit,
    "meter": _meter,
    "translate": _translate,
    "policies": _policies,
    DISPATCH: _dispatch,
}


def change_for(found: list[Finding], layer: str, error: GatewayError) -> str:
    """Say what would have to change: by the refusing layer's rules that do not hold, else in the refusal's words."""
    own = [rule for finding in found if finding.layer == layer for rule in finding.rules]
    said = [f"{rule.of}: {rule.change}" if rule.of not in ("", BRIDGE) else rule.change for rule in own if rule.change]
    return "; ".join(dict.fromkeys(said)) or error.message
