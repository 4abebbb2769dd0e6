"""Bodies on their way."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge.administering import BodyTooLarge
from tollbridge_rest.bodies import MOST_KEPT, CallerGone, Incoming


def sending(*pieces: bytes, gone: bool = False) -> Any:
    messages: list[dict[str, Any]] = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    if not gone:
        messages[-1]["more_body"] = False

    async def receive() -> dict[str, Any]:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    return receive


async def read(body: Incoming) -> bytes:
    return b"".join([piece async for piece in body.pieces()])


@given(st.lists(st.binary(max_size=5), min_size=1, max_size=6))
async def test_body_is_given_from_the_start_each_time(pieces: list[bytes]) -> None:
    body = Incoming(sending(*pieces), 1000, None)
    await body.begin()

    assert [await read(body), await read(body)] == [b"".join(pieces)] * 2
    assert body.again
    assert body.is_empty is (b"".join(pieces) == b"")


async def test_body_in_one_piece_has_its_length_known() -> None:
    body = Incoming(sending(b"hello"), 1000, None)
    await body.begin()

    assert body.length == 5


@pytest.mark.parametrize(("pieces", "length"), [((b"", b""), 0), ((b"", b"", b"hello"), 5), ((b"",), 0)])
async def test_body_that_begins_with_nothing_has_its_length_known_too(pieces: tuple[bytes, ...], length: int) -> None:
    body = Incoming(sending(*pieces), 1000, None)
    await body.begin()

    assert (body.length, body.is_empty) == (length, length == 0)


async def test_large_body_is_not_kept_for_another_try() -> None:
    piece = b"x" * (MOST_KEPT // 2)
    body = Incoming(sending(piece, piece, piece), 10 * MOST_KEPT, None)
    await body.begin()

    assert len(await read(body)) == 3 * len(piece)
    assert not body.again


async def test_large_first_piece_is_not_lost() -> None:
    body = Incoming(sending(b"x" * 2 * MOST_KEPT, b"y"), 10 * MOST_KEPT, None)
    await body.begin()

    assert len(await read(body)) == 2 * MOST_KEPT + 1


async def test_whole_body_is_bounded_by_both_bounds() -> None:
    for most, bound in ((4, 100), (100, 4)):
        body = Incoming(sending(b"123", b"45"), bound, None)
        await body.begin()
        with pytest.raises(BodyTooLarge, match="over 4 bytes"):
            await body.whole(most)


async def test_first_piece_alone_can_be_over_the_bound_of_a_whole_body() -> None:
    body = Incoming(sending(b"12345"), 100, None)
    await body.begin()

    with pytest.raises(BodyTooLarge, match="over 4 bytes"):
        await body.whole(4)


def test_length_that_is_said_is_held_to_the_bound() -> None:
    with pytest.raises(BodyTooLarge, match="over 4 bytes"):
        Incoming(sending(b""), 4, 5)


async def test_caller_who_leaves_is_noticed_before_and_after_the_end() -> None:
    broken = Incoming(sending(b"a", gone=True), 100, None)
    await broken.begin()
    with pytest.raises(CallerGone):
        await read(broken)
    whole = Incoming(sending(b"a"), 100, None)
    await whole.begin()

    await whole.gone()


async def test_body_is_replaced() -> None:
    body = Incoming(sending(b"a", b"b"), 100, None)
    await body.begin()
    await body.whole(100)

    body.replace(b"longer")

    assert (await read(body), body.length) == (b"longer", 6)
