"""Running a test set: every case is a call like any other, and what it cost is told."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from tollbridge import Clock, GatewayError
from tollbridge_prompts.asking import Asking
from tollbridge_prompts.bounds import JUDGED
from tollbridge_prompts.definition import Case, Judge
from tollbridge_prompts.expecting import NOWHERE, failure_of, part_of, text_of
from tollbridge_prompts.judging import Verdict, judging_request, verdict
from tollbridge_prompts.outputs import text_of as words_of
from tollbridge_prompts.prompt import Prompt
from tollbridge_prompts.refusals import spent_of
from tollbridge_prompts.running import Result, run

AT_ONCE = 4
"""Cases that run at the same time."""


@dataclass(frozen=True, slots=True)
class CaseReport:
    """What became of a case.  `cost` in nano-dollars, with what judges took, None where a part of it is not known.

    `failures` may be kept: they hold nothing of what a model said. `told` are for who asked for the run.
    """

    name: str
    failures: tuple[str, ...]
    cost: int | None
    latency_s: float
    told: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether it was as expected."""
        return not self.failures


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a test set."""

    cases: tuple[CaseReport, ...]
    gate: float

    @property
    def share(self) -> float:
        """Give the share of the cases that passed; 1 where there are none."""
        return sum(one.passed for one in self.cases) / len(self.cases) if self.cases else 1.0

    @property
    def passed(self) -> bool:
        """Whether enough of them did."""
        return not self.cases or sum(one.passed for one in self.cases) >= self.gate * len(self.cases) - 1e-9

    @property
    def cost(self) -> int | None:
        """Give what all took, in nano-dollars; None where a part of it is not known."""
        costs = [one.cost for one in self.cases]
        return None if None in costs else sum(cost for cost in costs if cost is not None)


async def prove(prompt: Prompt, asking: Asking, clock: Clock) -> Report:
    """Run all cases; one whose call fails has failed, whatever the reason."""
    tests = prompt.definition.tests
    room = asyncio.Semaphore(AT_ONCE)

    async def one(case: Case) -> CaseReport:
        async with room:
            return await _prove(prompt, case, asking, clock)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(case)) for case in tests.cases]
    return Report(tuple(task.result() for task in tasks), tests.gate)


async def _prove(prompt: Prompt, case: Case, asking: Asking, clock: Clock) -> CaseReport:
    begun_s = clock.monotonic()
    try:
        result = await run(prompt, prompt.conversation.request(prompt.inputs.taken(case.variables)), asking)
    except GatewayError as exc:
        latency_s = clock.monotonic() - begun_s
        spent = spent_of(exc)
        cost = None if spent is None else spent.cost
        return CaseReport(case.name, (f"the call failed: {exc.code}",), cost, latency_s, (exc.message,))
    latency_s = clock.monotonic() - begun_s
    failures: list[str] = []
    for one in case.expect:
        failures += filter(None, (failure_of(one, result, latency_s),))
        await asyncio.sleep(0)  # each may take as long as a check may: others have their turn in between
    found, cost = await _judged(case, result, asking)
    wrong = [*(Verdict(failure) for failure in failures), *(one for one in found if one.failure)]
    kept, told = tuple(one.failure for one in wrong), tuple(one.told for one in wrong)
    return CaseReport(case.name, kept, _plus(result.cost, cost), latency_s, told)


async def _judged(case: Case, result: Result, asking: Asking) -> tuple[Sequence[Verdict], int | None]:
    """Give what judges have against an answer, and what they cost."""
    found: list[Verdict] = []
    cost: int | None = 0
    for expectation in case.expect:
        judge = expectation.judge
        if not isinstance(judge, Judge):
            continue
        part = part_of(expectation, result)
        if part is NOWHERE:
            found.append(Verdict(f"the answer has nothing at {expectation.at[:200]}"))
            continue
        said = text_of(part)
        if len(said) > JUDGED:
            found.append(Verdict(f"a judge is shown at most {JUDGED} characters, and there are more"))
            continue
        try:
            answered = await asking.ask(judging_request(judge, said))
        except GatewayError as exc:
            found.append(Verdict(f"the judge could not be asked: {exc.code}", exc.message))
            cost = None
            continue
        cost = _plus(cost, answered.cost)
        found.append(verdict(judge, words_of(answered.response)))
    return found, cost


def _plus(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other
