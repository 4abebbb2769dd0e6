"""What a caller of the first document may fail with is breaking, and nothing else."""

import copy
import json
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from tests.plugins.rest.documents.making import answering, json_body, one, raw_with
from tests.plugins.rest.documents.test_sampling import _schemas, made

from tollbridge.services.kinds import Change
from tollbridge_rest.documents import changes, document_of
from tollbridge_rest.documents.compiling import compile_schema
from tollbridge_rest.documents.reporting import MAX_CHANGES, Report

BASE: dict[str, Any] = raw_with(
    {
        "/orders/{id}": {
            "get": {
                "operationId": "getOrder",
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
                    {"name": "q", "in": "query", "schema": {"type": "string"}},
                    {"name": "n", "in": "query", "required": True, "schema": {"type": "string"}},
                ],
                "responses": {
                    "200": {
                        "description": "",
                        "headers": {"X-A": {"required": True, "schema": {"type": "string"}}, "X-B": {}},
                        "content": {"application/json": {"schema": {"type": "object"}}, "text/plain": {}},
                    },
                    "404": {"description": ""},
                },
                "security": [{"key": ["read"]}, {"other": []}],
            },
            "put": {
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"type": "object"}}, "text/plain": {}},
                },
                "responses": {"204": {"description": ""}},
            },
            "post": {"requestBody": {"content": {"application/json": {}}}, "responses": {}},
            "delete": {"responses": {}},
        }
    },
    components={
        "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}, "other": {"type": "http", "scheme": "basic"}}
    },
)
Edit = Callable[[dict[str, Any]], Any]


def changed(edit: Edit, base: dict[str, Any] = BASE) -> Sequence[Change]:
    after = copy.deepcopy(base)
    edit(after)
    return changes(document_of(base), document_of(after))


def item(raw: dict[str, Any]) -> Any:
    return raw["paths"]["/orders/{id}"]


def moved(raw: dict[str, Any], path: str) -> None:
    raw["paths"] = {path: item(raw)}


GET = "GET /orders/{id}"
PUT = "PUT /orders/{id}"


