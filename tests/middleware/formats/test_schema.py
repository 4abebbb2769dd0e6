import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tollbridge.errors import Untranslatable
from tollbridge.formats import KeyedSeal, Notes, decode_json, json_text
from tollbridge.formats import schemapass as limits
from tollbridge.formats.schema import Keywords, lower

ALL = Keywords()
INLINED = Keywords(inline_refs=True)
SMALL = frozenset(
    (
        *("type", "description", "enum", "properties", "required", "items", "minItems", "maxItems", "minimum"),
        *("maximum", "anyOf", "format", "default"),
    )
)
"""About what a target with an OpenAPI 3.0 form takes."""
OPENAPI = Keywords(
    SMALL,
    inline_refs=True,
    nullable="nullable",
    upper_types=True,
    formats=frozenset({"date-time", "enum"}),
    renames={"const": "enum", "oneOf": "anyOf", "exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"},
)
PLAIN = Keywords(SMALL - {"anyOf"}, inline_refs=True)
STRICT = Keywords(SMALL | {"$ref", "$defs", "const", "additionalProperties", "pattern"}, close_objects=True)
TEXT, WHOLE = {"type": "string"}, {"type": "integer"}


def lowered(schema: Any, keywords: Keywords = ALL) -> tuple[Any, list[str]]:
    """Lower a schema; gives it and the names of what was dropped, without the place."""
    notes = Notes(KeyedSeal(b"k"))
    found = lower(schema, keywords, notes, "schema")
    assert all(name.startswith("schema.") for name in notes.dropped)
    return found, [name.removeprefix("schema.") for name in notes.dropped]


def refusal(schema: Any, keywords: Keywords = ALL, *, strict: bool = False) -> str:
    with pytest.raises(Untranslatable) as caught:
        lower(schema, keywords, Notes(KeyedSeal(b"k"), strict=strict), "schema")
    assert str(caught.value.param).startswith("schema")
    return caught.value.message


def kept(*names: str, **more: Any) -> Keywords:
    return Keywords(frozenset(names), **more)


# What stays


def test_target_that_takes_all_gets_the_schema_as_it_is():
    text = (
        '{"$schema":"https://json-schema.org/draft/2020-12/schema","title":"T","type":["object","null"],'
        '"properties":{"b":{"type":"number","minimum":1.50,"multipleOf":0.010},"a":{"$ref":"#/$defs/N"}},'
        '"$defs":{"N":{"anyOf":[{"$ref":"#/$defs/N"},{"const":null}],"x-own":[1]}},"not":{"$ref":"#/$defs/N"},'
        '"additionalProperties":false,"if":true,"then":{"required":["a"]},"prefixItems":[{},false],"items":false}'
    )

    found, dropped = lowered(decode_json(text))

    assert (json_text(found), dropped) == (text, [])


def test_schema_that_was_not_said_stays_unsaid():
    assert lowered(None) == (None, [])


def test_keyword_that_is_null_says_nothing_but_where_null_is_a_value():
    found, dropped = lowered({"items": None, "properties": None, "const": None, "default": None})

    assert (found, dropped) == ({"const": None, "default": None}, [])


def test_property_named_like_a_keyword_survives():
    names = ("title", "$ref", "$defs", "const", "pattern", "anyOf")
    schema = {"type": "object", "properties": {name: TEXT for name in names}}

    assert lowered(schema, kept("type", "properties", inline_refs=True)) == (schema, [])


def test_value_that_looks_like_a_schema_is_none():
    schema = {"enum": [{"pattern": "x", "title": "y"}], "default": {"$ref": "#/z"}}

    assert lowered(schema, kept("enum", "default", inline_refs=True)) == (schema, [])


@pytest.mark.parametrize("schema", [True, False])
def test_true_and_false_are_schemas(schema):
    assert lowered(schema) == (schema, [])


def test_true_and_false_are_written_out_for_a_target_with_a_table():
    schema = {"properties": {"a": True, "b": False}}

    assert lowered(schema, kept("properties", "not")) == ({"properties": {"a": {}, "b": {"not": {}}}}, [])
    assert lowered(schema, PLAIN) == ({"properties": {"a": {}, "b": {}}}, ["false"])


