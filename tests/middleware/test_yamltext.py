"""YAML is read as far as JSON goes, and no further."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge.yamltext import MOST_MERGED, BadYaml, read_documents, read_yaml, write_yaml

_texts = st.text(max_size=20) | st.sampled_from(
    [
        "0o17",
        "1e3",
        "1:30",
        "no",
        "~",
        "<<",
        "=",
        "2024-01-01",
        "null",
        "",
        ".5",
        "-",
        "- a",
        "a: b",
        "a\nb",
        "a\n\n",
        "a \nb",
    ]
)
plain_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_texts, inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1", {"a": 1}),
        ("200: ok", {"200": "ok"}),
        ("null: 1\ntrue: 2\n1.0: 3", {"null": 1, "true": 2, "1.0": 3}),
        ("[no, yes, on, off, y, n]", ["no", "yes", "on", "off", "y", "n"]),
        ("[true, True, FALSE, tRue]", [True, True, False, "tRue"]),
        ("- ~\n- null\n- Null\n- NULL\n-\n- nUll", [None, None, None, None, None, "nUll"]),
        ("[1, -1, +1, 007, 0o17, 0x1F, 1_000, 0b1]", [1, -1, 1, 7, 15, 31, "1_000", "0b1"]),
        ("[1.5, .5, 1., 1e3, -1.5E-2, 1.2.3, 12:30:45]", [1.5, 0.5, 1.0, 1000.0, -0.015, "1.2.3", "12:30:45"]),
        ("[2024-01-01, 2024-01-01T00:00:00Z]", ["2024-01-01", "2024-01-01T00:00:00Z"]),
        ("['1', \"true\", 'null', '']", ["1", "true", "null", ""]),
        ("a: |\n  1\n", {"a": "1\n"}),
        ("a: >-\n  true\n", {"a": "true"}),
        ("a: &x [1]\nb: *x", {"a": [1], "b": [1]}),
        ("&k a: 1\nb: *k", {"a": 1, "b": "a"}),
        ("'<<': 1", {"<<": 1}),
        ("a: <<", {"a": "<<"}),
        ("%YAML 1.2\n---\na: 1\n...\n", {"a": 1}),
        ("", None),
        ("text", "text"),
        ("1:\n- - 2\n  - {}", {"1": [[2, {}]]}),
    ],
)
def test_scalars_are_those_of_the_core_schema(text: str, value: Any) -> None:
    read = read_yaml(text)

    assert read == value
    assert json.dumps(read) == json.dumps(value)  # tells 1 from 1.0 and from true


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: 1\na: 2", r"the key 'a' is there twice \(line 2, column 1\)"),
        ("{1: a, '1': b}", "the key '1' is there twice"),
        ("a: !!str 1", "the tag 'tag:yaml.org,2002:str' is not read"),
        ("a: !!python/object/apply:os.system [echo]", "the tag 'tag:yaml.org,2002:python/object/apply:os.system'"),
        ("a: ! 1", "the tag '!' is not read"),
        ("!!map {}", "the tag"),
        ("<<: {a: 1}", "merge key"),
        ("[1]: 2", "a key must be a text"),
        ("{a: 1}: 2", "a key must be a text"),
        ("a: &x 1\n*x : 2", "a key cannot be an alias"),
        ("a: *x", r"the alias '\*x' names nothing"),
        ("a: &x [*x]", r"the alias '\*x' names nothing that is complete before it"),
        ("a: 1\n---\nb: 2", "more than one document"),
        ("a: [", "this is no YAML: "),
        ("a: b: c", r"mapping values are not allowed in this context \(line 1, column 5\)"),
        ("a: \x01", "this is no YAML: "),
        ("a: .inf", "no number of JSON"),
        ("a: -.INF", "no number of JSON"),
        ("a: .nan", "no number of JSON"),
        (f"a: {'9' * 401}", "over 400 digits"),
        ("- " * 101 + "1", "over 100 levels deep"),
        ("[" * 101, "over 100 levels deep"),
        ("{a: " * 101, "over 100 levels deep"),
        ("[" * 1_000_000, "levels deep|nesting depth"),
    ],
)
def test_what_two_readers_read_in_two_ways_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(BadYaml, match=sentence):
        read_yaml(text)


@given(plain_values)
def test_what_was_written_is_read_back(value: Any) -> None:
    read = read_yaml(write_yaml({"a": value}))

    assert json.dumps(read) == json.dumps({"a": value})


@given(st.text(alphabet="ab1:-&*!<[]{},'\"|>#%~ \n.", max_size=60))
def test_no_text_does_anything_but_be_read_or_refused(text: str) -> None:
    try:
        read = read_yaml(text)
    except BadYaml:
        return
    json.dumps(read)


def test_several_documents_are_read_with_the_lines_they_begin_in() -> None:
    assert read_documents("a: 1\n---\n- 2\n---\n", most=3) == [({"a": 1}, 1), ([2], 2), (None, 4)]


def test_more_documents_than_are_wanted_are_refused() -> None:
    with pytest.raises(BadYaml, match="over 2 documents"):
        read_documents("1\n---\n2\n---\n3", most=2)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}", {"p": 1, "q": 3}),
        ("a: &x {p: 1, q: 2}\nb: {q: 3, <<: *x}", {"p": 1, "q": 3}),
        ("a: &x {p: 1}\nb: {<<: [*x, {p: 2, r: 4}]}", {"p": 1, "r": 4}),
        ("b: {<<: {p: 1}, <<: {p: 2}}", {"p": 1}),
        ("b: {'<<': 1}", {"<<": 1}),
    ],
)
def test_merge_keys_bring_fields_where_that_is_wanted(text: str, value: Any) -> None:
    assert read_documents(text, merges=True)[0][0]["b"] == value


@pytest.mark.parametrize("text", ["<<: 1", "<<: [{a: 1}, 2]", "<<: text"])
def test_only_mappings_are_merged(text: str) -> None:
    with pytest.raises(BadYaml, match="what << brings is a mapping"):
        read_documents(text, merges=True)


def test_merging_is_bounded() -> None:
    fields = ", ".join(f"k{number}: 1" for number in range(1_001))
    text = f"a: &x {{{fields}}}\nb:\n" + "- <<: *x\n" * (MOST_MERGED // 1_000)

    with pytest.raises(BadYaml, match="merge keys bring over 100,000 fields"):
        read_documents(text, merges=True)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("# A\n\n  it falls\n", "a: |\n  # A\n\n    it falls\n"),
        ("a\nb", "a: |-\n  a\n  b\n"),
        ("no", 'a: "no"\n'),
        ("tab\tin\nit", 'a: "tab\\tin\\nit"\n'),
        ("blank \nat end", 'a: "blank \\nat end"\n'),
        (" blank\nat begin", 'a: " blank\\nat begin"\n'),
        ("\nfirst", 'a: "\\nfirst"\n'),
    ],
)
def test_texts_of_several_lines_stand_as_they_are_where_they_can(text: str, written: str) -> None:
    assert write_yaml({"a": text}) == written
    assert read_yaml(written) == {"a": text}


def test_shared_parts_are_written_out() -> None:
    shared = [1]

    assert write_yaml({"b": shared, "a": shared}) == "b:\n- 1\na:\n- 1\n"