@pytest.mark.parametrize(
    ("edit", "path", "what", "breaking"),
    [
        (lambda raw: item(raw).pop("delete"), "DELETE /orders/{id}", "the operation is gone", True),
        (lambda raw: raw["paths"].update({"/new": {"get": {}}}), "GET /new", "an operation came", False),
        (lambda raw: item(raw)["get"].update(operationId="fetchOrder"), GET, "has another name", True),
        (lambda raw: item(raw)["get"].update(deprecated=True), GET, "it is deprecated", False),
        (lambda raw: item(raw)["get"]["parameters"].pop(1), f"{GET}/query.q", "the parameter is gone", True),
        (
            lambda raw: item(raw)["get"]["parameters"].append({"name": "a", "in": "header", "required": True}),
            f"{GET}/header.a",
            "a parameter that must be sent came",
            True,
        ),
        (
            lambda raw: item(raw)["get"]["parameters"].append({"name": "a", "in": "header"}),
            f"{GET}/header.a",
            "a parameter came",
            False,
        ),
        (
            lambda raw: item(raw)["get"]["parameters"][1].update(required=True),
            f"{GET}/query.q",
            "must be sent now",
            True,
        ),
        (lambda raw: item(raw)["get"]["parameters"][2].update(required=False), f"{GET}/query.n", "left out now", False),
        (lambda raw: item(raw)["get"]["parameters"][1].update(deprecated=True), f"{GET}/query.q", "deprecated", False),
        (lambda raw: item(raw)["get"]["parameters"][1].update(explode=False), f"{GET}/query.q", "another way", True),
        (
            lambda raw: item(raw)["get"]["parameters"][1].update(allowEmptyValue=True),
            f"{GET}/query.q",
            "may be empty",
            False,
        ),
        (
            lambda raw: item(raw)["get"]["parameters"][1].update(content={"application/json": {}}),
            f"{GET}/query.q",
            "another way",
            True,
        ),
        (
            lambda raw: item(raw)["get"]["parameters"][1]["schema"].update(maxLength=5),
            f"{GET}/query.q",
            "maxLength allows less",
            True,
        ),
        (lambda raw: item(raw)["put"].pop("requestBody"), f"{PUT}/body", "the body is gone", True),
        (
            lambda raw: item(raw)["delete"].update(json_body({})),
            "DELETE /orders/{id}/body",
            "a body that must be sent came",
            True,
        ),
        (
            lambda raw: item(raw)["delete"].update(json_body({}, required=False)),
            "DELETE /orders/{id}/body",
            "a body came",
            False,
        ),
        (
            lambda raw: item(raw)["post"]["requestBody"].update(required=True),
            "POST /orders/{id}/body",
            "the body must be sent now",
            True,
        ),
        (lambda raw: item(raw)["put"]["requestBody"].update(required=False), f"{PUT}/body", "may be left out", False),
        (
            lambda raw: item(raw)["put"]["requestBody"]["content"].pop("text/plain"),
            f"{PUT}/body/text/plain",
            "the media type is gone",
            True,
        ),
        (
            lambda raw: item(raw)["put"]["requestBody"]["content"].update({"a/b": {}}),
            f"{PUT}/body/a/b",
            "a media type came",
            False,
        ),
        (
            lambda raw: item(raw)["put"]["requestBody"]["content"]["text/plain"].update(
                encoding={"a": {"style": "pipeDelimited"}}
            ),
            f"{PUT}/body/text/plain",
            "its fields are written in another way",
            True,
        ),
        (lambda raw: item(raw)["get"]["responses"].pop("200"), f"{GET}/answers/200", "the answer is gone", True),
        (lambda raw: item(raw)["get"]["responses"].pop("404"), f"{GET}/answers/404", "the answer is gone", False),
        (
            lambda raw: item(raw)["get"]["responses"].update({"409": {"description": ""}}),
            f"{GET}/answers/409",
            "an answer came",
            False,
        ),
        (
            lambda raw: item(raw)["get"]["responses"]["200"]["content"].pop("text/plain"),
            f"{GET}/answers/200/text/plain",
            "the media type is gone",
            True,
        ),
        (
            lambda raw: item(raw)["get"]["responses"]["200"]["content"].update({"a/b": {}}),
            f"{GET}/answers/200/a/b",
            "a media type came",
            False,
        ),
        (
            lambda raw: item(raw)["get"]["responses"]["200"]["headers"].pop("X-B"),
            f"{GET}/answers/200/header.x-b",
            "the header is gone",
            True,
        ),
        (
            lambda raw: item(raw)["get"]["responses"]["200"]["headers"].update({"X-C": {}}),
            f"{GET}/answers/200/header.x-c",
            "a header came",
            False,
        ),
        (
            lambda raw: item(raw)["get"]["responses"]["200"]["headers"]["X-A"].update(required=False),
            f"{GET}/answers/200/header.x-a",
            "it may be missing now",
            True,
        ),
        (
            lambda raw: item(raw)["get"]["responses"]["200"]["headers"]["X-B"].update(required=True),
            f"{GET}/answers/200/header.x-b",
            "it is always there now",
            False,
        ),
        (
            lambda raw: item(raw)["get"]["responses"]["200"]["headers"]["X-A"]["schema"].update(
                type=["string", "null"]
            ),
            f"{GET}/answers/200/header.x-a",
            "the type allows more",
            True,
        ),
        (lambda raw: item(raw)["get"]["security"].pop(1), f"{GET}/security", "more must be shown", True),
        (
            lambda raw: item(raw)["get"]["security"][0].update(key=["read", "write"]),
            f"{GET}/security",
            "more must",
            True,
        ),
        (lambda raw: item(raw)["get"]["security"][0].update(more=[]), f"{GET}/security", "more must be shown", True),
        (
            lambda raw: item(raw)["delete"].update(security=[{"key": []}]),
            "DELETE /orders/{id}/security",
            "more must",
            True,
        ),
        (lambda raw: item(raw)["get"]["security"][0].update(key=[]), f"{GET}/security", "other ways", False),
        (lambda raw: item(raw)["get"]["security"].append({}), f"{GET}/security", "other ways", False),
        (
            lambda raw: raw["components"]["securitySchemes"]["key"].update(scheme="digest"),
            f"{GET}/security/key",
            "is another",
            True,
        ),
    ],
)
def test_one_change_is_told_for_what_it_is(edit: Edit, path: str, what: str, breaking: bool) -> None:
    found = changed(edit)

    assert [(each.path, each.breaking) for each in found] == [(path, breaking)], found
    assert what in found[0].what