def test_true_and_false_of_further_members_stay_words():
    schema = {"additionalProperties": False, "unevaluatedItems": True}

    assert lowered(schema, kept("additionalProperties", "unevaluatedItems")) == (schema, [])


# What goes


def test_keyword_that_goes_is_named_once():
    schema = {"properties": {"a": {"pattern": "^a", "type": "string"}, "b": {"pattern": "^b"}}, "x-own": 1}

    found, dropped = lowered(schema, PLAIN)

    assert found == {"properties": {"a": TEXT, "b": {}}}
    assert dropped == ["pattern", "x-own"]


def test_what_tells_a_model_nothing_goes_silently():
    silent = {"$schema": "s", "$id": "i", "$comment": "c", "title": "t", "deprecated": True, "readOnly": True}

    assert lowered({**silent, "default": None, "$defs": {}, "type": "string"}, kept("type")) == (TEXT, [])


def test_what_tells_a_model_something_is_named():
    schema = {"default": 1, "examples": [1], "description": "d", "type": "integer"}

    assert lowered(schema, kept("type")) == (WHOLE, ["default", "examples", "description"])


def test_strict_refuses_the_first_keyword_that_would_go():
    assert "'schema.pattern'" in refusal({"pattern": "a", "multipleOf": 2}, PLAIN, strict=True)


def test_formats_are_kept_by_name():
    schema = {"properties": {"a": {"format": "date-time"}, "b": {"format": "uuid"}, "c": {"format": ["x"]}}}
    few = kept("properties", "format", formats=frozenset({"date-time"}))

    assert lowered(schema, few) == ({"properties": {"a": {"format": "date-time"}, "b": {}, "c": {}}}, ["format"])
    assert lowered(schema, kept("properties", "format")) == (schema, [])


# What cannot stand without what went


@pytest.mark.parametrize(
    ("schema", "without", "found", "dropped"),
    [
        ({"not": {"pattern": "a"}}, "pattern", {}, ["pattern", "not"]),
        ({"if": {"pattern": "a"}, "then": {}, "else": {}}, "pattern", {}, ["pattern", "if", "then", "else"]),
        ({"if": {}, "then": {"pattern": "a"}}, "pattern", {"if": {}, "then": {}}, ["pattern"]),
        ({"if": {}, "then": TEXT, "else": TEXT}, "if", {}, ["if", "then", "else"]),
        ({"contains": {"pattern": "a"}, "maxContains": 1}, "pattern", {"contains": {}}, ["pattern", "maxContains"]),
        ({"contains": {}, "minContains": 0}, "minContains", {}, ["minContains", "contains"]),
        ({"patternProperties": {}, "additionalProperties": False}, "patternProperties", {}, None),
        ({"properties": {"a": {}}, "additionalProperties": TEXT}, "properties", {}, None),
        ({"items": [{}], "additionalItems": False}, "items", {}, ["items", "additionalItems"]),
        ({"unevaluatedProperties": False, "allOf": [{"pattern": "a"}]}, "pattern", {"allOf": [{}]}, None),
        ({"unevaluatedItems": False, "contains": {}}, "contains", {}, ["contains", "unevaluatedItems"]),
        ({"oneOf": [{"pattern": "a"}, {}]}, "pattern", {"anyOf": [{}, {}]}, ["pattern", "oneOf"]),
        ({"oneOf": [{"pattern": "a"}, {}], "anyOf": [{}]}, "pattern", {"anyOf": [{}]}, ["pattern", "oneOf"]),
    ],
)
def test_what_would_turn_tighter_goes_too(schema, without, found, dropped):
    words = "not if then else contains maxContains minContains patternProperties properties additionalProperties items"
    more = "additionalItems unevaluatedProperties unevaluatedItems allOf anyOf oneOf pattern type"
    table = Keywords(frozenset(f"{words} {more}".split()) - {without})

    expected = [without, *(name for name in schema if name not in (without, *found))] if dropped is None else dropped

    assert lowered(schema, table) == (found, expected)


