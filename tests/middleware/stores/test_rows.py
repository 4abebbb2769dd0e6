from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tollbridge.stores.rows import USAGE_COLUMNS, micros, moment, seconds_to_micros, storable, usage_row, usage_values
from tollbridge.testing.samples import NOON, ROW


@given(st.datetimes(datetime(1000, 1, 1), datetime(3000, 1, 1), timezones=st.timezones(), allow_imaginary=False))
def test_time_survives_to_the_microsecond_from_any_zone(at):
    assert moment(micros(at)) == at.astimezone(UTC)
    assert moment(micros(at)).tzinfo is UTC


def test_time_without_a_zone_is_refused():
    with pytest.raises(TypeError):
        micros(datetime(2026, 1, 5))


def test_offset_is_taken_into_account():
    east = datetime(2026, 1, 5, 14, tzinfo=timezone(timedelta(hours=2)))

    assert micros(east) == micros(NOON) == seconds_to_micros(NOON.timestamp())


@given(st.text())
def test_stored_text_can_always_be_encoded(text):
    kept = storable(text + "\udfff\0")

    kept.encode("utf-8")
    assert "\0" not in kept
    assert len(kept) == len(text) + 2
    assert storable(kept) == kept


@pytest.mark.parametrize("text", ["gpt\0", "gpt\udfff", "gp\u00fc\0"])
def test_usage_row_has_no_text_that_a_database_refuses(text):
    values = dict(zip(USAGE_COLUMNS, usage_values(replace(ROW, model=text, error=text)), strict=True))

    assert values["model"] == values["error"] == storable(text) != text


@pytest.mark.parametrize("row", [ROW, replace(ROW, cost=None, first_byte_ms=None, stream=False, parent="req_0")])
def test_row_survives_its_columns(row):
    assert usage_row(dict(zip(USAGE_COLUMNS, usage_values(row), strict=True))) == row