@pytest.mark.parametrize(
    "edit",
    [
        lambda raw: None,
        lambda raw: raw["info"].update(title="Other", version="2"),
        lambda raw: item(raw)["get"].update(summary="s", description="d", tags=["t"]),
        lambda raw: item(raw)["get"]["parameters"][1]["schema"].update(description="d", example="e", default="f"),
        lambda raw: item(raw)["get"]["responses"]["200"].update(description="other"),
        lambda raw: raw.update(servers=[{"url": "https://other.example"}]),
    ],
)
def test_what_only_describes_is_no_change(edit: Edit) -> None:
    assert changed(edit) == ()


def test_the_name_of_a_path_parameter_is_nobodys_concern() -> None:
    base = raw_with(
        {"/a/{x}": {"get": {"operationId": "a", "parameters": [{"name": "x", "in": "path"}], "responses": {}}}}
    )
    after = raw_with(
        {"/a/{y}": {"get": {"operationId": "a", "parameters": [{"name": "y", "in": "path"}], "responses": {}}}}
    )

    assert changes(document_of(base), document_of(after)) == ()


A, B = {"$ref": "#/components/schemas/A"}, {"$ref": "#/components/schemas/B"}
WIDER = [
    # (narrow, wide): a request may go from the first to the second, an answer from the second to the first
    ({"type": "integer"}, {"type": "number"}),
    ({"type": "string"}, {"type": ["string", "null"]}),
    ({"type": "string"}, {}),
    ({"type": "string"}, {"description": "any"}),
    ({"enum": ["a"]}, {"enum": ["a", "b"]}),
    ({"enum": ["a"]}, {"type": "string"}),
    ({"const": 1}, {"enum": [1, 2]}),
    ({"enum": [1]}, {"enum": [1.0, 2]}),
    ({"enum": ["a"], "type": "string"}, {"type": "string"}),
    ({"minLength": 2}, {"minLength": 1}),
    ({"minLength": 2}, {"minLength": 0}),
    ({"maxLength": 2, "type": "string"}, {"type": "string"}),
    ({"type": "string", "maxLength": 2}, {"type": "string", "maxLength": 3}),
    ({"type": "integer", "minimum": 2}, {"type": "integer", "minimum": 1}),
    ({"type": "integer", "exclusiveMinimum": 2}, {"type": "integer", "minimum": 2}),
    ({"type": "integer", "maximum": 2}, {"type": "integer", "exclusiveMaximum": 3}),
    ({"type": "integer", "multipleOf": 6}, {"type": "integer", "multipleOf": 3}),
    ({"type": "integer", "multipleOf": 2}, {"type": "integer"}),
    ({"type": "string", "format": "date"}, {"type": "string"}),
    ({"type": "integer", "format": "int32"}, {"type": "integer", "format": "int64"}),
    ({"type": "string", "pattern": "^a"}, {"type": "string"}),
    ({"type": "array", "uniqueItems": True}, {"type": "array"}),
    ({"type": "array", "items": {"type": "integer"}}, {"type": "array", "items": {"type": "number"}}),
    ({"type": "array", "items": {"type": "integer"}}, {"type": "array"}),
    ({"type": "array", "minItems": 2, "maxItems": 3}, {"type": "array", "minItems": 1, "maxItems": 4}),
    ({"type": "array", "prefixItems": [{"const": 1}]}, {"type": "array", "prefixItems": [{"type": "integer"}]}),
    ({"required": ["a", "b"]}, {"required": ["a"]}),
    ({"type": "object", "additionalProperties": False}, {"type": "object"}),
    ({"type": "object", "additionalProperties": False}, {"type": "object", "additionalProperties": {"type": "string"}}),
    (
        {"type": "object", "additionalProperties": {"type": "integer"}},
        {"type": "object", "additionalProperties": {"type": "number"}},
    ),
    ({"properties": {"a": {"type": "integer"}}}, {"properties": {"a": {"type": "number"}}}),
    (
        {"properties": {"a": {"properties": {"b": {"maxLength": 1}}}}},
        {"properties": {"a": {"properties": {"b": {"maxLength": 2}}}}},
    ),
    ({"allOf": [A, B]}, {"allOf": [A]}),
    ({"allOf": [{"maxLength": 1}]}, {"allOf": [{"maxLength": 2}]}),
    ({"oneOf": [A]}, {"oneOf": [A, B]}),
    ({"anyOf": [A]}, {"anyOf": [B, A]}),
    ({"oneOf": [A, B]}, {"anyOf": [A, B]}),
    ({"oneOf": [A, B]}, {"description": "any"}),
    (A, {"oneOf": [A, {"type": "null"}]}),
    (A, {"anyOf": [{"type": "null"}, A]}),
    ({"not": {"type": "string"}}, {"description": "x"}),
    ({"type": "object", "patternProperties": {"^a": {"type": "string"}}}, {"type": "object"}),
    ({"type": "object", "dependentRequired": {"a": ["b", "c"]}}, {"type": "object", "dependentRequired": {"a": ["b"]}}),
    ({"type": "object", "propertyNames": {"maxLength": 3}}, {"type": "object"}),
    (
        {"type": "array", "contains": {"type": "string"}, "minContains": 2},
        {"type": "array", "contains": {"type": "string"}},
    ),
    (False, {"type": "string"}),
    ({"type": "string"}, True),
]
SCHEMAS = {"A": {"type": "object", "required": ["x"]}, "B": {"type": "object", "required": ["y"]}}