def test_what_a_reference_leads_to_may_be_looser_so_no_not_relies_on_it():
    schema = {"not": {"$ref": "#/$defs/A"}, "$defs": {"A": {"pattern": "a", "type": "string"}}}

    found, dropped = lowered(schema, kept("not", "$ref", "$defs", "type"))

    assert (found, dropped) == ({"$defs": {"A": TEXT}}, ["pattern", "not"])


# Other words for the same


def test_constant_becomes_an_enum_of_one():
    const = kept("enum", renames={"const": "enum"})

    assert lowered({"const": "a"}, const) == ({"enum": ["a"]}, [])
    assert lowered({"enum": ["a", "b"], "const": "b"}, const) == ({"enum": ["b"]}, [])
    assert lowered({"const": None}, const) == ({"enum": [None]}, [])
    assert lowered({"const": None}, kept("type", renames={"const": "enum"})) == ({}, ["const"])


@pytest.mark.parametrize(
    ("schema", "found", "dropped"),
    [
        ({"type": "integer", "exclusiveMinimum": 2}, {"type": "integer", "minimum": 3}, []),
        ({"type": "integer", "exclusiveMaximum": 2}, {"type": "integer", "maximum": 1}, []),
        ({"type": "integer", "exclusiveMinimum": Decimal("2.5")}, {"type": "integer", "minimum": 3}, []),
        ({"type": "integer", "exclusiveMaximum": Decimal("2.5")}, {"type": "integer", "maximum": 2}, []),
        ({"type": "number", "exclusiveMinimum": 2}, {"type": "number", "minimum": 2}, ["exclusiveMinimum"]),
        ({"type": "integer", "exclusiveMinimum": 2, "minimum": 9}, {"type": "integer", "minimum": 9}, []),
        ({"minimum": 1, "type": "integer", "exclusiveMinimum": 2}, {"minimum": 3, "type": "integer"}, []),
        ({"type": "integer", "maximum": 1, "exclusiveMaximum": 9}, {"type": "integer", "maximum": 1}, []),
        ({"type": "integer", "exclusiveMinimum": True, "minimum": 4}, {"type": "integer", "minimum": 5}, []),
        ({"type": "integer", "exclusiveMinimum": False, "minimum": 4}, {"type": "integer", "minimum": 4}, []),
        ({"type": "integer", "exclusiveMinimum": "2"}, WHOLE, []),
        ({"type": "integer", "exclusiveMinimum": 2, "minimum": "x"}, {"type": "integer", "minimum": 3}, []),
        (
            {"type": "integer", "exclusiveMinimum": Decimal("1E+999")},
            {"type": "integer", "minimum": Decimal("1E+999")},
            ["exclusiveMinimum"],
        ),
    ],
)
def test_exclusive_limit_becomes_an_inclusive_one(schema, found, dropped):
    names = {"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"}

    assert lowered(schema, kept("type", "minimum", "maximum", renames=names)) == (found, dropped)


def test_exclusive_limit_stays_where_it_is_known():
    assert lowered({"exclusiveMinimum": 2}) == ({"exclusiveMinimum": 2}, [])


def test_exactly_one_becomes_any_one_and_says_so():
    some = kept("type", "anyOf", renames={"oneOf": "anyOf"})

    assert lowered({"oneOf": [TEXT, WHOLE]}, some) == ({"anyOf": [TEXT, WHOLE]}, ["oneOf"])
    assert lowered({"oneOf": [TEXT], "anyOf": [WHOLE]}, PLAIN)[1] == ["type"]


def test_choice_that_the_target_lacks_goes_unless_it_is_of_one():
    assert lowered({"anyOf": [TEXT, WHOLE]}, PLAIN) == ({}, ["anyOf"])
    assert lowered({"anyOf": [{**TEXT, "pattern": "a"}]}, PLAIN) == (TEXT, ["pattern"])


def test_any_other_keyword_is_only_renamed():
    assert lowered({"examples": [1]}, kept("example", renames={"examples": "example"})) == ({"example": [1]}, [])


# One word for a type


