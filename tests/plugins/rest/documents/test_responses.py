"""An answer is as its operation says, or what is wrong is told."""

from typing import Any

import pytest
from tests.plugins.rest.documents.making import document_with, one

from tollbridge_rest.documents import Answered, Checking, Responses
from tollbridge_rest.documents.responses import answer_of

OPERATION = {
    "responses": {
        "200": {
            "description": "",
            "headers": {"X-Left": {"required": True, "schema": {"type": "integer"}}},
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "required": ["id", "key"],
                        "properties": {"id": {"type": "integer", "readOnly": True}, "key": {"writeOnly": True}},
                    }
                },
                "text/plain": {},
            },
        },
        "204": {"description": "", "content": {"application/json": {}}},
        "201": {"description": ""},
        "4XX": {"description": "", "content": {"application/problem+json": {"schema": {"required": ["title"]}}}},
    }
}
LEFT = (b"x-left", b"3")
JSON = (b"content-type", b"application/json")


def told(answered: Answered, operation: Any = OPERATION) -> list[str]:
    document = one(operation)
    found = Responses(Checking.of(document)).check(document.operations[0], answered)
    assert all(each.status in (502, 500) for each in found)
    return [f"{each.where} {each.message}" for each in found]


@pytest.mark.parametrize(
    ("answered", "findings"),
    [
        (Answered(200, (LEFT, JSON), b'{"id":1}'), []),
        (Answered(200, (LEFT, JSON), b"{}"), ["body/id is missing"]),
        (Answered(200, (LEFT, JSON), b'{"id":"x"}'), ["body/id must be of type integer"]),
        (Answered(200, (LEFT, JSON), b"x"), ["body is no JSON"]),
        (Answered(200, (LEFT, JSON), None), []),
        (Answered(200, (LEFT, (b"content-type", b"text/plain")), b"anything"), []),
        (
            Answered(200, (LEFT, (b"content-type", b"text/html")), b"<p>"),
            ["body must be of one of these media types: application/json, text/plain"],
        ),
        (Answered(200, (JSON,), b'{"id":1}'), ["header.x-left is missing"]),
        (Answered(200, (JSON, (b"x-left", b"many")), b'{"id":1}'), ["header.x-left must be of type integer"]),
        (Answered(204, (), b""), []),
        (Answered(201, (), b"whatever"), []),
        (Answered(404, ((b"content-type", b"application/problem+json"),), b'{"title":"x"}'), []),
        (Answered(418, ((b"content-type", b"application/problem+json"),), b"{}"), ["body/title is missing"]),
        (Answered(500), ["status 500 is not described"]),
    ],
)
def test_an_answer(answered: Answered, findings: list[str]) -> None:
    assert told(answered) == findings


def test_the_closest_description_counts() -> None:
    said = {"404": {"description": "a"}, "4XX": {"description": "b"}, "default": {"description": "c"}}
    operation = document_with({"/": {"get": {"responses": said}}}).operations[0]

    found = [answer_of(operation, status) for status in (404, 410, 500)]

    assert [each.description for each in found if each is not None] == ["a", "b", "c"]


def test_a_schema_that_cannot_be_used_is_told() -> None:
    content = {"application/json": {"schema": {"type": "nonsense"}}}

    (found,) = told(Answered(200, (JSON,), b"1"), {"responses": {"200": {"description": "", "content": content}}})

    assert found.startswith("document a schema cannot be used")


def test_at_most_twenty_findings_are_told() -> None:
    headers = {f"X-{n}": {"required": True} for n in range(30)}

    assert len(told(Answered(200), {"responses": {"200": {"description": "", "headers": headers}}})) == 20
