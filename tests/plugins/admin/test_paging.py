"""Cursors."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge_admin.paging import cursor, read_cursor
from tollbridge_admin.problems import FieldsRefused


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=80))
def test_cursor_comes_back_as_what_the_page_ended_with(last: str) -> None:
    found = cursor("tokens", last)

    assert read_cursor("tokens", found) == last
    assert found.isascii()
    assert set(found).isdisjoint("&=+/ %")


@given(st.text(max_size=60))
def test_whatever_else_is_the_first_page_or_refused(text: str) -> None:
    if not text:
        assert read_cursor("tokens", text) is None
        return
    with pytest.raises(FieldsRefused):
        read_cursor("other", cursor("tokens", "x") + text)