@pytest.mark.parametrize(
    ("schema", "found"),
    [
        ({"type": ["string", "null"]}, {"type": "STRING", "nullable": True}),
        ({"type": ["string"]}, {"type": "STRING"}),
        ({"type": ["null"]}, {"type": "NULL"}),
        (
            {"type": ["string", "integer", "null"]},
            {"anyOf": [{"type": "STRING"}, {"type": "INTEGER"}], "nullable": True},
        ),
        ({"type": ["string", "null"], "enum": ["a", None]}, {"type": "STRING", "enum": ["a"], "nullable": True}),
        ({"type": ["string", "null"], "enum": ["a"]}, {"type": "STRING", "enum": ["a"]}),
        ({"type": "string", "enum": ["a", None]}, {"type": "STRING", "enum": ["a"]}),
        ({"enum": ["a", None]}, {"enum": ["a"], "nullable": True}),
        ({"const": None}, {"type": "NULL"}),
        ({"enum": []}, {"enum": []}),
        (
            {"anyOf": [TEXT, {"type": "null"}], "description": "d"},
            {"description": "d", "type": "STRING", "nullable": True},
        ),
        ({"oneOf": [{"type": "null", "title": "Nothing"}, TEXT]}, {"type": "STRING", "nullable": True}),
        (
            {"anyOf": [TEXT, {"type": "null"}, WHOLE]},
            {"anyOf": [{"type": "STRING"}, {"type": "INTEGER"}], "nullable": True},
        ),
        ({"anyOf": [{"enum": ["a"]}, {"type": ["null"]}]}, {"enum": ["a"], "nullable": True}),
        ({"anyOf": [{"type": "null"}]}, {"type": "NULL", "nullable": True}),
        ({"type": 5}, {"type": 5}),
    ],
)
def test_null_is_a_mark_beside_the_type(schema, found):
    assert lowered(schema, OPENAPI) == (found, [])


def test_several_types_go_where_they_cannot_be_said():
    assert lowered({"type": ["string", "integer"], "anyOf": [{}]}, OPENAPI) == ({"anyOf": [{}]}, ["type"])
    assert lowered({"type": ["string", "null"]}, kept("enum")) == ({}, ["type"])


def test_null_alone_goes_where_neither_a_type_nor_an_enum_can_say_it():
    assert lowered({"enum": [None]}, kept("enum", nullable="nullable")) == ({}, ["enum"])


def test_list_of_types_stays_where_there_is_no_mark():
    assert lowered({"type": ["string", "null"]}, kept("type", upper_types=True)) == ({"type": ["STRING", "NULL"]}, [])


# References


def test_reference_is_replaced_by_what_it_points_to():
    schema = {
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/A~1~0%20b", "description": "mine"}, "b": {"$ref": "#/definitions/B/0"}},
        "$defs": {"A/~ b": {"type": "string", "description": "its own", "title": "T"}},
        "definitions": {"B": [{"$ref": "#/properties/a"}]},
    }

    found, dropped = lowered(schema, PLAIN)

    same = {"description": "mine", "type": "string"}
    assert (found, dropped) == ({"type": "object", "properties": {"a": same, "b": same}}, [])


def test_reference_and_its_definition_stay_where_they_are_known():
    schema = {"properties": {"a": {"$ref": "#/$defs/A"}, "b": {"$ref": "#"}}, "$defs": {"A": {**TEXT, "pattern": "a"}}}

    found, dropped = lowered(schema, kept("properties", "$ref", "$defs", "type"))

    assert (found, dropped) == ({**schema, "$defs": {"A": TEXT}}, ["pattern"])


def test_reference_to_any_other_place_is_replaced_all_the_same():
    schema = {"properties": {"a": TEXT, "b": {"$ref": "#/properties/a"}, "c": {"$ref": "#/definitions/C"}}}

    found, _ = lowered({**schema, "definitions": {"C": WHOLE}}, kept("properties", "$ref", "$defs", "type"))

    assert found == {"properties": {"a": TEXT, "b": TEXT, "c": WHOLE}}


def test_reference_starts_from_the_schema_with_an_id_around_it():
    inner = {"$id": "https://a.example/inner", "$defs": {"A": WHOLE}, "items": {"$ref": "#/$defs/A"}}

    found, _ = lowered({"$defs": {"A": TEXT}, "properties": {"a": inner}}, kept("properties", "items", "type"))

    assert found == {"properties": {"a": {"items": WHOLE}}}


