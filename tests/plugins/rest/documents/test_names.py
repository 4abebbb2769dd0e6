"""Operations have names that stay, are unique and fit a scope."""

import re

from hypothesis import given
from hypothesis import strategies as st
from tests.plugins.rest.documents.making import document_with

from tollbridge_rest.documents.names import Called, name_all


def names_of(*operations: Called) -> list[str]:
    return [name for _, name in name_all(operations)]


def test_a_missing_id_is_made_of_method_and_path() -> None:
    assert name_all([Called("GET", "/orders/{id}/lines.json", ""), Called("GET", "/", "")]) == [
        ("get-orders-id-lines-json", "get-orders-id-lines-json"),
        ("get", "get"),
    ]


def test_an_id_with_other_signs_is_made_fit() -> None:
    assert name_all([Called("GET", "/", "repos/list for-org")]) == [("repos/list for-org", "repos-list-for-org")]
    assert names_of(Called("GET", "/", "///")) == ["operation"]


def test_a_name_of_the_document_is_kept_where_another_would_come_out_the_same() -> None:
    names = names_of(Called("GET", "/a", "a/b"), Called("GET", "/b", "a-b"), Called("GET", "/c", "a b"))

    assert names[1] == "a-b"
    assert re.fullmatch(r"a-b-[0-9a-f]{8}", names[0])
    assert names[0] != names[2]


def test_made_ids_that_come_out_the_same_are_told_apart() -> None:
    names = names_of(Called("GET", "/a/b", ""), Called("GET", "/a-b", ""), Called("GET", "/c", "get-a-b"))

    assert names[2] == "get-a-b"
    assert len(set(names)) == 3


def test_names_do_not_change_when_others_come() -> None:
    before = document_with({"/a": {"get": {}}, "/b": {"post": {}}})
    after = document_with({"/0": {"get": {}}, "/a": {"get": {}}, "/b": {"get": {}, "post": {}}})

    assert {each.name for each in before.operations} <= {each.name for each in after.operations}


@given(
    st.lists(
        st.tuples(st.sampled_from(["GET", "POST"]), st.text("ab/{}- é", max_size=6), st.text("ab/- .é", max_size=130)),
        max_size=12,
        unique_by=lambda each: (each[0], each[1]),
    )
)
def test_names_are_fit_and_unique(operations: list[tuple[str, str, str]]) -> None:
    seen: set[str] = set()
    called = []
    for method, path, given_id in operations:
        called.append(Called(method, path, "" if given_id in seen else given_id))
        seen.add(given_id)

    names = names_of(*called)

    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9._~-]{1,100}", name) for name in names)