def of_body(before: Any, after: Any, **more: Any) -> Sequence[Change]:
    pair = [one(json_body(each), components={"schemas": SCHEMAS}, **more) for each in (before, after)]
    return changes(*pair)


def of_answer(before: Any, after: Any, **more: Any) -> Sequence[Change]:
    pair = [one(answering(each), components={"schemas": SCHEMAS}, **more) for each in (before, after)]
    return changes(*pair)


@pytest.mark.parametrize(("narrow", "wide"), WIDER, ids=[json.dumps(pair)[:60] for pair in WIDER])
def test_a_request_may_widen_and_an_answer_may_narrow(narrow: Any, wide: Any) -> None:
    for harmless in (of_body(narrow, wide), of_answer(wide, narrow)):
        assert harmless
        assert not any(each.breaking for each in harmless), harmless
    for harmful in (of_body(wide, narrow), of_answer(narrow, wide)):
        assert any(each.breaking for each in harmful), harmful


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"type": "string"}, {"type": "integer"}),
        ({"pattern": "^a"}, {"pattern": "^b"}),
        ({"format": "date"}, {"format": "uuid"}),
        ({"multipleOf": 2}, {"multipleOf": 3}),
        ({"enum": ["a"]}, {"enum": ["b"]}),
        ({"enum": [1]}, {"enum": [True]}),
        ({"enum": ["1"]}, {"enum": [1]}),
        ({"not": {"type": "string"}}, {"not": {"type": "integer"}}),
        ({"not": {"allOf": [A]}}, {"not": {"allOf": [A, B]}}),
        (
            {"if": {"required": ["a"]}, "then": {"required": ["b"]}},
            {"if": {"required": ["a"]}, "then": {"required": ["c"]}},
        ),
        ({"oneOf": [A]}, {"oneOf": [B]}),
        ({"properties": {"a": {}}}, {"properties": {"b": {}}}),
        (A, {"oneOf": [B, {"type": "null"}]}),
        ({"patternProperties": {"a": {}}}, {"patternProperties": {"b": {}}}),
        ({"dependentRequired": {"a": ["b"]}}, {"dependentRequired": {"c": ["b"]}}),
        (
            {"oneOf": [A, B], "discriminator": {"propertyName": "a"}},
            {"oneOf": [A, B], "discriminator": {"propertyName": "b"}},
        ),
    ],
)
def test_what_is_another_is_breaking_both_ways(before: Any, after: Any) -> None:
    for one_way in (of_body(before, after), of_body(after, before), of_answer(before, after), of_answer(after, before)):
        assert any(each.breaking for each in one_way), one_way


