"""An embedding as numbers and as packed floats, each from the other."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge.errors import UpstreamError
from tollbridge.formats.embedding import Vector
from tollbridge.formats.vectors import packed_vector, vector_numbers

ONE_AND_A_HALF = "AADAPw=="


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), max_size=20))
def test_numbers_come_back_from_what_they_were_packed_into(numbers: list[float]) -> None:
    packed = packed_vector(Vector(index=0, values=[Decimal(repr(number)) for number in numbers]))

    assert [float(number) for number in vector_numbers(Vector(index=0, base64=packed))] == pytest.approx(numbers)
    assert packed_vector(Vector(index=0, base64=packed)) == packed


def test_what_is_there_already_is_given_as_it_is() -> None:
    assert vector_numbers(Vector(index=0, values=[Decimal("0.50"), 1])) == [Decimal("0.50"), 1]
    assert packed_vector(Vector(index=0, base64=ONE_AND_A_HALF)) == ONE_AND_A_HALF
    assert packed_vector(Vector(index=0, values=[Decimal("1.5")])) == ONE_AND_A_HALF


@pytest.mark.parametrize("text", ["!", "AADA", "AADAPw", "\u00e9", "AACAfw=="])
def test_text_that_holds_no_floats_is_no_embedding(text: str) -> None:
    with pytest.raises(UpstreamError, match="embedding that is none"):
        vector_numbers(Vector(index=0, base64=text))


@pytest.mark.parametrize("values", [["1"], [True], [None], [Decimal("1e99")], [10**400]])
def test_values_that_are_no_floats_are_not_packed(values: list[Any]) -> None:
    with pytest.raises(UpstreamError, match="embedding that is none"):
        packed_vector(Vector(index=0, values=values))
