import time
from typing import Any

import pytest
from tests.plugins.prompts.speaking import JSON_OUT, defined

from tollbridge_prompts.bounds import DIFF
from tollbridge_prompts.changes import changes, difference

USUAL = {"type": "string"}
SCHEMA: dict[str, Any] = JSON_OUT["schema"]


def found(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, bool]]:
    return [(one.path, one.breaking) for one in changes(defined(**before), defined(**after))]


def variables(**said: Any) -> dict[str, Any]:
    return {"variables": {"text": USUAL, **said}}


def output(**schema: Any) -> dict[str, Any]:
    return {"output": {"type": "json", "schema": {**SCHEMA, **schema}}}


@pytest.mark.parametrize("members", [{}, {"output": JSON_OUT}, variables(a={"default": 1})])
def test_nothing_changed_is_nothing(members: dict[str, Any]) -> None:
    assert found(members, members) == []


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"model": "a"}, {"model": "b"}, [("model", False)]),
        (
            {"parameters": {"temperature": 0, "seed": 1}},
            {"parameters": {"temperature": 1}},
            [("parameters/temperature", False), ("parameters/seed", False)],
        ),
        ({"system": "a"}, {"system": "b"}, [("system", False)]),
        (
            {},
            {"examples": [{"user": "a", "assistant": "b"}]},
            [("examples/0/user", False), ("examples/0/assistant", False)],
        ),
        ({"user": "{{text}}"}, {"user": "say {{text}}"}, [("user", False)]),
        (variables(), variables(a=USUAL), [("variables/a", True)]),
        (variables(), variables(a={"default": 1}), [("variables/a", False)]),
        (variables(a={"default": 1}), variables(), [("variables/a", True)]),
        (
            variables(a={"default": 1}),
            variables(a={}),
            [("variables/a/required", True), ("variables/a/default", False)],
        ),
        (
            variables(a={}, b={}),
            variables(a={"required": False}, b={}),
            [("variables/a/required", False)],
        ),
        (variables(a={"default": 1}), variables(a={"default": 2}), [("variables/a/default", False)]),
        (variables(a={"default": 1}), variables(a={"default": True}), [("variables/a/default", False)]),
        (variables(a={"maxLength": 2}), variables(a={"maxLength": 1}), [("variables/a", True)]),
        (variables(a={"maxLength": 1}), variables(a={"maxLength": 2}), [("variables/a", False)]),
        (variables(a={"enum": [1, 2]}), variables(a={"enum": [1]}), [("variables/a", True)]),
        (variables(a={"items": {}}), variables(a={"items": USUAL}), [("variables/a/items", True)]),
        (variables(a={"description": "x"}), variables(a={"description": "y"}), [("variables/a/description", False)]),
        ({}, {"output": JSON_OUT}, [("output/type", True)]),
        ({"output": {"media_type": "text/csv"}}, {}, [("output/media_type", True)]),
        ({"output": {"exact": True}}, {}, [("output/exact", False)]),
        ({"output": {"retries": 2}}, {}, [("output/retries", False)]),
        (output(), output(properties={"label": {"enum": ["good"]}}), [("output/schema", False)]),
        (output(), output(properties={"label": {"enum": ["good", "new"]}}), [("output/schema/properties/label", True)]),
        (output(), output(properties={"label": USUAL}), [("output/schema/properties/label", True)]),
        (output(), output(properties={}), [("output/schema/properties/label", True)]),
        (output(), output(required=[]), [("output/schema", True)]),
        (output(), output(additionalProperties=True), [("output/schema/additionalProperties", True)]),
        (output(), {"output": {"type": "json"}}, [("output/schema", True)]),
        ({"get": {"max_age_s": 1}}, {}, [("get", True)]),
        ({"get": {"max_age_s": 1}}, {"get": {"max_age_s": 2}}, [("get", False)]),
        ({}, {"get": {"max_age_s": 1}}, [("get", False)]),
        ({"stream": True}, {"stream": False}, [("stream", True)]),
        ({"stream": False}, {"stream": True}, [("stream", False)]),
        ({"chat": True}, {"chat": False}, [("chat", True)]),
        ({"timeout_s": 1}, {"timeout_s": 2}, [("timeout_s", False)]),
        ({"tests": {"gate": 0.5}}, {}, [("tests/gate", False)]),
    ],
)
def test_change_is_found_and_breaks_or_not(before: Any, after: Any, expected: list[tuple[str, bool]]) -> None:
    seen = found(before, after)

    assert [one for one in expected if one not in seen] == []
    assert any(breaking for _, breaking in seen) == any(breaking for _, breaking in expected)


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        (variables(a=USUAL), variables(a={**USUAL, "default": "x"}), "are the value of 'text' now"),
        (variables(a={}), variables(a={"required": False}), "are the value of 'text' now"),
        (variables(), {"variables": {"text": {**USUAL, "default": "x"}}}, "must be a JSON object of variables now"),
        (variables(), {"variables": {"text": {"type": ["string", "null"]}}}, "must be a JSON object of variables now"),
        (variables(), {"variables": {"text": {}}}, "must be a JSON object of variables now"),
    ],
)
def test_what_the_words_of_a_message_stand_for_breaks_where_it_differs(before: Any, after: Any, what: str) -> None:
    seen = changes(defined(**before), defined(**after))

    assert [(one.path, one.what) for one in seen if one.breaking] == [
        ("variables", f"called as a model: the words of the message {what}")
    ]


def test_optional_property_that_is_gone_breaks_whatever_else() -> None:
    schema = {"type": "object", "properties": {"a": USUAL}, "additionalProperties": False}
    before = {"output": {"type": "json", "schema": schema}}
    after = {"output": {"type": "json", "schema": {**schema, "properties": {}}}}

    assert found(before, after) == [("output/schema/properties/a", True)]


def test_words_are_compared_line_by_line() -> None:
    (change,) = changes(defined(system="a\nb\nc"), defined(system="a\nB\nc"))

    assert change.after == "--- before\n+++ after\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c"


def test_values_are_shown_as_they_were_and_are() -> None:
    (change,) = changes(defined(model="a"), defined(model="b" * 500))

    assert (change.before, change.after) == ("a", "b" * 200 + "...")
    (change,) = changes(defined(parameters={"stop": ["x"]}), defined())
    assert (change.before, change.after) == ('["x"]', "[]")


def test_difference_is_bounded() -> None:
    assert difference("a\n" * 1500, "b\n" * 1500) == "1500 lines became 1500; too many to compare"
    assert len(difference("a" * 100_000, "b" * 100_000)) <= DIFF + 30
    assert difference("a" * 100_000, "b").endswith("... (there is more)")


@pytest.mark.parametrize("lines", ["a\n" * 999, "\n".join(str(n % 7) for n in range(999)), "ab\nba\n" * 499])
def test_hostile_words_take_no_long_time(lines: str) -> None:
    begun = time.thread_time()

    difference(lines, "\n".join(reversed(lines.splitlines())) + "\nx")

    assert time.thread_time() - begun < 3


def test_schema_that_cannot_be_used_is_a_change_all_the_same() -> None:
    assert found(variables(a={"type": "x"}), variables(a={"type": "y"})) == [("variables/a", True)]
    assert found(variables(a={"type": "x"}), variables(a={"type": "x"})) == []
