import json
from typing import Any

import jsonschema_rs
import msgspec
import pytest
from openapi_spec_validator import validate
from tests.plugins.prompts.speaking import JSON_OUT, Caller, defined

from tollbridge.services.kinds import About
from tollbridge_mcp.operations import read_document
from tollbridge_prompts.openapi import describe, input_schema, output_schema

ABOUT = About(
    "mood", "Mood", "Says the mood.", "1.2", "https://gw.example/v1/apis/mood", ({"name": "Ada", "email": ""},)
)
RICH = defined(
    user="{{text}}{{n}}{{many}}{{thing}}",
    variables={
        "text": {"type": "string", "description": "The text.", "examples": ["a"]},
        "n": {"type": "integer", "default": 3, "required": False},
        "many": {"$defs": {"a/b": {"type": "string"}}, "type": "array", "items": {"$ref": "#/$defs/a~1b"}},
        "thing": {"type": "object", "required": ["a"]},
    },
    output={**JSON_OUT, "schema": {"$defs": {"x": {"type": "null"}}, "items": {"$ref": "#/$defs/x"}}},
    get={"max_age_s": 60},
)


@pytest.mark.parametrize(
    "definition",
    [
        defined(),
        defined(get={"max_age_s": 1}),
        RICH,
        defined(stream=False, output={"media_type": "text/csv"}),
        defined(variables={}, user="a"),
    ],
)
@pytest.mark.parametrize("about", [ABOUT, About("mood", "")])
def test_document_is_valid(definition: Any, about: About) -> None:
    validate(json.loads(json.dumps(describe(about, definition))))


def test_it_says_where_it_is_called() -> None:
    document = describe(ABOUT, RICH)

    assert document["servers"] == [{"url": "https://gw.example/v1/apis"}]
    assert list(document["paths"]) == ["/mood"]
    assert document["info"] == {
        "title": "Mood",
        "version": "1.2",
        "description": "Says the mood.",
        "contact": {"name": "Ada"},
    }
    assert list(describe(About("a", ""), RICH)["paths"]) == ["/a"]
    assert describe(About("a", ""), RICH)["info"] == {"title": "a", "version": "draft"}


def test_call_is_described_in_the_words_of_the_service() -> None:
    about = msgspec.structs.replace(ABOUT, description="Reads moods.")
    silent = msgspec.structs.replace(ABOUT, description="")

    assert describe(about, RICH)["paths"]["/mood"]["post"]["description"] == "Reads moods."
    assert "description" not in describe(silent, RICH)["paths"]["/mood"]["post"]


def test_both_methods_have_an_id_of_their_own_and_are_one_tool() -> None:
    document = describe(ABOUT, RICH)

    operations = document["paths"]["/mood"]
    assert [one["operationId"] for one in operations.values()] == ["call", "read"]
    assert [one.tool.name for one in read_document(document).operations] == ["call"]


def test_methods_are_those_of_the_definition() -> None:
    assert list(describe(ABOUT, defined())["paths"]["/mood"]) == ["post"]
    assert list(describe(ABOUT, RICH)["paths"]["/mood"]) == ["post", "get"]


def test_body_is_needed_where_a_variable_is() -> None:
    assert describe(ABOUT, RICH)["paths"]["/mood"]["post"]["requestBody"]["required"]
    bare = describe(ABOUT, defined(variables={"text": {"default": "a"}}))
    assert not bare["paths"]["/mood"]["post"]["requestBody"]["required"]


def test_schemas_of_the_document_take_what_the_service_takes() -> None:
    document = describe(ABOUT, RICH)

    def fits(name: str, value: Any) -> bool:
        whole = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        return jsonschema_rs.Draft202012Validator(whole, offline=True).is_valid(value)

    good = {"text": "a", "many": ["b"], "thing": {"a": 1}}
    assert fits("Input", good)
    assert not fits("Input", {**good, "many": [1]})
    assert not fits("Input", {**good, "thing": {}})
    assert not fits("Input", {**good, "other": 1})
    assert not fits("Input", {"text": "a", "many": []})
    assert fits("Output", [None])
    assert not fits("Output", [1])


async def test_problems_are_as_they_are_described() -> None:
    document = describe(ABOUT, RICH)
    problem = jsonschema_rs.Draft202012Validator(document["components"]["schemas"]["Problem"])

    assert problem.is_valid((await Caller(RICH).post({"text": 1})).json())
    assert not problem.is_valid({})


def test_query_has_each_variable() -> None:
    parameters = describe(ABOUT, RICH)["paths"]["/mood"]["get"]["parameters"]

    assert [(one["name"], one["required"], "content" in one) for one in parameters] == [
        ("text", True, False),
        ("n", False, False),
        ("many", True, False),
        ("thing", True, True),
    ]
    assert parameters[0]["description"] == "The text."


def test_answers_are_of_the_media_types_that_are_offered() -> None:
    responses = describe(ABOUT, defined())["paths"]["/mood"]["post"]["responses"]

    assert list(responses["200"]["content"]) == ["text/plain", "application/json", "text/event-stream"]
    assert set(responses) == {
        "200",
        *["400", "401", "403", "404", "405", "406", "408", "410", "413", "415", "422", "429"],
        *["500", "502", "503", "504"],
    }
    assert all(list(one["content"]) == ["application/problem+json"] for name, one in responses.items() if name != "200")


def test_get_may_be_answered_with_nothing_new() -> None:
    responses = describe(ABOUT, RICH)["paths"]["/mood"]["get"]["responses"]

    assert "304" in responses
    assert {"408", "415"}.isdisjoint(responses)
    assert "414" in responses
    assert "ETag" in responses["200"]["headers"]


def test_schemas_by_themselves_refer_to_themselves() -> None:
    assert input_schema(RICH)["properties"]["many"]["items"] == {"$ref": "#/properties/many/$defs/a~1b"}
    assert "required" not in input_schema(defined(variables={}))
    assert output_schema(defined())["required"] == ["text"]
    assert output_schema(defined(output={"type": "json"})) == {}