FIELDS: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "string"}}}


@pytest.mark.parametrize(
    ("before", "after", "body", "answer"),
    [
        (FIELDS, {**FIELDS, "properties": {"a": {"type": "string"}, "b": {}}}, False, False),
        (FIELDS, {**FIELDS, "properties": {"a": {"type": "string"}, "b": {}}, "required": ["b"]}, True, False),
        (FIELDS, {"type": "object"}, True, True),
        (FIELDS, {**FIELDS, "required": ["a"]}, True, False),
        ({**FIELDS, "required": ["a"]}, FIELDS, False, True),
        (FIELDS, {"type": "object", "properties": {"a": {"type": "string", "readOnly": True}}}, True, False),
        (FIELDS, {"type": "object", "properties": {"a": {"type": "string", "writeOnly": True}}}, False, True),
    ],
)
def test_a_field_that_comes_or_goes(before: Any, after: Any, body: bool, answer: bool) -> None:
    assert any(each.breaking for each in of_body(before, after)) is body
    assert any(each.breaking for each in of_answer(before, after)) is answer


def test_a_field_that_is_gone_is_told_once() -> None:
    before = {**FIELDS, "required": ["a"]}

    for found in (of_body(before, {"type": "object"}), of_answer(before, {"type": "object"})):
        assert [each.what.partition(" from")[0] for each in found] == ["the field is gone"]
    for found in (of_body({"type": "object"}, before), of_answer({"type": "object"}, before)):
        assert len(found) == 1


def test_mappings_of_a_discriminator_may_come() -> None:
    before = {"oneOf": [A, B], "discriminator": {"propertyName": "k", "mapping": {"a": "A"}}}
    after = {"oneOf": [A, B], "discriminator": {"propertyName": "k", "mapping": {"a": "A", "b": "B"}}}

    assert not any(each.breaking for each in of_body(before, after))
    assert any(each.breaking for each in of_body(after, before))


def test_words_beside_a_reference_count() -> None:
    before = {**A, "maxProperties": 5}

    assert any(each.breaking for each in of_body(before, {**A, "maxProperties": 4}))
    assert not any(each.breaking for each in of_body(before, {**A, "maxProperties": 6}))
    assert of_body(before, {**A, "maxProperties": 5, "description": "d"}) == ()


def test_openapi_3_0_and_3_1_are_compared_by_what_they_mean() -> None:
    old = one(json_body({"type": "integer", "nullable": True, "minimum": 1, "exclusiveMinimum": True}), openapi="3.0.4")
    new = one(json_body({"type": ["integer", "null"], "exclusiveMinimum": 1}), openapi="3.1.1")

    assert changes(old, new) == ()
    assert changes(new, old) == ()


@pytest.mark.parametrize("word", ["allOf", "anyOf", "oneOf", "enum"])
def test_null_in_openapi_3_0_counts_beside_what_has_no_type(word: str) -> None:
    plain = {"properties": {"p": {word: ["a"] if word == "enum" else [{"$ref": "#/components/schemas/A"}]}}}
    null = {"properties": {"p": {**plain["properties"]["p"], "nullable": True}}}

    for harmful in (of_body(null, plain, openapi="3.0.4"), of_answer(plain, null, openapi="3.0.4")):
        assert any(each.breaking for each in harmful), harmful
    for harmless in (of_body(plain, null, openapi="3.0.4"), of_answer(null, plain, openapi="3.0.4")):
        assert harmless
        assert not any(each.breaking for each in harmless), harmless


