import asyncio
from typing import Any

import pytest
from tests.plugins.prompts.speaking import COST, Models, defined

from tollbridge import Call, Config, Gateway
from tollbridge.administering import MethodNotAllowed, open_call
from tollbridge.services.kinds import About, CaseResult, Proof, Running
from tollbridge.testing import FixedClock
from tollbridge_prompts.definition import PromptDefinition
from tollbridge_prompts.kind import PromptKind, problems_of
from tollbridge_prompts.proving import CaseReport, Report


class Bridge:
    """What a kind needs of a gateway."""

    clock = FixedClock()
    config = Config()


def kind(models: Models | None = None) -> PromptKind:
    return PromptKind(lambda gateway, running: lambda call: models or Models())


def running(definition: PromptDefinition) -> Running:
    return Running("svc_1", "it", "team", "rel_1", 1, "1.0", definition)


def bridge() -> Gateway:
    stand_in: Any = Bridge()
    return stand_in  # type: ignore[no-any-return]  # only its clock and its configuration are asked for


def call() -> Call:
    return open_call({"type": "http", "path": "/", "headers": []}, FixedClock())


JUDGED = {
    "cases": [
        {"name": "a", "variables": {"text": "x"}, "expect": [{"judge": {"model": "big", "rubric": "r"}}]},
        {"name": "b", "variables": {"text": "x"}, "expect": [{"judge": {"model": "small", "rubric": "r"}}]},
    ]
}


def test_models_are_its_own_and_those_of_its_judges() -> None:
    assert kind().models(defined(tests=JUDGED)) == ["small", "big"]
    assert kind().models(PromptDefinition()) == []


def test_it_has_no_secrets() -> None:
    assert kind().secrets(defined()) == []


def test_operations_are_the_ways_to_call_it() -> None:
    assert [(one.name, one.method, one.path) for one in kind().operations(defined())] == [("call", "POST", "")]
    both = kind().operations(defined(get={"max_age_s": 1}))
    assert [(one.name, one.method) for one in both] == [("call", "POST"), ("call", "GET")]


def test_it_checks_compares_and_describes() -> None:
    assert kind().check(PromptDefinition())[0].field == "model"
    assert kind().changes(defined(model="a"), defined(model="b"))[0].path == "model"
    assert kind().openapi(About("it", "It"), defined())["info"]["title"] == "It"


async def test_served_release_knows_its_path_and_methods() -> None:
    served = kind().serve(bridge(), running(defined(get={"max_age_s": 1})))

    found = served.find("HEAD", "", [], b"")
    assert found is not None
    assert (found.name, found.method) == ("call", "GET")
    assert served.find("POST", "/", [], b"") is not None
    assert served.find("POST", "/more", [], b"") is None
    with pytest.raises(MethodNotAllowed):
        served.find("DELETE", "", [], b"")
    await served.close()


async def test_served_release_answers() -> None:
    served = kind(Models().says("hello")).serve(bridge(), running(defined(variables={}, user="hi")))
    sent: list[Any] = []

    left: list[Any] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Any:
        return left.pop() if left else await asyncio.get_running_loop().create_future()

    async def send(message: Any) -> None:
        sent.append(message)

    scope: dict[str, Any] = {"type": "http", "method": "POST", "path": "/v1/apis/it", "headers": []}
    await served({**scope, "tollbridge": open_call(scope, FixedClock())}, receive, send)

    assert [sent[0]["status"], sent[1]["body"]] == [200, b"hello"]
    assert (b"tollbridge-version", b"1.0") in sent[0]["headers"]


async def test_release_whose_tests_fail_has_a_problem() -> None:
    tests = {"cases": [{"name": "a", "variables": {"text": "x"}, "expect": [{"equals": "yes"}]}]}

    proof = await kind(Models().says("no")).prove(bridge(), running(defined(tests=tests)), call())
    good = await kind(Models().says("yes")).prove(bridge(), running(defined(tests=tests)), call())

    assert [(one.field, one.warning) for one in proof.problems] == [("tests", False), ("tests/cases/0", True)]
    assert proof.problems[0].message == "0 of 1 test cases passed; at least 100% of them must"
    assert proof.cases == (CaseResult("a", ("it is not equal to what was expected",), COST, 0),)
    assert (proof.passed, good) == (False, Proof((), (CaseResult("a", (), COST, 0),)))


async def test_what_is_kept_of_a_case_holds_nothing_of_what_models_said() -> None:
    judged = {"judge": {"model": "big", "rubric": "r"}}
    case = {"name": "n" * 200, "variables": {"text": "x"}, "expect": [judged, {"equals": "yes"}]}
    models = Models().says("the secret", '{"score": 0, "reason": "it tells the secret"}')

    proof = await kind(models).prove(bridge(), running(defined(tests={"cases": [case]})), call())

    assert "it tells the secret" in proof.problems[1].message
    assert "secret" not in str(proof.cases)
    assert len(proof.cases[0].name) == 100


def test_release_is_gated_by_a_test_set_of_which_a_share_must_pass() -> None:
    case = {"name": "a", "variables": {"text": "x"}}

    assert kind().gated(defined(tests={"cases": [case]}))
    assert not kind().gated(defined(tests={"cases": [case], "gate": 0}))
    assert not kind().gated(defined())


async def test_release_that_cannot_be_served_is_a_problem() -> None:
    proof = await kind().prove(bridge(), running(defined(variables={"text": {"type": "x"}})), call())

    assert [one.warning for one in proof.problems] == [False]
    assert not proof.passed


def test_cases_that_may_fail_are_warnings() -> None:
    report = Report((CaseReport("a", ("bad",), COST, 0.0), CaseReport("b", (), COST, 0.0)), 0.5)

    assert [(one.field, one.message, one.warning) for one in problems_of(report)] == [("tests/cases/0", "a: bad", True)]
