"""Schemas that can be met, and whose examples therefore must fit."""

from typing import Any

from hypothesis import strategies as st
from tests.plugins.portal.jsonvalues import VALUES

SIZES = st.integers(0, 12)
NAMES = st.sampled_from(["a", "b", "c", "__proto__", "é"])


def between(words: tuple[str, str], sizes: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Give bounds that leave room."""
    return st.lists(sizes, min_size=2, max_size=2).map(lambda found: dict(zip(words, sorted(found), strict=True)))


STRINGS = st.one_of(
    between(("minLength", "maxLength"), SIZES).map(lambda bounds: {"type": "string", **bounds}),
    st.sampled_from(["date-time", "date", "time", "email", "uri", "uuid", "ipv4", "ipv6", "hostname", "duration"]).map(
        lambda name: {"type": "string", "format": name}
    ),
    st.sampled_from(["^[A-Z]{2}[0-9]+$", "^(a|b)c?$", r"\d", "^$", "[.]pdf$"]).map(
        lambda it: {"type": "string", "pattern": it}
    ),
)
NUMBERS = st.one_of(
    between(("minimum", "maximum"), st.integers(-50, 50)).map(lambda bounds: {"type": "integer", **bounds}),
    between(("minimum", "maximum"), st.floats(-50, 50)).map(lambda bounds: {"type": "number", **bounds}),
    st.integers(-50, 50).map(lambda low: {"type": "number", "exclusiveMinimum": low, "exclusiveMaximum": low + 1}),
    st.builds(
        lambda low, step: {"type": "integer", "minimum": low, "multipleOf": step},
        st.integers(-50, 50),
        st.integers(1, 9),
    ),
)
LEAVES = st.one_of(
    STRINGS,
    NUMBERS,
    st.sampled_from([True, {}, {"type": "boolean"}, {"type": "null"}, {"type": ["null", "string"]}]),
    st.lists(VALUES, min_size=1, max_size=3).map(lambda values: {"enum": values}),
    VALUES.map(lambda value: {"const": value}),
)


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    properties = st.dictionaries(NAMES, inner, max_size=4)
    return st.one_of(
        st.builds(
            lambda members, some, closed: {
                "type": "object",
                "properties": members,
                "required": sorted(members)[:some],
                **({"additionalProperties": False} if closed else {}),
            },
            properties,
            st.integers(0, 4),
            st.booleans(),
        ),
        st.builds(
            lambda part, bounds: {"type": "array", "items": part, **bounds},
            inner,
            between(("minItems", "maxItems"), st.integers(0, 6)),
        ),
        st.lists(inner, min_size=1, max_size=3).map(lambda heads: {"type": "array", "prefixItems": heads}),
        st.lists(inner, min_size=1, max_size=3).map(lambda branches: {"anyOf": branches}),
        inner.map(lambda part: {"allOf": [part, {}]}),
        inner.map(lambda part: {"type": "object", "additionalProperties": part, "minProperties": 2}),
    )


TAME = st.recursive(LEAVES, nested, max_leaves=8)
