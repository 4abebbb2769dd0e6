"""What an OpenAPI document becomes."""

import json
import re
import time
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.plugins.mcp.conftest import PROMPT, SHOP

from tollbridge_mcp.bodies import Way
from tollbridge_mcp.operations import MOST_ALL_NODES, MOST_TOOLS, Names, read_document


def document(**operation: Any) -> dict[str, Any]:
    path = operation.pop("path", "/a")
    method = operation.pop("method", "post")
    return {"openapi": "3.1.0", "paths": {path: {method: operation}}}


def one(**operation: Any) -> Any:
    reading = read_document(document(**operation))
    assert reading.left_out == ()
    (found,) = reading.operations
    return found


def why(**operation: Any) -> str:
    reading = read_document(document(**operation))
    assert reading.operations == ()
    (sentence,) = reading.left_out
    return sentence


def body(schema: Any, kind: str = "application/json", **more: Any) -> Any:
    return {"content": {kind: {"schema": schema}}, **more}


def test_document_of_a_shop_becomes_its_tools() -> None:
    found = {each.tool.name: each for each in read_document(SHOP).operations}

    assert list(found) == ["listOrders", "create_order", "getOrder", "deleteOrder", "addPhoto", "logo"]
    assert found["create_order"].id == "create order!"
    assert found["create_order"].body.way is Way.MERGED
    assert found["create_order"].tool.input_schema["required"] == ["id"]
    assert found["create_order"].tool.input_schema["$defs"]["Order"]["properties"]["parts"]["items"] == {
        "$ref": "#/$defs/Order"
    }
    assert found["listOrders"].tool.output_schema["properties"]["result"]["items"] == {"$ref": "#/$defs/Order"}
    assert found["listOrders"].wrapped
    assert found["addPhoto"].tool.input_schema["properties"]["photo"]["contentEncoding"] == "base64"
    assert found["logo"].tool.output_schema is None
    hints = {name: each.tool.annotations for name, each in found.items()}
    assert (hints["listOrders"].read_only, hints["deleteOrder"].destructive) == (True, True)
    assert (hints["create_order"].idempotent, hints["deleteOrder"].idempotent) == (False, True)
    for each in found.values():
        jsonschema.Draft202012Validator.check_schema(each.tool.input_schema)


def test_prompt_becomes_one_tool_with_its_variables() -> None:
    (found,) = read_document(PROMPT).operations

    assert (found.method, found.path, found.tool.name) == ("POST", "", "sentiment")
    assert found.tool.description == "Says how a text sounds."
    assert found.tool.input_schema["additionalProperties"] is False
    assert found.tool.output_schema["required"] == ["sentiment"]


def test_operation_may_keep_out_of_mcp() -> None:
    assert read_document(document(**{"x-tollbridge-tool": False})).operations == ()


def test_name_is_made_of_method_and_path_where_there_is_none() -> None:
    assert one(path="/a/{b}", parameters=[{"name": "b", "in": "path", "schema": {}}]).tool.name == "post__a_b"


def test_parameters_of_the_path_give_way_to_those_of_the_operation() -> None:
    wide = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    narrow = {**wide, "schema": {"type": "integer"}}
    given = {"paths": {"/a/{id}": {"parameters": [wide], "get": {"parameters": [narrow]}}}}

    (found,) = read_document(given).operations

    assert found.tool.input_schema["properties"] == {"id": {"type": "integer"}}


def test_parameters_with_one_name_in_two_places_are_kept_apart() -> None:
    path = {"name": "id", "in": "path", "schema": {"type": "string"}}
    query = {"name": "id", "in": "query", "schema": {"type": "integer"}}

    found = one(path="/a/{id}", method="get", parameters=[path, query])

    assert found.tool.input_schema["properties"] == {"id": {"type": "string"}, "query_id": {"type": "integer"}}
    assert [each.wire for each in found.parameters] == ["id", "id"]


