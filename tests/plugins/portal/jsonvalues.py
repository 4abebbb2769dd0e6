"""Values of JSON that strangers could send."""

from hypothesis import strategies as st

from tollbridge_portal.samples import JSON

TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.sampled_from(
        ["__proto__", "constructor", "`", "\u2028", "\\u0060", "\\", '"', "a-b", "class", "\U0001f389", "a" * 90]
    ),
)
_ATOMS = st.one_of(
    TEXTS,
    st.booleans(),
    st.none(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([2**53 - 1, 2**53, -(2**53), 1e22, 1e-7, -0.0, 0]),
)
VALUES: st.SearchStrategy[JSON] = st.recursive(
    _ATOMS,
    lambda inner: st.one_of(st.lists(inner, max_size=5), st.dictionaries(TEXTS, inner, max_size=5)),
    max_leaves=20,
)
