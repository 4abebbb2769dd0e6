"""Plain bodies: decoded at once, or not at all."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec import UNSET

from tollbridge.formats import JSON, UNSAID, Plain, plain_decoder, plain_numbers


class _Ship(Plain):
    name: str
    knots: JSON = UNSET
    crew: int = UNSAID


read = plain_decoder(_Ship)


def test_plain_body_is_decoded_and_its_numbers_keep_their_text() -> None:
    ship = read(b'{"name":"Stadt Bern","knots":13.50}')

    assert ship is not None
    assert (ship.name, str(ship.knots), ship.crew) == ("Stadt Bern", "13.50", None)


@pytest.mark.parametrize(
    "body",
    [
        b'{"name":"a","flag":"ch"}',
        b'{"name":"a","crew":null}',
        b'{"name":"a","crew":"3"}',
        b'{"knots":1}',
        b'{"name":"\xff"}',
        b'{"name":"a","knots":' + b"[" * 100_000,
        b"{",
        b"",
        b"[]",
    ],
)
def test_body_that_is_not_plain_is_left_to_others(body: bytes) -> None:
    assert read(body) is None


def test_numbers_are_given_and_what_was_not_said_is_none() -> None:
    assert plain_numbers(1, Decimal("0.50"), UNSET) == [1, Decimal("0.50"), None]
    assert plain_numbers() == []


@pytest.mark.parametrize("said", ["1", None, True, [], {}])
def test_what_is_no_number_is_not_plain(said: Any) -> None:
    assert plain_numbers(1, said) is None
