"""Whether a test set can be run at all."""

from collections.abc import Iterator
from typing import Any

from msgspec import UNSET

from tollbridge.administering import parse_usd
from tollbridge.services.kinds import Problem
from tollbridge_prompts.bounds import CASES, EXPECTATIONS, TEMPLATE
from tollbridge_prompts.definition import Case, Expectation, Judge, Tests
from tollbridge_prompts.refusals import InputRefused
from tollbridge_prompts.schemas import UnusableSchema, check_schema, matcher
from tollbridge_prompts.variables import Inputs, Variable

KINDS = ("equals", "contains", "not_contains", "matches", "schema", "max_cost_usd", "max_latency_s", "judge")
_OF_A_PART = ("equals", "contains", "not_contains", "matches", "schema", "judge")
"""Expectations that may look at a part of the answer."""


def check_tests(tests: Tests, variables: tuple[Variable, ...]) -> Iterator[Problem]:
    """List what is wrong with a test set."""
    if len(tests.cases) > CASES:
        yield Problem("tests/cases", f"there are {len(tests.cases)} cases; at most {CASES} can be")
        return
    if not tests.cases:
        yield Problem("tests/cases", "there is no test, so nothing is tried before it is published", warning=True)
    inputs, names = Inputs(variables), set[str]()
    for index, case in enumerate(tests.cases):
        where = f"tests/cases/{index}"
        if not case.name.strip() or case.name in names:
            yield Problem(f"{where}/name", "each case needs a name of its own")
        names.add(case.name)
        yield from _case(where, case, inputs)


def said_of(expectation: Expectation) -> list[str]:
    """Name what an expectation says, beside `at`."""
    return [kind for kind in KINDS if getattr(expectation, kind) is not UNSET]


def _case(where: str, case: Case, inputs: Inputs) -> Iterator[Problem]:
    try:
        inputs.taken(case.variables)
    except InputRefused as exc:
        yield from (Problem(f"{where}/variables{one.field}", one.detail) for one in exc.errors)
    if not case.expect:
        yield Problem(f"{where}/expect", "it expects nothing but an answer", warning=True)
    if len(case.expect) > EXPECTATIONS:
        yield Problem(f"{where}/expect", f"there are {len(case.expect)} expectations; at most {EXPECTATIONS} can be")
        return
    for index, expectation in enumerate(case.expect):
        said = said_of(expectation)
        at = f"{where}/expect/{index}"
        if len(said) != 1:
            yield Problem(at, f"say exactly one of: {', '.join(KINDS)}")
            continue
        if expectation.at and said[0] not in _OF_A_PART:
            yield Problem(f"{at}/at", f"{said[0]} is of the whole call; leave 'at' out")
        elif expectation.at and not expectation.at.startswith("/"):
            yield Problem(f"{at}/at", "it is a JSON pointer, such as /items/0/name")
        yield from _CHECKS.get(said[0], _fine)(f"{at}/{said[0]}", getattr(expectation, said[0]))


def _matches(where: str, said: str) -> Iterator[Problem]:
    try:
        matcher(said)
    except UnusableSchema as exc:
        yield Problem(where, exc.flaws[0][1])


def _schema(where: str, said: dict[str, Any]) -> Iterator[Problem]:
    yield from (Problem(f"{where}{pointer}", message) for pointer, message in check_schema(said))


def _cost(where: str, said: str) -> Iterator[Problem]:
    try:
        parse_usd(said)
    except ValueError as exc:
        yield Problem(where, str(exc)[:200])


def _judge(where: str, said: Judge) -> Iterator[Problem]:
    if not said.model.strip() or said.model.startswith("api/"):
        yield Problem(f"{where}/model", "name a model of the gateway, or a route, that judges")
    if not said.rubric.strip() or len(said.rubric) > TEMPLATE:
        yield Problem(f"{where}/rubric", f"say what a good answer is, in at most {TEMPLATE} characters")


def _fine(where: str, said: Any) -> Iterator[Problem]:
    yield from ()


_CHECKS: dict[str, Any] = {"matches": _matches, "schema": _schema, "max_cost_usd": _cost, "judge": _judge}
