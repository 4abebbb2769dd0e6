"""What trials gave, added up and compared."""

from typing import Any

import pytest

from tollbridge.errors import BadRequest
from tollbridge.services.evaluating import Compared, Evaluation, check_proved, compared
from tollbridge.services.kinds import CaseResult, Problem, Proof
from tollbridge.testing.samples import NOON


def evaluation(*cases: CaseResult, passed: bool = True) -> Evaluation:
    fields: dict[str, Any] = {"release_id": "rel_1", "number": 1, "at": NOON, "by": "tok_1", "digest": b"d"}
    return Evaluation(passed=passed, cases=cases, **fields)


def took(*latencies: int) -> Evaluation:
    return evaluation(*(CaseResult(str(ms), (), 1, ms) for ms in latencies))


def fared(**failures: str) -> Evaluation:
    """Make the evaluation of cases by name, each with its failure, empty for none."""
    return evaluation(*(CaseResult(name, (why,) if why else (), 10) for name, why in failures.items()))


def test_cost_is_that_of_all_cases_and_on_average_rounded_up() -> None:
    found = evaluation(CaseResult("a", (), 10), CaseResult("b", ("bad",), 11))

    assert (found.good, found.cost, found.cost_per_case) == (1, 21, 11)


@pytest.mark.parametrize("cases", [(), (CaseResult("a", (), 10), CaseResult("b", (), None))])
def test_cost_of_which_a_part_is_not_known_is_not_known(cases: tuple[CaseResult, ...]) -> None:
    found = evaluation(*cases)

    assert (found.cost, found.cost_per_case) == (None, None)


@pytest.mark.parametrize(
    ("latencies", "half", "most"),
    [((), None, None), ((7,), 7, 7), ((3, 1, 2, 4), 2, 4), (tuple(range(1, 21)), 10, 19), (tuple(range(100)), 49, 94)],
)
def test_latencies_are_by_nearest_rank(latencies: tuple[int, ...], half: int | None, most: int | None) -> None:
    found = took(*latencies)

    assert (found.latency_ms(50), found.latency_ms(95)) == (half, most)


def test_cases_that_fail_and_pass_now_are_named() -> None:
    before = fared(stays="", breaks="", heals="bad", ill="bad", gone="bad")
    after = fared(stays="", breaks="bad", heals="", ill="bad", new="bad", fine="")

    assert compared(before, after) == Compared(good=1, cost_per_case=0, failing=("breaks", "new"), passing=("heals",))


def test_cost_of_a_case_is_compared() -> None:
    before, after = evaluation(CaseResult("a", (), 30)), evaluation(CaseResult("a", (), 10))

    assert compared(before, after).cost_per_case == -20
    assert compared(before, evaluation(CaseResult("a", (), None))).cost_per_case is None
    assert compared(evaluation(), after).cost_per_case is None


def test_nothing_is_compared_with_nothing() -> None:
    assert compared(None, took(1)) == compared(took(1), None) == compared(None, None) == Compared()


def test_release_that_passed_may_be_published() -> None:
    check_proved("weather", 2, took(1))


@pytest.mark.parametrize(
    ("last", "why"),
    [
        (None, "was not tried yet; run them: POST /services/weather/releases/2/prove, or `tollbridge service prove"),
        (evaluation(CaseResult("a", ("bad",)), passed=False), "and did not: 0 of 1 cases passed; run them again: POST"),
    ],
)
def test_release_that_did_not_is_told_how(last: Evaluation | None, why: str) -> None:
    with pytest.raises(BadRequest, match=why) as caught:
        check_proved("weather", 2, last)

    assert (caught.value.status, caught.value.code) == (409, "not_proven")


def test_trial_with_warnings_alone_is_passed() -> None:
    assert Proof((Problem("a", "doubtful", warning=True),)).passed
    assert not Proof((Problem("a", "doubtful", warning=True), Problem("b", "wrong"))).passed
