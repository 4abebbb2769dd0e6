"""Choosing among headers by their names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge.call import Headers
from tollbridge.layers import kept
from tollbridge.layers.kept import Kept

NAMES = st.sampled_from([b"a", b"b", b"cookie", b"host"])


@given(st.lists(st.lists(st.tuples(NAMES, st.binary(max_size=3)), max_size=6), max_size=4))
def test_those_whose_names_are_chosen_are_kept_in_order_however_often_a_row_comes(rows: list[Headers]) -> None:
    chosen = Kept({b"a", b"host"}.__contains__)

    for headers in [*rows, *rows]:
        assert chosen.of(headers) == [header for header in headers if header[0] in (b"a", b"host")]


def test_list_that_is_given_is_not_the_one_that_was_asked_about() -> None:
    headers = [(b"a", b"1")]

    assert Kept(lambda name: True).of(headers) is not headers


def test_only_so_many_rows_are_remembered_and_none_that_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "_MOST_ROWS", 2)
    chosen = Kept(lambda name: True)

    for number in range(5):
        chosen.of([(b"x-%d" % number, b"")])
        assert len(chosen._rows) <= 2
    before = dict(chosen._rows)
    chosen.of([(b"x" * 2_000, b"")])

    assert chosen._rows == before
