"""What would not work is told before a document is published."""

from typing import Any

from tests.plugins.rest.documents.making import answering, document_with, json_body, one

from tollbridge_rest.documents import problems_of


def told(operation: Any, **more: Any) -> list[tuple[str, bool]]:
    return [(each.field, each.warning) for each in problems_of(one(operation, **more))]


def test_a_good_document_has_no_problems() -> None:
    assert told({**json_body({"type": "string", "pattern": "^a"}), **answering({"type": "integer"})}) == []


def test_schemas_that_cannot_be_used_are_told_by_place() -> None:
    bad = {"type": "nonsense"}
    slots = [
        {"name": "p", "in": "query", "schema": bad},
        {"name": "j", "in": "query", "content": {"a/b": {"schema": {"type": "other"}}}},
    ]
    headers = {"X-A": {"schema": {"minLength": -1}}}
    answers = {"200": {"description": "", "headers": headers, "content": {"a/b": {"schema": {"items": bad}}}}}

    found = told({"parameters": slots, **json_body({"maxLength": "x"}), "responses": answers})

    assert found == [
        ("document/post/query.p", False),
        ("document/post/query.j", False),
        ("document/post/body/application/json", False),
        ("document/post/answers/200/header.x-a", False),
    ]  # the answer's body has the same problem as the first parameter, which is told once


def test_patterns_that_are_not_checked_are_a_warning() -> None:
    (problem,) = problems_of(one(json_body({"pattern": "(?=a)b"})))

    assert problem.warning
    assert "'(?=a)b'" in problem.message
    assert problem.field == "document"


def test_a_parameter_that_is_not_described_is_a_warning() -> None:
    (problem,) = problems_of(one({}, path="/a/{id}"))

    assert problem.warning
    assert problem.message == "POST '/a/{id}' does not describe {id}"


def test_there_is_an_end_to_what_is_told() -> None:
    document = document_with({f"/a{n}/{{id}}": {"get": {}} for n in range(200)})

    assert len(problems_of(document)) == 100
