import asyncio
from typing import Any

import pytest
from tests.plugins.prompts.speaking import COST, Models, Says, defined

from tollbridge import Unavailable
from tollbridge.formats import Request
from tollbridge.testing import FixedClock
from tollbridge_prompts.asking import Answered
from tollbridge_prompts.bounds import JUDGED
from tollbridge_prompts.prompt import Prompt
from tollbridge_prompts.proving import AT_ONCE, CaseReport, Report, prove


def case(name: str, *expect: Any) -> dict[str, Any]:
    return {"name": name, "variables": {"text": name}, "expect": list(expect)}


async def proved(models: Any, *cases: Any, gate: float = 1.0, clock: FixedClock | None = None) -> Report:
    prompt = Prompt(defined(tests={"cases": list(cases), "gate": gate}))
    return await prove(prompt, models, clock or FixedClock())


async def test_cases_pass_or_say_in_what_they_fail() -> None:
    report = await proved(
        Models().says("yes", "no"), case("a", {"equals": "yes"}), case("b", {"equals": "yes"}, {"contains": "x"})
    )

    wrong = ("it is not equal to what was expected", "it does not contain what was expected")
    assert report.cases == (CaseReport("a", (), COST, 0.0), CaseReport("b", wrong, COST, 0.0, wrong))
    assert (report.share, report.passed, report.cost) == (0.5, False, 2 * COST)


@pytest.mark.parametrize(
    ("good", "gate", "passed"), [(7, 0.7, True), (6, 0.7, False), (0, 0.0, True), (10, 1.0, True), (9, 1.0, False)]
)
def test_gate_is_the_share_that_must_pass(good: int, gate: float, passed: bool) -> None:
    cases = [CaseReport("c", () if n < good else ("bad",), 1, 0.0) for n in range(10)]

    assert Report(tuple(cases), gate).passed is passed


def test_gate_is_held_exactly() -> None:
    cases = [CaseReport("c", () if n < 7 else ("bad",), 1, 0.0) for n in range(100)]

    assert 0.07 * 100 > 7  # as floats have it
    assert Report(tuple(cases), 0.07).passed


def test_no_cases_pass() -> None:
    assert (Report((), 1.0).passed, Report((), 1.0).share, Report((), 1.0).cost) == (True, 1.0, 0)


async def test_call_that_fails_is_a_case_that_fails() -> None:
    report = await proved(Models().says(Unavailable("it said: secret words"), "yes"), case("a"), case("b"))

    assert [one.told for one in report.cases] == [("it said: secret words",), ()]
    assert [one.failures for one in report.cases] == [("the call failed: unavailable",), ()]  # what may be kept
    assert report.cost is None


async def test_others_have_their_turn_between_expectations() -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    few, many = case("a", {"contains": "y"}), case("a", *[{"contains": "y"}] * 20)
    running = asyncio.create_task(others())

    await proved(Models().says("yes"), few)
    first, turns = turns, 0
    await proved(Models().says("yes"), many)
    running.cancel()

    assert turns >= first + 19


async def test_judge_is_asked_about_the_part_and_paid_for() -> None:
    judge = {"judge": {"model": "big", "rubric": "kind"}}
    models = Models().says("hello", '{"score": 0.2, "reason": "curt"}')

    report = await proved(models, case("a", judge, {"equals": "hello"}))

    assert report.cases[0].told == ("the judge gave 0.2; at least 0.7 is needed: curt",)
    assert report.cases[0].failures == ("the judge gave 0.2; at least 0.7 is needed",)
    assert report.cost == 2 * COST
    assert models.asked[1].model == "big"


async def test_judge_that_cannot_be_asked_fails_the_case() -> None:
    judge = {"judge": {"model": "big", "rubric": "kind"}}

    report = await proved(Models().says("hello", Unavailable("down")), case("a", judge))

    assert report.cases[0].failures == ("the judge could not be asked: unavailable",)
    assert report.cases[0].told == ("the judge could not be asked: unavailable: down",)
    assert report.cost is None


async def test_judge_of_a_part_that_is_not_there_is_not_asked() -> None:
    judge = {"at": "/a", "judge": {"model": "big", "rubric": "kind"}}
    models = Models().says("hello")

    report = await proved(models, case("a", judge))

    assert report.cases[0].failures == ("the answer has nothing at /a",)
    assert len(models.asked) == 1


async def test_judge_is_not_asked_about_a_part_of_what_it_is_to_judge() -> None:
    judge = {"judge": {"model": "big", "rubric": "kind"}}
    models = Models().says("a" * (JUDGED + 1), "a" * JUDGED, '{"score": 1, "reason": ""}')

    reports = [await proved(models, case(name, judge)) for name in ("long", "short")]

    assert reports[0].cases[0].failures == ("a judge is shown at most 100000 characters, and there are more",)
    assert (reports[1].passed, len(models.asked)) == (True, 3)


async def test_call_that_fails_costs_what_its_attempts_took() -> None:
    report = await proved(Models().says(" ", " "), case("a"))

    assert report.cases[0].failures == ("the call failed: invalid_answer",)
    assert report.cost == 2 * COST


async def test_cost_of_a_judge_that_is_not_known_makes_all_unknown() -> None:
    judge = {"judge": {"model": "big", "rubric": "kind"}}
    models = Models().says("hello", Says('{"score": 1, "reason": ""}', cost=None))

    assert (await proved(models, case("a", judge))).cost is None


class Counting(Models):
    """Counts how many ask at once, and takes a second each."""

    def __init__(self, clock: FixedClock) -> None:
        super().__init__()
        self.now = self.most = 0
        self.clock = clock

    async def ask(self, request: Request) -> Answered:
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0)
        self.clock.advance(1)
        self.now -= 1
        self.says("yes")
        return await super().ask(request)


async def test_no_more_than_some_run_at_once() -> None:
    models = Counting(FixedClock())

    report = await proved(models, *(case(str(n)) for n in range(20)), clock=models.clock)

    assert models.most == AT_ONCE
    assert len(report.cases) == 20


async def test_time_is_that_of_the_call() -> None:
    models = Counting(FixedClock())

    report = await proved(models, case("a", {"max_latency_s": 0.5}), clock=models.clock)

    assert report.cases[0].latency_s == 1.0
    assert report.cases[0].failures == ("it took 1.0 s; at most 0.5 s are allowed",)
