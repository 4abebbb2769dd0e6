"""An embedding as numbers and as packed floats, each from the other."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge.errors import UpstreamError
from tollbridge.formats.embedding import Vector
from tollbridge.formats.notes import Notes
from tollbridge.formats.seal import KeyedSeal
from tollbridge.formats.vectors import (
    listed_numbers,
    one_vector_each,
    packed_vector,
    unpacked_bytes,
    vector_numbers,
)

pytestmark = pytest.mark.traced

ONE_AND_A_HALF = "AADAPw=="
FLOAT = Vector(index=0, values=[Decimal("1.5")])
PACKED = Vector(index=0, encoding="base64", base64=ONE_AND_A_HALF)
SMALL = Vector(index=0, encoding="int8", values=[1])
BITS = Vector(index=0, encoding="ubinary", values=[128])


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_numbers_come_back_from_what_they_were_packed_into(numbers: list[float]) -> None:
    packed = packed_vector(Vector(index=0, values=[Decimal(repr(number)) for number in numbers]))

    assert [float(number) for number in vector_numbers(Vector(index=0, base64=packed))] == pytest.approx(numbers)
    assert packed_vector(Vector(index=0, values=vector_numbers(Vector(index=0, base64=packed)))) == packed


def test_what_is_there_already_is_given_as_it_is() -> None:
    assert vector_numbers(Vector(index=0, values=[Decimal("0.50"), 1])) == [Decimal("0.50"), 1]
    assert packed_vector(Vector(index=0, base64=ONE_AND_A_HALF)) == ONE_AND_A_HALF
    assert packed_vector(Vector(index=0, values=[Decimal("1.5")])) == ONE_AND_A_HALF


def test_numbers_go_before_what_they_were_read_from() -> None:
    vector = Vector(index=0, encoding="int8", values=[1, -1], base64="Af8=")

    assert vector_numbers(vector) == [1, -1]
    assert packed_vector(vector) == "AACAPwAAgL8="


def test_empty_vector_stays_empty() -> None:
    assert vector_numbers(Vector(index=0, values=[])) == []
    assert packed_vector(Vector(index=0, values=[])) == ""


@pytest.mark.parametrize("text", ["", "!", "AADA", "AADAPw", "\u00e9", "AACAfw==", "AADAfw=="])
def test_text_that_holds_no_floats_is_no_embedding(text: str) -> None:
    with pytest.raises(UpstreamError, match="embedding that is none"):
        vector_numbers(Vector(index=0, base64=text))


@pytest.mark.parametrize("values", [None, 1, {}, "a", ["1"], [True], [None], [[1]]])
def test_values_that_are_no_numbers_are_no_embedding(values: Any) -> None:
    for read in (vector_numbers, packed_vector):
        with pytest.raises(UpstreamError, match="embedding that is none"):
            read(Vector(index=0, values=values))
    with pytest.raises(UpstreamError, match="embedding that is none"):
        listed_numbers(values)


@pytest.mark.parametrize("number", [Decimal("1e99"), Decimal("1e400"), 10**400])
def test_numbers_beyond_a_float_are_not_packed(number: Any) -> None:
    with pytest.raises(UpstreamError, match="embedding that is none"):
        packed_vector(Vector(index=0, values=[number]))


def test_bytes_are_what_base64_holds() -> None:
    assert unpacked_bytes("AP8=") == b"\0\xff"


@pytest.mark.parametrize(
    ("vectors", "wanted", "chosen"),
    [
        ((SMALL, PACKED, FLOAT), "float", FLOAT),
        ((SMALL, PACKED, FLOAT), "base64", PACKED),
        ((SMALL, PACKED, FLOAT), "int8", SMALL),
        ((SMALL, PACKED), "float", PACKED),
        ((BITS, SMALL, FLOAT), "uint8", FLOAT),
        ((BITS, SMALL), "float", BITS),
    ],
)
def test_encoding_that_is_wanted_is_chosen_else_floats(
    vectors: tuple[Vector, ...], wanted: str, chosen: Vector
) -> None:
    told = Notes(KeyedSeal(b"k"))

    assert one_vector_each(vectors, wanted, told, "data[].embedding") == [chosen]
    assert told.dropped == ("data[].embedding",)


def test_vectors_stand_in_the_order_of_their_inputs() -> None:
    told = Notes(KeyedSeal(b"k"))
    last = Vector(index=1, values=[2])

    assert one_vector_each((last, PACKED), "float", told, "data[].embedding") == [PACKED, last]
    assert told.dropped == ()
