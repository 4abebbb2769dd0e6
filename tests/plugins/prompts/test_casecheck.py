from typing import Any

import msgspec
import pytest

from tollbridge_prompts.casecheck import check_tests
from tollbridge_prompts.definition import Tests
from tollbridge_prompts.variables import read_variables

VARIABLES = read_variables({"text": {"type": "string"}})


def found(*cases: Any) -> list[tuple[str, str, bool]]:
    tests = msgspec.convert({"cases": list(cases)}, Tests)
    return [(one.field, one.message, one.warning) for one in check_tests(tests, VARIABLES)]


def case(*expect: Any, name: str = "a") -> dict[str, Any]:
    return {"name": name, "variables": {"text": "x"}, "expect": list(expect)}


@pytest.mark.parametrize(
    "expectation",
    [
        {"equals": None},
        {"at": "/a", "equals": "x"},
        {"contains": "x"},
        {"at": "/a", "not_contains": "x"},
        {"matches": "^a+$"},
        {"schema": {"type": "string"}},
        {"max_cost_usd": "0.01"},
        {"max_latency_s": 1},
        {"judge": {"model": "big", "rubric": "It is kind."}},
    ],
)
def test_each_expectation_can_be_said(expectation: Any) -> None:
    assert found(case(expectation)) == []


@pytest.mark.parametrize(
    ("expectation", "field", "why"),
    [
        ({}, "", "exactly one of"),
        ({"at": "/a"}, "", "exactly one of"),
        ({"equals": None, "contains": "x"}, "", "exactly one of"),
        ({"at": "a", "equals": 1}, "/at", "JSON pointer"),
        ({"at": "/a", "max_cost_usd": "1"}, "/at", "of the whole call"),
        ({"matches": "(?=a)"}, "/matches", "linear time"),
        ({"schema": {"type": "x"}}, "/schema/type", "not valid"),
        ({"max_cost_usd": "much"}, "/max_cost_usd", "not an amount"),
        ({"judge": {"model": "", "rubric": "a"}}, "/judge/model", "name a model"),
        ({"judge": {"model": "api/x", "rubric": "a"}}, "/judge/model", "name a model"),
        ({"judge": {"model": "m", "rubric": " "}}, "/judge/rubric", "what a good answer is"),
    ],
)
def test_expectation_that_cannot_be_held_is_named(expectation: Any, field: str, why: str) -> None:
    ((where, message, warning),) = found(case(expectation))

    assert where == f"tests/cases/0/expect/0{field}"
    assert why in message
    assert not warning


def test_variables_are_held_against_their_schemas() -> None:
    assert found({**case({"contains": "x"}), "variables": {"text": 1, "b": 2}}) == [
        ("tests/cases/0/variables/text", "it must be a string", False),
        ("tests/cases/0/variables/b", "there is no such variable; known: text", False),
    ]


def test_names_are_there_once() -> None:
    assert [where for where, _, _ in found(case({"contains": "x"}), case({"contains": "x"}))] == ["tests/cases/1/name"]


def test_case_that_expects_nothing_is_doubtful() -> None:
    assert found(case()) == [("tests/cases/0/expect", "it expects nothing but an answer", True)]


def test_numbers_are_bounded() -> None:
    assert [where for where, _, _ in found(case(*[{"contains": "x"}] * 21))] == ["tests/cases/0/expect"]
    assert [where for where, _, _ in found(*[case(name=str(n)) for n in range(201)])] == ["tests/cases"]
