"""Ids that fit where they go."""

import re

from hypothesis import given
from hypothesis import strategies as st

from tollbridge.formats.toolids import PLAIN, fit_id, new_call_id


@given(st.text(max_size=100))
def test_id_always_fits_and_is_always_the_same(id_: str) -> None:
    assert PLAIN.fullmatch(fit_id(id_))
    assert fit_id(id_) == fit_id(id_)


def test_id_that_fits_stays() -> None:
    assert fit_id("toolu_01-A") == "toolu_01-A"


def test_different_ids_stay_different() -> None:
    assert len({fit_id(f"functions.get:{number}") for number in range(1_000)}) == 1_000


def test_target_may_make_its_own_kind_of_id() -> None:
    nine = re.compile("[A-Za-z0-9]{9}")

    assert fit_id("call_1", nine, made=lambda digest: digest[:9]) == fit_id("call_1", nine, lambda digest: digest[:9])
    assert nine.fullmatch(fit_id("call_1", nine, made=lambda digest: digest[:9]))


def test_new_ids_differ_by_call_and_place() -> None:
    assert len({new_call_id(call, place) for call in ("req_1", "req_2") for place in (0, 1)}) == 4
    assert PLAIN.fullmatch(new_call_id("req_1", 0))
