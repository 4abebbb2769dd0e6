from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge import BadRequest
from tollbridge_prompts import jsontext
from tollbridge_prompts.bounds import QUERY
from tollbridge_prompts.queries import read_query, typed
from tollbridge_prompts.refusals import InputRefused
from tollbridge_prompts.variables import Inputs, read_variables

INPUTS = Inputs(
    read_variables(
        {
            "text": {"type": "string"},
            "any": {},
            "count": {"type": "integer"},
            "share": {"type": "number"},
            "yes": {"type": "boolean"},
            "maybe": {"type": ["integer", "null"]},
            "tags": {"type": "array", "items": {"type": "string"}},
            "numbers": {"type": "array", "items": {"type": "integer"}},
            "loose": {"type": "array"},
            "either": {"type": ["array", "integer"], "items": {"type": "integer"}},
            "thing": {"type": "object"},
            "mixed": {"type": ["integer", "string"]},
        }
    )
)


@pytest.mark.parametrize(
    ("query", "values"),
    [
        ("", {}),
        ("text=a+b%20%C3%A9&count=1", {"text": "a b é", "count": 1}),
        ("text=1&any=1", {"text": "1", "any": "1"}),
        ("text=", {"text": ""}),
        ("text", {"text": ""}),
        ("count=-12&share=1.50", {"count": -12, "share": Decimal("1.50")}),
        ("count=1.5", {"count": Decimal("1.5")}),
        ("count=one&yes=1&share=nan", {"count": "one", "yes": "1", "share": "nan"}),
        ("yes=true", {"yes": True}),
        ("yes=false", {"yes": False}),
        ("maybe=null", {"maybe": None}),
        ("maybe=", {"maybe": None}),
        ("maybe=7", {"maybe": 7}),
        ("tags=a", {"tags": ["a"]}),
        ("tags=a&tags=1", {"tags": ["a", "1"]}),
        ('tags=["a","b"]', {"tags": ["a", "b"]}),
        ("tags=[a", {"tags": ["[a"]}),
        ("tags=[1]&tags=[2]", {"tags": ["[1]", "[2]"]}),
        ("numbers=1&numbers=x", {"numbers": [1, "x"]}),
        ("loose=1", {"loose": ["1"]}),
        ("either=1", {"either": 1}),
        ("either=1&either=2", {"either": [1, 2]}),
        ("either=[3]", {"either": [3]}),
        ('thing={"a":1.10}', {"thing": {"a": Decimal("1.10")}}),
        ("thing={", {"thing": "{"}),
        ("thing=[1]", {"thing": "[1]"}),
        ("unknown=1", {"unknown": "1"}),
        ("mixed=1", {"mixed": "1"}),
        ("text={{count}}&count=7*7", {"text": "{{count}}", "count": "7*7"}),
    ],
)
def test_texts_become_values_of_the_types_that_variables_have(query: str, values: Any) -> None:
    found = read_query(query.encode(), INPUTS)

    assert found == values
    assert {name: type(value) for name, value in found.items()} == {name: type(one) for name, one in values.items()}


@pytest.mark.parametrize(
    ("schema", "query", "value"),
    [
        ({"enum": [1, 2]}, "a=1", 1),
        ({"enum": [1, "b"]}, "a=1", 1),
        ({"enum": [1, "b"]}, "a=b", "b"),
        ({"enum": ["1", "2"]}, "a=1", "1"),
        ({"enum": [1, "1"]}, "a=1", "1"),
        ({"const": True}, "a=true", True),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "a=7", 7),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "a=", None),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "a=7", "7"),
        ({"$ref": "#/$defs/n", "$defs": {"n": {"type": "integer"}}}, "a=7", 7),
        ({"allOf": [{"$ref": "#/$defs/n"}], "$defs": {"n": {"enum": [7]}}}, "a=7", 7),
        ({"type": "array", "items": {"$ref": "#/$defs/n"}, "$defs": {"n": {"type": "integer"}}}, "a=7&a=8", [7, 8]),
        ({"anyOf": [{"type": "array", "items": {"enum": [7]}}, {"type": "null"}]}, "a=7&a=7", [7, 7]),
        ({"anyOf": [{"type": "array", "items": {"enum": [7]}}, {"type": "null"}]}, "a=null", None),
        ({"$ref": "#/$defs/o", "$defs": {"o": {"type": "object"}}}, 'a={"b":1}', {"b": 1}),
    ],
)
def test_texts_become_values_of_types_that_stand_elsewhere(schema: Any, query: str, value: Any) -> None:
    found = Inputs(read_variables({"a": schema}))

    brought = read_query(query.encode(), found)

    assert brought == {"a": value}
    assert type(brought["a"]) is type(value)
    assert found.taken(brought) == brought


def test_what_is_no_list_is_said_once() -> None:
    with pytest.raises(InputRefused) as caught:
        read_query(b"text=a&text=secret&count=1&count=1&tags=a&tags=b", INPUTS)

    assert [(one.field, one.detail) for one in caught.value.errors] == [
        ("/text", "it is there twice"),
        ("/count", "it is there twice"),
    ]


@pytest.mark.parametrize("query", [b"text=%ff", b"text=\xff", b"&".join([b"tags=a"] * 2_000)])
def test_what_is_no_query_is_refused(query: bytes) -> None:
    with pytest.raises(BadRequest, match="the query cannot be read"):
        read_query(query, INPUTS)


def test_long_query_is_refused() -> None:
    with pytest.raises(BadRequest) as caught:
        read_query(b"text=" + b"a" * QUERY, INPUTS)

    assert caught.value.status == 414


@given(st.text(max_size=30), st.lists(st.text(max_size=10), min_size=2, max_size=5))
def test_texts_come_back_as_they_were_sent(text: str, tags: list[str]) -> None:
    query = urlencode([("text", text), *(("tags", tag) for tag in tags)]).encode()

    assert read_query(query, INPUTS) == {"text": text, "tags": tags}


@given(st.integers(-(10**50), 10**50) | st.booleans() | st.none() | st.dictionaries(st.text(), st.integers()))
def test_value_written_as_json_comes_back(value: Any) -> None:
    assert typed(jsontext.write(value), ("integer", "boolean", "null", "object")) == value


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(query: bytes) -> None:
    try:
        read_query(query, INPUTS)
    except BadRequest as exc:
        assert exc.status in (400, 422)  # noqa: PT017  # nothing else may be raised