@pytest.mark.parametrize("id_", ["#anchor", 5])
def test_id_that_names_no_schema_changes_nothing(id_):
    schema = {"$defs": {"A": TEXT}, "properties": {"a": {"$id": id_, "items": {"$ref": "#/$defs/A"}}}}

    assert lowered(schema, PLAIN) == ({"properties": {"a": {"items": TEXT}}}, [])


@pytest.mark.parametrize(
    "reference", ["https://a.example/s", "#anchor", "#/$defs/none", "#/$defs/list/9", "#/$defs/list/x", "#/type/0", 5]
)
def test_reference_that_leads_nowhere_here_goes(reference):
    schema = {"type": "string", "$ref": reference, "$defs": {"list": [{}]}}

    assert lowered(schema, PLAIN) == (TEXT, ["$ref"])


def test_reference_back_to_where_it_stands_becomes_a_schema_of_its_type():
    node = {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}, "all": {"items": {"$ref": "#"}}}}

    found, dropped = lowered({"$ref": "#/$defs/Node", "$defs": {"Node": node}}, PLAIN)

    assert found == {"type": "object", "properties": {"next": {"type": "object"}, "all": {"items": {}}}}
    assert dropped == ["$ref"]


def test_reference_to_itself_is_no_schema_at_all():
    assert lowered({"$ref": "#"}, PLAIN) == ({}, ["$ref"])
    assert lowered({"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/A"}}}, PLAIN) == ({}, ["$ref"])


def test_reference_to_true_or_false_is_followed():
    schema = {
        "properties": {"a": {"$ref": "#/$defs/yes"}, "b": {"$ref": "#/$defs/no"}},
        "$defs": {"yes": True, "no": False},
    }

    assert lowered(schema, INLINED) == ({"properties": {"a": {}, "b": {"allOf": [False]}}}, [])


def test_what_clashes_with_a_reference_stands_beside_it():
    schema = {"$ref": "#/$defs/A", "minLength": 2, "$defs": {"A": {"minLength": 1, "maxLength": 9}}}

    assert lowered(schema, INLINED) == ({"minLength": 2, "allOf": [{"minLength": 1, "maxLength": 9}]}, [])


def test_what_clashes_with_a_reference_goes_where_it_cannot_stand_beside_it():
    schema = {"$ref": "#/$defs/A", "minItems": 2, "$defs": {"A": {"minItems": 1, "maxItems": 9}}}

    assert lowered(schema, PLAIN) == ({"minItems": 2, "maxItems": 9}, ["minItems"])


def test_objects_that_extend_others_become_one():
    base = {"type": "object", "properties": {"a": TEXT, "c": TEXT}, "required": ["a"], "description": "base"}
    own = {"type": "object", "properties": {"b": WHOLE, "c": TEXT}, "required": ["b", "a"]}

    found, dropped = lowered({"allOf": [{"$ref": "#/$defs/Base"}, own], "$defs": {"Base": base}}, PLAIN)

    properties = {"b": WHOLE, "c": TEXT, "a": TEXT}
    assert (found, dropped) == ({**base, "properties": properties, "required": ["a", "b"]}, [])


def test_members_of_one_name_and_two_schemas_keep_the_first():
    schema = {"allOf": [{"properties": {"a": TEXT}, "required": ["a"]}, {"properties": {"a": WHOLE}, "required": True}]}

    assert lowered(schema, PLAIN) == ({"properties": {"a": TEXT}, "required": ["a"]}, ["properties", "required"])


def test_condition_of_one_schema_never_meets_the_outcome_of_another():
    schema = {"allOf": [{"if": TEXT, "then": {}}, {"else": False}]}

    assert lowered(schema, kept("if", "then", "else", "not", "type")) == ({"if": TEXT, "then": {}}, ["else"])


# Tuples


