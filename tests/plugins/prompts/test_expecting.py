from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge import Usage
from tollbridge_prompts import jsontext
from tollbridge_prompts.definition import Expectation
from tollbridge_prompts.expecting import failure_of, same
from tollbridge_prompts.running import Result

VALUE = {"label": "good", "n": Decimal("1.50"), "items": [{"name": "Ada"}], "s3cret": None}


def failure(said: Any, value: Any = VALUE, *, cost: int | None = 2_000, latency_s: float = 1.0) -> str:
    result = Result(value, value if isinstance(value, str) else "", 1, Usage(), cost)
    return failure_of(msgspec.convert(said, Expectation), result, latency_s)


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ({"equals": "a"}, "a"),
        ({"equals": {"b": [1.5, True], "a": 1}}, {"a": Decimal("1.0"), "b": [Decimal("1.50"), True]}),
        ({"at": "/label", "equals": "good"}, VALUE),
        ({"at": "/items/0/name", "contains": "da"}, VALUE),
        ({"at": "/s3cret", "equals": None}, VALUE),
        ({"at": "/n", "equals": 1.5}, VALUE),
        ({"contains": "b"}, "abc"),
        ({"contains": '"label":"good"'}, VALUE),
        ({"not_contains": "B"}, "abc"),
        ({"matches": "(?i)^A"}, "abc"),
        ({"at": "/n", "matches": r"^1\.5"}, VALUE),
        ({"schema": {"required": ["label"]}}, VALUE),
        ({"max_cost_usd": "0.000002"}, "a"),
        ({"max_latency_s": 1.0}, "a"),
        ({"judge": {"model": "m", "rubric": "r"}}, "a"),
    ],
)
def test_answer_that_is_as_expected_passes(said: Any, value: Any) -> None:
    assert failure(said, value) == ""


@pytest.mark.parametrize(
    ("said", "value", "why"),
    [
        ({"equals": "a"}, "b", "not equal"),
        ({"equals": 1}, True, "not equal"),
        ({"equals": None}, False, "not equal"),
        ({"equals": [1]}, [1, 2], "not equal"),
        ({"equals": {"a": 1}}, {"b": 1}, "not equal"),
        ({"equals": "1"}, 1, "not equal"),
        ({"contains": "x"}, "abc", "does not contain"),
        ({"not_contains": "b"}, "abc", "contains what it must not"),
        ({"matches": "^b"}, "abc", "does not match"),
        ({"schema": {"required": ["x"]}}, VALUE, "the property 'x' is missing"),
        ({"schema": {"properties": {"n": {"type": "null"}}}}, VALUE, "/n: it must be null"),
        ({"at": "/none", "equals": None}, VALUE, "nothing at /none"),
        ({"at": "/items/1", "contains": ""}, VALUE, "nothing at /items/1"),
        ({"at": "/a", "equals": 1}, "a text", "nothing at /a"),
        ({"max_cost_usd": "0.0000019"}, "a", "it cost 0.000002 USD; at most 0.0000019"),
        ({"max_latency_s": 0.9}, "a", "took 1.0 s"),
    ],
)
def test_answer_that_is_not_says_in_what(said: Any, value: Any, why: str) -> None:
    assert why in failure(said, value)


def test_cost_that_is_not_known_is_over_every_limit() -> None:
    assert "not known" in failure({"max_cost_usd": "1000"}, "a", cost=None)


values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=2),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=1), inner, max_size=2),
)


@given(values, values)
def test_values_are_equal_where_their_json_is(one: Any, other: Any) -> None:
    assert same(one, other) == (jsontext.write(one) == jsontext.write(other))
