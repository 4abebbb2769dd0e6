import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge_portal.merging import merged

PARTS = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["integer", "number", ["integer", "string"], ["string", "object"]]),
        "minimum": st.integers(-5, 5),
        "maximum": st.integers(-5, 5),
        "minLength": st.integers(0, 3),
        "maxLength": st.integers(0, 3),
        "required": st.lists(st.sampled_from(["a", "b"]), unique=True),
        "properties": st.dictionaries(
            st.sampled_from(["a", "b"]), st.sampled_from([{"minimum": 1}, {"type": "string"}])
        ),
        "additionalProperties": st.sampled_from([True, {"type": "string"}]),
    },
)
VALUES = st.one_of(
    st.integers(-6, 6),
    st.floats(-6, 6),
    st.text("ab", max_size=4),
    st.dictionaries(st.sampled_from(["a", "b"]), st.one_of(st.integers(-2, 3), st.text("ab", max_size=2))),
)


def holds(schema, value) -> bool:
    return jsonschema.Draft202012Validator(schema).is_valid(value)


@given(one=PARTS, other=PARTS, value=VALUES)
def test_what_fits_the_two_as_one_fits_each_of_them(one, other, value) -> None:
    if "additionalProperties" not in one and "additionalProperties" not in other:
        assert holds(merged(one, other), value) == (holds(one, value) and holds(other, value))


@pytest.mark.parametrize(
    ("word", "one", "other", "both"),
    [
        ("minimum", 1, 3, 3),
        ("maxLength", 1, 3, 1),
        ("minimum", "wrong", 3, 3),
        ("minimum", "wrong", "so", "so"),
        ("required", ["a"], ["b", "a"], ["a", "b"]),
        ("required", "wrong", ["b"], ["b"]),
        ("type", "number", "integer", ["integer"]),
        ("type", ["integer", "string"], "number", ["integer"]),
        ("type", "string", "integer", []),
        ("enum", [1, 2, 3], [3, 2], [2, 3]),
        ("properties", {"a": True}, {"b": False}, {"a": True, "b": False}),
        ("properties", {"a": True}, {"a": False}, {"a": {"allOf": [True, False]}}),
        ("properties", "wrong", {"a": True}, {"a": True}),
        ("items", {"minimum": 1}, {"minimum": 1}, {"minimum": 1}),
        ("title", "one", "other", "other"),
    ],
)
def test_word_that_both_have_asks_for_both(word, one, other, both) -> None:
    assert merged({word: one}, {word: other}) == {word: both}
