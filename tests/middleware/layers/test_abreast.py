"""Doing the same for many at once."""

import asyncio
from collections.abc import Sequence

import pytest

from tollbridge.layers import abreast
from tollbridge.layers.abreast import Abreast


async def test_all_who_join_in_one_turn_are_done_together_and_in_order() -> None:
    done: list[Sequence[int]] = []
    together = Abreast[int](done.append)

    await asyncio.gather(*(together.join(number) for number in range(4)))
    await together.join(4)

    assert done == [[0, 1, 2, 3], [4]]


async def test_whoever_stops_waiting_is_left_out_and_holds_up_nobody() -> None:
    done: list[Sequence[int]] = []
    together = Abreast[int](done.append)

    one, other = together.join(1), together.join(2)
    one.cancel()
    await other

    assert done == [[2]]


async def test_whoever_stops_waiting_while_the_work_is_done_is_not_woken() -> None:
    futures: list[asyncio.Future[None]] = []
    together = Abreast[int](lambda ones: futures[0].cancel() and None)

    futures += [together.join(1), together.join(2)]
    await futures[1]

    assert futures[0].cancelled()


async def test_joining_is_given_up_for_a_while_where_there_is_no_company(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(abreast, "_ALONE", 2)
    together = Abreast[int](lambda ones: None)

    assert together.pays()
    await together.join(1)
    assert [together.pays() for _ in range(3)] == [False, False, True]

    await asyncio.gather(*(together.join(number) for number in range(3)))
    assert [together.pays() for _ in range(3)] == [True, True, True]
