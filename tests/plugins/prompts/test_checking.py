from typing import Any

import pytest
from tests.plugins.prompts.speaking import JSON_OUT, defined

from tollbridge_prompts.checking import MEDIA_TYPES, check
from tollbridge_prompts.definition import PromptDefinition

CASE = {"name": "a", "variables": {"text": "x"}, "expect": [{"contains": "x"}]}
GOOD: dict[str, Any] = {"tests": {"cases": [CASE]}}


def problems(**members: Any) -> list[tuple[str, str]]:
    return [(one.field, one.message) for one in check(defined(**{**GOOD, **members})) if not one.warning]


def warnings(**members: Any) -> list[tuple[str, str]]:
    found = check(defined(**{**GOOD, **members}))
    assert all(one.warning for one in found)
    return [(one.field, one.message) for one in found]


@pytest.mark.parametrize("members", [{}, {"output": JSON_OUT}, {"get": {"max_age_s": 0}}])
def test_whole_definition_has_no_problem(members: Any) -> None:
    assert check(defined(**GOOD, **members)) == []


def test_empty_draft_says_what_is_missing() -> None:
    found = check(PromptDefinition())

    assert [(one.field, one.warning) for one in found] == [("model", False), ("user", False)]


@pytest.mark.parametrize(
    ("members", "field", "why"),
    [
        ({"model": " "}, "model", "name a model"),
        ({"model": "api/other"}, "model", "in a circle"),
        ({"user": " "}, "user", "nothing to ask"),
        ({"user": "{{text}} {{7*7}}"}, "user", "line 1, column 10: "),
        ({"user": "{{text}}\n {{other}}"}, "user", "line 2, column 2: there is no variable 'other'"),
        ({"system": "{{other}}"}, "system", "no variable 'other'"),
        ({"examples": [{"user": "{{other}}", "assistant": "a"}]}, "examples/0/user", "no variable"),
        ({"examples": [{"user": "a", "assistant": "{{"}]}, "examples/0/assistant", "begins no"),
        ({"examples": [{"user": " ", "assistant": "a"}]}, "examples/0/user", "empty"),
        ({"examples": [{"user": "a", "assistant": "a"}] * 51}, "examples", "at most 50"),
        ({"variables": {"text": {"type": "strin"}}}, "variables/text/type", "not valid"),
        ({"variables": {"text": {"$ref": "http://x"}}}, "variables/text/$ref", "nothing is fetched"),
        ({"variables": {"text": {}, "a-b": {}}}, "variables/a-b", "letters, digits and _"),
        ({"variables": {"text": {"type": "string", "default": 1}}}, "variables/text/default", "must be a string"),
        ({"variables": {"text": {"type": "string", "default": "a", "required": True}}}, "variables/text", "leave one"),
        ({"variables": {f"v{n}": {"type": "null"} for n in range(101)}, "user": "a"}, "variables", "at most 100"),
        ({"output": {"schema": {}}}, "output/schema", "a schema is for JSON"),
        ({"output": {"type": "json", "schema": {"type": "x"}}}, "output/schema/type", "not valid"),
        ({"output": {"media_type": "text/html"}}, "output/media_type", "text/plain"),
        ({"output": {"media_type": "image/svg+xml"}}, "output/media_type", "text/plain"),
        ({"tests": {"cases": [{"name": ""}]}}, "tests/cases/0/name", "a name of its own"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(members: Any, field: str, why: str) -> None:
    found = problems(**members)

    assert field in [where for where, _ in found]
    assert any(why in message for where, message in found if where == field)


def test_what_is_not_known_is_named_some_times_only() -> None:
    assert len(problems(user="{{text}}" + "{{other}}" * 500)) == 20


@pytest.mark.parametrize(
    ("members", "field", "why"),
    [
        ({"variables": {"text": {"type": "string"}, "b": {"enum": [1], "default": 1}}}, "variables/b", "no template"),
        ({"variables": {"text": {}}}, "variables/text", "takes anything"),
        ({"variables": {"text": {"type": "string", "examples": [1]}}}, "variables/text/examples/0", "does not fit"),
        ({"output": {"type": "json"}}, "output/schema", "any JSON"),
        ({"output": {**JSON_OUT, "media_type": "text/csv"}}, "output/media_type", "application/json"),
        ({"tests": {}}, "tests/cases", "no test"),
    ],
)
def test_what_is_doubtful_is_a_warning(members: Any, field: str, why: str) -> None:
    assert [(where, why in message) for where, message in warnings(**members)] == [(field, True)]


def test_no_media_type_is_one_a_browser_runs() -> None:
    assert not {"text/html", "text/xml", "text/javascript", "text/css", "application/json"} & set(MEDIA_TYPES)