def test_a_schema_that_refers_to_itself_is_compared_once() -> None:
    def node(kind: str) -> dict[str, Any]:
        fields = {"next": {"$ref": "#/components/schemas/Node"}, "value": {"type": kind}}
        return {"components": {"schemas": {"Node": {"type": "object", "properties": fields}}}}

    ref = {"$ref": "#/components/schemas/Node"}
    before, after = (one({**json_body(ref), **answering(ref)}, **node(kind)) for kind in ("integer", "number"))

    assert [(each.path, each.breaking) for each in changes(before, after)] == [
        ("schemas/Node (response)/value", True),
        ("schemas/Node (request)/value", False),
    ]
    assert changes(before, before) == ()


def test_a_name_may_change_if_what_it_names_stays() -> None:
    before = one(
        json_body({"allOf": [{"$ref": "#/components/schemas/X"}]}), components={"schemas": {"X": {"minimum": 1}}}
    )
    after = one(
        json_body({"allOf": [{"$ref": "#/components/schemas/Y"}]}), components={"schemas": {"Y": {"minimum": 1}}}
    )

    assert not any(each.breaking for each in changes(before, after))


def test_rules_that_refer_are_compared_in_what_they_refer_to() -> None:
    def document(limit: int) -> Any:
        schemas = {
            "X": {"type": "object", "properties": {"x": {"$ref": "#/components/schemas/X"}, "y": {"maximum": limit}}}
        }
        return one(json_body({"not": {"$ref": "#/components/schemas/X"}}), components={"schemas": schemas})

    assert changes(document(1), document(1)) == ()
    assert any(each.breaking for each in changes(document(1), document(2)))


def test_what_cannot_be_compared_is_breaking() -> None:
    (found,) = of_body({"allOf": [A]}, {"allOf": ["nonsense"]})

    assert found.breaking


def test_there_is_an_end_to_what_is_told_and_the_breaking_come_first() -> None:
    before = raw_with({f"/a{n}": {"get": {}} for n in range(3_000)})
    after = raw_with({f"/b{n}": {"get": {}} for n in range(3_000)})

    found = changes(document_of(before), document_of(after))

    assert len(found) == MAX_CHANGES + 1
    assert all(each.breaking for each in found[:MAX_CHANGES])
    assert (found[-1].what, found[-1].breaking) == ("5,000 more changes are not listed", True)


def test_the_same_change_is_told_once_and_texts_are_short() -> None:
    report = Report()
    report.breaks("b", "w", "x" * 1_000)
    report.breaks("b", "w", "x" * 1_000)
    report.notes("a", "w", {"k": [1]})

    found = report.changes()

    assert [(each.path, each.before) for each in found] == [("b", "x" * 200 + "…"), ("a", '{"k":[1]}')]


def test_combinations_made_to_explode_do_not() -> None:
    def document(limit: int) -> Any:
        schemas = {
            f"S{n}": {
                "oneOf": [{"$ref": f"#/components/schemas/S{(n + step) % 60}"} for step in range(1, 40)],
                "maximum": limit,
            }
            for n in range(60)
        }
        return one(json_body({"$ref": "#/components/schemas/S0"}), components={"schemas": schemas})

    before = time.process_time()
    found = changes(document(1), document(2))

    assert len(found) == 60
    assert time.process_time() - before < 5


@given(_schemas, _schemas)
def test_what_is_called_harmless_is(before: Any, after: Any) -> None:
    """Whatever the first allows, the second does, where no change is breaking; values are made of the first."""
    if not any(each.breaking for each in of_body(before, after)) and compile_schema(before).is_valid(made(before)):
        assert compile_schema(after).is_valid(made(before))
    assert of_body(before, before) == ()
