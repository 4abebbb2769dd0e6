"""What a call costs stands beside the usage, and nothing else of a stream changes for it."""

import pytest

from tollbridge import Usage
from tollbridge.formats import with_cost

USED = Usage(input=3, output=4)
DEEP = b"[" * 100_000 + b"]" * 100_000


def dollars(usage: Usage) -> str | None:
    return f"0.0{usage.total}"


def priced(piece: bytes) -> bytes:
    return with_cost(piece, piece.index(b"{", 9), dollars, USED)


@pytest.mark.parametrize(
    ("piece", "written"),
    [
        (b'data: {"usage": { "input": 3}}\n\n', b'data: {"usage": {"cost":0.07, "input": 3}}\n\n'),
        (b'data: {"usage":{}}\n\n', b'data: {"usage":{"cost":0.07}}\n\n'),
        ('data: {"usage":{"é":1},"ü":2}'.encode(), 'data: {"usage":{"cost":0.07,"é":1},"ü":2}'.encode()),
        ('data: {"ü":2,"usage":{"é":1}}'.encode(), 'data: {"ü":2,"usage":{"cost":0.07,"é":1}}'.encode()),
    ],
    ids=["first of its members", "alone in an empty object", "before other letters", "behind other letters"],
)
def test_cost_is_set_in_the_object_and_every_other_byte_stays(piece: bytes, written: bytes) -> None:
    assert priced(piece) == written


def test_cost_that_the_provider_says_is_replaced_and_not_said_twice() -> None:
    piece = b'data: {"usage":{"input":3,"cost":9,"cost_details":{"cost":8}}}\n\n'

    assert priced(piece) == b'data: {"usage":{"input":3,"cost":0.07,"cost_details":{"cost":8}}}\n\n'


@pytest.mark.parametrize(
    "piece",
    [
        b'data: {"usage":{"input":3',
        b'data: {"usage":{"input":3,"input":4}}',
        b'data: {"usage":{"\xff":3}}',
        b'data: {"usage":{"x":%b}}' % DEEP,
    ],
    ids=["cut off", "said twice", "no UTF-8", "nested too deep"],
)
def test_object_that_cannot_be_read_stays_as_it_is(piece: bytes) -> None:
    assert priced(piece) == piece


def test_piece_stays_as_it_is_where_nobody_says_what_it_costs() -> None:
    piece = b'data: {"usage":{"input":3}}\n\n'

    assert with_cost(piece, 15, None, USED) == piece
    assert with_cost(piece, 15, dollars, None) == piece
    assert with_cost(piece, 15, lambda usage: None, USED) == piece