@pytest.mark.parametrize(
    ("schema", "found", "dropped"),
    [
        ({"prefixItems": [TEXT, WHOLE], "items": False}, {"items": {"anyOf": [TEXT, WHOLE]}}, ["prefixItems"]),
        ({"items": WHOLE, "prefixItems": [TEXT]}, {"items": {"anyOf": [TEXT, WHOLE]}}, ["prefixItems"]),
        ({"prefixItems": [TEXT, TEXT], "maxItems": 2}, {"items": TEXT, "maxItems": 2}, ["prefixItems"]),
        ({"prefixItems": [TEXT], "maxItems": 2}, {"maxItems": 2}, ["prefixItems"]),
        ({"prefixItems": [TEXT], "items": True}, {}, ["prefixItems", "items"]),
        ({"prefixItems": [], "items": False}, {}, ["prefixItems", "items"]),
    ],
)
def test_tuple_becomes_a_list_of_any_of_its_items(schema, found, dropped):
    assert lowered(schema, kept("items", "anyOf", "type", "maxItems")) == (found, dropped)


def test_tuple_goes_where_there_are_no_choices():
    assert lowered({"prefixItems": [TEXT, WHOLE], "items": False}, PLAIN) == ({}, ["prefixItems", "items"])


def test_list_of_schemas_in_items_is_descended():
    assert lowered({"items": [{"pattern": "a"}, TEXT]}, PLAIN) == ({"items": [{}, TEXT]}, ["pattern"])


# Closed objects


def test_every_object_is_closed():
    schema = {
        "type": "object",
        "properties": {
            "a": {"properties": {}},
            "b": {"type": ["object", "null"]},
            "c": {"items": {"$ref": "#/$defs/D"}},
        },
        "$defs": {"D": {"type": "object", "additionalProperties": False}},
    }

    found, dropped = lowered(schema, STRICT)

    closed = {"additionalProperties": False}
    assert found["additionalProperties"] is False
    assert found["properties"]["a"] == {"properties": {}, **closed}
    assert found["properties"]["b"] == {"type": ["object", "null"], **closed}
    assert found["$defs"]["D"] == {"type": "object", **closed}
    assert dropped == []


@pytest.mark.parametrize("said", [True, TEXT])
def test_object_that_was_open_is_closed_and_says_so(said):
    found, dropped = lowered({"type": "object", "additionalProperties": said}, STRICT)

    assert (found, dropped) == ({"type": "object", "additionalProperties": False}, ["additionalProperties"])


def test_object_that_is_composed_of_several_is_not_closed():
    branch = {"type": "object", "properties": {"b": TEXT}}
    schema = {"type": "object", "properties": {"a": TEXT}, "anyOf": [branch], "additionalProperties": TEXT}

    assert lowered(schema, STRICT) == (schema, [])


def test_objects_that_may_stand_alone_are_closed():
    branch = {"type": "object", "properties": {"b": TEXT}}
    closed = {**branch, "additionalProperties": False}

    assert lowered({"anyOf": [branch, TEXT]}, STRICT) == ({"anyOf": [closed, TEXT]}, [])
    assert lowered({"allOf": [branch]}, STRICT) == (closed, [])
    assert lowered({"allOf": [branch, {"required": ["b"]}]}, STRICT) == ({**closed, "required": ["b"]}, [])


# Bounds and wrong shapes


def nested(depth: int) -> Any:
    schema: Any = {}
    for _ in range(depth):
        schema = {"items": schema}
    return schema


def test_schemas_within_schemas_are_bounded():
    deepest = nested(limits.MOST_DEPTH)

    assert lowered(deepest)[0] == deepest
    assert "nested deeper than 100 levels" in refusal(nested(limits.MOST_DEPTH + 1))


def test_value_that_is_nested_too_deep_to_compare_is_refused():
    deep = json.loads("[" * 900 + "]" * 900)
    other = json.loads("[" * 900 + "]" * 900)
    for _ in range(200):
        deep, other = [deep], [other]

    assert "nested too deep" in refusal({"allOf": [{"enum": deep}, {"enum": other}]}, PLAIN)


def test_items_of_a_tuple_that_are_nested_too_deep_to_compare_are_refused():
    deep: Any = "x"
    for _ in range(100_000):
        deep = [deep]

    assert "nested too deep" in refusal({"prefixItems": [{"enum": deep}], "items": False}, OPENAPI)


def test_number_of_schemas_is_bounded():
    assert "more than 20,000 schemas" in refusal({"anyOf": [{}] * limits.MOST_NODES})


