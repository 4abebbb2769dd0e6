import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge_prompts import jsontext
from tollbridge_prompts.bounds import DEPTH, ITEMS

leaves = st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.text(max_size=10)
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
)


@given(values)
def test_what_is_written_is_read_again(value: Any) -> None:
    assert jsontext.read(jsontext.write(value)) == value


@given(st.dictionaries(st.text(max_size=5), leaves, max_size=6))
def test_order_of_names_does_not_matter(value: dict[str, Any]) -> None:
    assert jsontext.write(value) == jsontext.write(dict(reversed(value.items())))


def test_it_is_written_without_blanks_and_as_it_is() -> None:
    assert jsontext.write({"b": [1, 1.5, True, None], "a": "é\n\"'"}) == '{"a":"é\\n\\"\'","b":[1,1.5,true,null]}'


@pytest.mark.parametrize("number", ["1.10", "1E+400", "0", "-1", "1e5", "12345678901234567890.123456789", "-0"])
def test_numbers_keep_their_value(number: str) -> None:
    found = jsontext.read(number)

    assert isinstance(found, int | Decimal)
    assert Decimal(jsontext.write(found)) == Decimal(number)
    assert json.loads(jsontext.write(found)) is not None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"a": 1, "a": 2}', "a name is there twice in one object"),
        ('["\\ud800"]', "half of a surrogate pair"),
        ('{"\\udfff": 1}', "half of a surrogate pair"),
        ('"\\ud800"', "half of a surrogate pair"),
        ("NaN", "NaN is no JSON"),
        ("[-Infinity]", "-Infinity is no JSON"),
        ("1" * 401, "a number of more than 400"),
        ("1." + "1" * 401, "a number of more than 400"),
        ("1e9999999999999999999999", "a number of more than 400"),
        ("", "it is no JSON in UTF-8"),
        ("{'a': 1}", "it is no JSON in UTF-8"),
        ('{"a": secret}', "it is no JSON in UTF-8"),
        ("[1] 2", "it is no JSON in UTF-8"),
        ("01", "it is no JSON in UTF-8"),
        ("[" * (DEPTH + 1) + "]" * (DEPTH + 1), "nested deeper"),
        ("[" * 100_000, "nested deeper"),
        ("[" + "1," * ITEMS + "1]", "more than 20000 values"),
        (b"\xff", "it is no JSON in UTF-8"),
        ("\ud800", "it is no JSON in UTF-8"),
    ],
)
def test_what_can_be_read_in_two_ways_is_not_read(text: str | bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why) as caught:
        jsontext.read(text)

    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_depth_is_counted_from_the_outermost() -> None:
    assert jsontext.read("[" * DEPTH + "]" * DEPTH) is not None


@pytest.mark.parametrize("text", ["", " 1", "1 ", "+1", "0x1", "1_0", "١", "1.", ".5", "nan", "1" * 401])
def test_only_what_json_calls_a_number_is_one(text: str) -> None:
    assert jsontext.number_of(text) is None