def test_body_stays_whole_where_its_members_would_clash_or_are_not_all() -> None:
    query = {"name": "a", "in": "query", "schema": {"type": "string"}}
    clash = one(parameters=[query], requestBody=body({"type": "object", "properties": {"a": {"type": "integer"}}}))
    joined = one(requestBody=body({"allOf": [{"type": "object", "properties": {"a": {}}}]}, required=True))
    free = one(requestBody=body({"type": "object", "properties": {"a": {}}, "additionalProperties": True}))
    plain = one(requestBody=body({"type": "array"}))
    taken = one(parameters=[{"name": "body", "in": "query", "schema": {}}], requestBody=body({"type": "array"}))

    assert set(clash.tool.input_schema["properties"]) == {"a", "body"}
    assert joined.tool.input_schema["required"] == ["body"]
    assert set(free.tool.input_schema["properties"]) == {"body"}
    assert plain.tool.input_schema["properties"] == {"body": {"type": "array"}}
    assert "required" not in plain.tool.input_schema
    assert set(taken.tool.input_schema["properties"]) == {"body", "request_body"}


def test_body_that_need_not_be_there_makes_nothing_required() -> None:
    schema = {"type": "object", "properties": {"a": {}}, "required": ["a"]}

    assert "required" not in one(requestBody=body(schema)).tool.input_schema
    assert one(requestBody=body(schema, required=True)).tool.input_schema["required"] == ["a"]


def test_json_is_chosen_among_kinds() -> None:
    content = {
        "application/xml": {"schema": {}},
        "application/vnd.api+json; charset=utf-8": {"schema": {"type": "array"}},
    }

    assert one(requestBody={"content": content}).body.kind == "application/vnd.api+json"


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        ({"requestBody": body({}, "application/xml", required=True)}, "'application/xml', which is no JSON"),
        ({"requestBody": {"$ref": "#/nowhere"}}, "its body cannot be read"),
        ({"path": "/a/{b}"}, "what 'b' in its path is"),
        ({"parameters": [{"name": "s", "in": "cookie", "required": True}]}, "stands in 'cookie'"),
        (
            {"parameters": [{"name": "Authorization2", "in": "header", "required": True}, {"in": "query"}]},
            "cannot be read",
        ),
        ({"parameters": [{"name": "Host", "in": "header", "required": True}]}, "'Host' is none that a tool may set"),
        ({"parameters": [{"name": "X-Forwarded-For", "in": "header", "required": True}]}, "none that a tool may set"),
        ({"parameters": [{"name": "Tollbridge-Version", "in": "header", "required": True}]}, "may set"),
        (
            {"path": "/a/{b}", "parameters": [{"name": "b", "in": "path", "style": "matrix"}]},
            "the style 'matrix', which is not known here",
        ),
        ({"parameters": [{"name": f"p{i}", "in": "query"} for i in range(101)]}, "over 100 parameters"),
        (
            {"parameters": [{"name": "q", "in": "query", "required": True, "content": {"text/x": {}}}]},
            "another way than JSON",
        ),
    ],
)
def test_what_cannot_be_called_is_left_out_with_a_sentence(operation: Any, said: str) -> None:
    assert said in why(**operation)


def test_what_need_not_be_given_is_left_out_alone() -> None:
    parameters = [
        {"name": "Host", "in": "header"},
        {"name": "session", "in": "cookie"},
        {"name": "Authorization", "in": "header", "required": True},
        {"name": "a", "in": "query", "schema": {}},
    ]

    found = one(parameters=parameters, requestBody=body({}, "application/xml"))

    assert set(found.tool.input_schema["properties"]) == {"a"}
    assert "optional body cannot be given" in found.tool.description


@pytest.mark.parametrize(
    "responses",
    [
        {"200": {"content": {"application/json": {"schema": {}}}}, "204": {"description": ""}},
        {"200": {"content": {"application/json": {"schema": {}}, "text/csv": {}}}},
        {"200": {"content": {"text/plain": {"schema": {}}}}},
        {"200": {"content": {"application/json": {}}}},
        {"200": {"description": ""}},
        {"404": {"content": {"application/json": {"schema": {}}}}},
        {"200": {"$ref": "#/nowhere"}},
        None,
    ],
)
def test_no_output_is_promised_that_an_answer_may_lack(responses: Any) -> None:
    assert one(responses=responses).tool.output_schema is None


