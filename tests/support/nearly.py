"""JSON texts of a known shape, and of shapes that are nearly it: what a strict reader has to tell apart."""

import json
from collections.abc import Mapping

import msgspec
from hypothesis import strategies as st

Texts = st.SearchStrategy[str]
"""Makes JSON texts."""

ODD: Texts = st.sampled_from(
    [
        *("null", "true", "false", "0", "-1", "1.0", "0.50", "1e3", "-0.0", "123456789012345678901234567890"),
        *('""', '"x"', '"\\u0061"', '"\\ud83d\\ude00"', "[]", "[null]", "{}", '{"type":"x"}', '[{"type":"text"}]'),
    ]
)
"""Values of every type."""


def said(*values: object) -> Texts:
    """Give one of these values."""
    return st.sampled_from([json.dumps(value) for value in values])


@st.composite
def objects(draw: st.DrawFn, must: Mapping[str, Texts], may: Mapping[str, Texts] | None = None) -> str:
    """Give an object with all members of `must` and some of `may`, in any order.

    In one of eight, a member has an odd value, is there twice, is missing, or is one that nobody knows.
    """
    chosen = {**must, **{name: made for name, made in (may or {}).items() if draw(st.booleans())}}
    pairs = draw(st.permutations([(name, draw(made)) for name, made in chosen.items()]))
    twist = draw(st.sampled_from(("odd", "twice", "less", "more", *[""] * 28)))
    place = draw(st.integers(0, len(pairs) - 1)) if pairs else 0
    if twist == "more":
        pairs.append((draw(st.sampled_from(("index", "x-unknown", "name", "type", "content"))), draw(ODD)))
    elif twist == "less":
        del pairs[place : place + 1]
    elif twist and pairs:
        pairs.insert(place, (pairs[place][0], draw(st.sampled_from((pairs[place][1], draw(ODD))))))
        if twist == "odd":
            del pairs[place + 1]
    return "{" + ",".join(f"{json.dumps(name)}:{value}" for name, value in pairs) + "}"


def lists(items: Texts, most: int = 3) -> Texts:
    """Give a list of these."""
    return st.lists(items, max_size=most).map(lambda found: f"[{','.join(found)}]")


def exact(value: object) -> bytes:
    """Give what tells values apart that are equal and not the same: `1` and `1.0`, in any order of keys."""
    return msgspec.json.encode(value, order="sorted")