def laughs(size: int, last: Any) -> Any:
    """Give a schema whose references double at every step."""
    steps = {f"d{n}": {"prefixItems": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(size)}
    return {"$ref": "#/$defs/d0", "$defs": {**steps, f"d{size}": last}}


def test_members_that_schemas_put_together_are_bounded():
    assert "grows too large" in refusal({"allOf": [{"properties": {f"p{n}": {}}} for n in range(1100)]}, PLAIN)
    assert "grows too large" in refusal({"allOf": [{"required": [f"p{n}"]} for n in range(1100)]}, PLAIN)
    assert lowered({"allOf": [{"required": 5}, {"required": 6}]}, PLAIN) == ({"required": 5}, ["required"])


def test_items_of_a_tuple_that_only_look_alike_are_all_named():
    schema = {"type": "array", "prefixItems": [{"enum": [1]}, {"enum": [True]}, {"enum": [1]}], "items": False}

    assert lowered(schema, OPENAPI)[0]["items"] == {"anyOf": [{"enum": [1]}, {"enum": [True]}]}


def test_references_that_multiply_are_refused():
    assert "more than 20,000 schemas" in refusal(laughs(40, {}), INLINED)
    assert "grows too large" in refusal(laughs(40, {"description": "ha" * 10_000}), INLINED)
    assert "grows too large" in refusal(laughs(40, {"enum": [{"a": [1]}] * 10_000}), INLINED)


@pytest.mark.parametrize(
    "schema",
    [
        *(5, "x", [], {"items": 5}, {"properties": []}, {"properties": {"a": 1}}, {"additionalProperties": "x"}),
        *({"anyOf": {}}, {"oneOf": 5}, {"allOf": TEXT}, {"prefixItems": TEXT}, {"not": []}, {"anyOf": [None]}),
    ],
)
def test_what_is_no_schema_is_refused(schema):
    assert "schema" in refusal(schema)


def test_dependencies_of_older_drafts_may_be_names():
    schema = {"dependencies": {"a": ["b"], "c": {"required": ["d"]}}}

    assert lowered(schema) == (schema, [])


# Laws

NAMES = st.sampled_from(["a", "b", "title", "$ref"])
VALUES = st.recursive(
    st.sampled_from([None, True, 0, 1, 2, 5, "", "a", "ab", "b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=5,
)
TYPE = st.sampled_from(["string", "integer", "number", "object", "array", "null", "boolean"])
COUNT = st.integers(0, 3)


def deeper(inner: st.SearchStrategy[Any], *references: str) -> st.SearchStrategy[Any]:
    few = st.lists(inner, min_size=1, max_size=3)
    named = st.dictionaries(NAMES, inner, max_size=3)
    table = {
        **dict.fromkeys(("items", "contains", "propertyNames", "not", "if", "then", "else"), inner),
        **dict.fromkeys(("additionalProperties", "unevaluatedProperties", "unevaluatedItems"), inner),
        **dict.fromkeys(("anyOf", "oneOf", "allOf", "prefixItems"), few),
        **dict.fromkeys(("properties", "dependentSchemas"), named),
        **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength"), COUNT),
        **dict.fromkeys(("minItems", "maxItems", "minContains", "maxContains", "maxProperties"), COUNT),
        "patternProperties": st.dictionaries(st.sampled_from(["^a", "b$"]), inner, max_size=2),
        "type": TYPE | st.lists(TYPE, min_size=1, max_size=3, unique=True),
        "enum": st.lists(VALUES, min_size=1, max_size=3),
        "const": VALUES,
        "required": st.lists(NAMES, max_size=2, unique=True),
        "pattern": st.sampled_from(["^a", "b"]),
        "title": st.just("T"),
        **({"$ref": st.sampled_from(references)} if references else {}),
    }
    some = st.lists(st.sampled_from(sorted(table)), max_size=4, unique=True)
    return some.flatmap(lambda names: st.fixed_dictionaries({name: table[name] for name in names}))


def schemas(*references: str) -> st.SearchStrategy[Any]:
    """Make schemas that refer to these places."""
    inner = st.recursive(
        st.booleans() | deeper(st.booleans(), *references), lambda more: deeper(more, *references), max_leaves=8
    )
    return deeper(inner, *references)


def with_definitions(schema: Any, first: Any, second: Any, back: bool) -> Any:
    """Put two definitions beside a schema, of which one refers to the other and to itself, for its members."""
    members = {"properties": {"a": {"$ref": "#/$defs/A"}}} if back else {}
    return {**schema, "$defs": {"A": {**first, **members, "not": second}, "B": second}}


SCHEMAS = st.builds(
    with_definitions,
    schemas("#/$defs/A", "#/$defs/B", "#/$defs/A/not"),
    schemas("#/$defs/B"),
    schemas(),
    st.booleans(),
)
WORDS = sorted({*SMALL, "$ref", "$defs", "pattern", "not", "if", "then", "oneOf", "allOf", "prefixItems"})
TABLES = st.builds(
    Keywords,
    kept=st.none() | st.sets(st.sampled_from(WORDS), min_size=6).map(frozenset),
    inline_refs=st.booleans(),
    nullable=st.sampled_from(["", "nullable"]),
    upper_types=st.booleans(),
    renames=st.sampled_from([{}, OPENAPI.renames]),
)


def as_json_schema(schema: Any) -> Any:
    """Say a lowered schema in JSON Schema again: types in small letters, null beside the rest."""
    if isinstance(schema, list):
        return [as_json_schema(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: value if key in ("enum", "const") else as_json_schema(value) for key, value in schema.items()}
    types = found.get("type")
    if isinstance(types, str):
        found["type"] = types.lower()
    if isinstance(types, list):
        found["type"] = [word.lower() for word in types]
    if found.pop("nullable", None) is True:
        defs = {"$defs": found.pop("$defs")} if "$defs" in found else {}
        return {"anyOf": [{"type": "null"}, found], **defs}
    return found


def fits(value: Any, schema: Any) -> bool:
    return bool(Draft202012Validator(schema).is_valid(value))


@given(SCHEMAS, TABLES, st.lists(VALUES, min_size=4, max_size=12))
@example({"oneOf": [{"pattern": "^a"}, {"pattern": "b"}]}, kept("oneOf"), ["ab", "a", "b"])
@example({"anyOf": [{"type": "null"}, {"enum": ["a"]}], "enum": ["a", None]}, OPENAPI, [None, "a"])
def test_value_that_fitted_still_fits(schema, keywords, values):
    found, _ = lowered(schema, keywords)

    plain = as_json_schema(found)
    assert [value for value in values if fits(value, schema) and not fits(value, plain)] == []


@given(SCHEMAS, TABLES)
def test_only_keywords_of_the_target_are_left(schema, keywords):
    found, _ = lowered(schema, keywords)

    assert keywords.kept is None or words(found) <= {*keywords.kept, keywords.nullable}


def words(schema: Any) -> set[str]:
    """Collect the keywords of a schema and of all in it."""
    if not isinstance(schema, dict):
        return set()
    found = set(schema)
    for keyword, value in schema.items():
        if keyword in ("properties", "patternProperties", "$defs", "dependentSchemas"):
            inner = list(value.values())
        else:
            inner = value if isinstance(value, list) else [value]
        if keyword not in ("enum", "const", "default"):
            found |= set().union(*map(words, inner))
    return found


@given(schemas())
def test_target_that_takes_all_gets_every_schema_as_it_is(schema):
    assert json_text(lowered(schema)[0]) == json_text(schema)


JSONS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.decimals(allow_nan=False, allow_infinity=False),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from([*WORDS, "exclusiveMinimum", "const", "x"]), inner, max_size=5)
    ),
    max_leaves=30,
)


@given(JSONS, TABLES, st.booleans(), st.booleans())
def test_nothing_but_a_refusal_is_ever_raised(schema, keywords, strict, closing):
    table = Keywords(keywords.kept, keywords.inline_refs, closing, keywords.nullable, True, None, keywords.renames)
    notes = Notes(KeyedSeal(b"k"), strict=strict)
    try:
        found = lower(schema, table, notes, "schema")
    except Untranslatable:
        return

    assert found is None or isinstance(found, dict | bool)