@pytest.mark.parametrize(
    "path",
    ["a", "/a/../b", "/..", "//a", "/a//b", "/a\\b", "/a/./b", "/a\nb", "/" + "a" * 1_001, 7, "https://evil.example/"],
)
def test_path_that_leads_elsewhere_is_no_tool(path: Any) -> None:
    assert read_document({"paths": {path: {"get": {}}}}).operations == ()


@pytest.mark.parametrize(
    "given",
    [
        None,
        [],
        "x",
        7,
        {},
        {"paths": []},
        {"paths": {"/a": None}},
        {"paths": {"/a": {"get": []}}},
        {"paths": {"/a": {"$ref": "#/a"}}},
    ],
)
def test_what_is_no_document_has_no_operations(given: Any) -> None:
    assert read_document(given).operations == ()


def test_names_are_unique_and_every_model_takes_them() -> None:
    names = Names()

    given = [names.give(each) for each in ("a b", "a_b", "a/b", "", "é", "x" * 100, "x" * 100, "a_b_2")]

    assert given == ["a_b", "a_b_2", "a_b_3", "operation", "operation_2", "x" * 64, f"{'x' * 56}_2", "a_b_2_2"]
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", each) for each in given)


def test_documents_are_bounded_in_tools_and_in_values() -> None:
    properties = {f"p{i}": {"type": "string"} for i in range(400)}
    schema = {"type": "object", "properties": properties}
    paths = {f"/a{i}": {"post": {"requestBody": body({"$ref": "#/components/schemas/S"})}} for i in range(1_500)}

    begun = time.process_time()
    reading = read_document({"paths": paths, "components": {"schemas": {"S": schema}}})

    assert time.process_time() - begun < 5
    assert len(reading.operations) == MOST_TOOLS
    assert "only the first 1000" in reading.left_out[-1]
    size = sum(len(json.dumps(each.tool.input_schema)) for each in reading.operations)
    assert size < MOST_ALL_NODES * 40


def test_parameter_that_many_operations_share_is_read_once() -> None:
    large = {"type": "object", "properties": {f"p{i}": {"type": "string"} for i in range(20_000)}}
    shared = {"P": {"name": "p", "in": "query", "schema": large}}
    paths = {f"/a{i}": {"get": {"parameters": [{"$ref": "#/components/parameters/P"}]}} for i in range(1_000)}

    begun = time.process_time()
    reading = read_document({"paths": paths, "components": {"parameters": shared}})

    assert time.process_time() - begun < 3  # 20 million values if it were read anew
    assert len(reading.operations) == 1_000


def test_many_sentences_are_not_kept() -> None:
    paths = {f"/a{i}/{{b}}": {"get": {}} for i in range(500)}

    assert len(read_document({"paths": paths}).left_out) == 100


def test_addresses_in_a_document_are_never_part_of_a_request() -> None:
    operation = {"servers": [{"url": "https://evil.example"}], "externalDocs": {"url": "https://evil.example"}}

    assert "evil" not in str(one(**operation))


@pytest.mark.parametrize(
    "text", ["{{7*7}}", "${7*7}", "__import__('os').system('id')", "!!python/object:os.system", "%s"]
)
def test_text_of_a_document_is_data(text: str) -> None:
    """T20."""
    query = {"name": "q", "in": "query", "description": text, "schema": {"type": "string", "default": text}}

    found = one(summary=text, operationId=text, parameters=[query])

    assert found.tool.description == text
    assert found.tool.input_schema["properties"]["q"] == {"type": "string", "default": text, "description": text}


words = st.sampled_from(
    [
        *("paths", "/a", "/a/{b}", "get", "post", "parameters", "requestBody", "content", "application/json", "schema"),
        *("name", "in", "path", "query", "header", "required", "responses", "200", "$ref", "#/paths", "#/paths/~1a"),
        *("type", "object", "properties", "operationId", "description", "style", "explode", "multipart/form-data", "b"),
    ]
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | words | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=5),
    max_leaves=40,
)


@given(anything, anything)
def test_no_document_makes_the_reader_fail(item: Any, rest: Any) -> None:
    reading = read_document({"paths": {"/a": item, "/a/{b}": {"post": item}}, "components": rest})

    for each in reading.operations:
        jsonschema.Draft202012Validator(each.tool.input_schema)
        json.dumps(each.tool.input_schema)
