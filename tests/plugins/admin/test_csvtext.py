"""Tables as CSV."""

import csv
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge_admin.csvtext import csv_text, harmless, prefers_csv

FORMULAS = ("=", "+", "-", "@", "\t", "\r")


@given(st.text())
def test_no_text_begins_as_a_formula_unless_it_is_a_number(text: str) -> None:
    told = harmless(text)

    assert told in (text, f"'{text}")
    if told.startswith(FORMULAS):
        float(told)


@pytest.mark.parametrize("value", ["-1", "-0.25", "12", 7, None, 1.5, "plain", ""])
def test_numbers_and_plain_texts_stay(value: object) -> None:
    assert harmless(value) == value


@pytest.mark.parametrize("value", ["=1+1", "+1", "-1+1", "@A1", "\tx", "\r", "-", "-1.2.3", "--1"])
def test_what_a_spreadsheet_would_run_does_not(value: str) -> None:
    assert harmless(value) == f"'{value}"


@given(st.lists(st.fixed_dictionaries({"a": st.text(), "b": st.integers()}), max_size=5))
def test_table_is_read_as_it_was_written(rows: list[dict[str, object]]) -> None:
    text = csv_text(("a", "b"), rows, end="\r\n")

    found = list(csv.DictReader(StringIO(text, newline="")))

    assert found == [{"a": harmless(row["a"]), "b": str(row["b"])} for row in rows]


@pytest.mark.parametrize(
    ("accept", "prefers"),
    [
        ("", False),
        ("*/*", False),
        ("application/json", False),
        ("text/csv", True),
        ("text/csv, */*", False),
        ("text/csv, application/json", False),
        ("text/csv, application/json;q=0.9", True),
        ("text/csv;q=0.5, */*;q=0.1", True),
        ("text/*, application/json;q=0.1", True),
        ("text/csv;q=no", False),
        ("text/html, text/csv;q=0", False),
    ],
)
def test_accept_says_which_is_preferred(accept: str, prefers: bool) -> None:
    assert prefers_csv(accept) == prefers
