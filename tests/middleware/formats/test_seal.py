"""State of a provider packed into texts, and found again in them alone."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge.formats import seal as sealing
from tollbridge.formats.carry import carried, carry, pack_thinking, unpack_thinking
from tollbridge.formats.parts import Reasoning, State
from tollbridge.formats.seal import KeyedSeal, join_id, split_id
from tollbridge.testing.conversations import objects

SEAL = KeyedSeal(b"k" * 32)
states = st.builds(State, st.sampled_from(("a", "b")), objects)


@given(states)
def test_state_comes_back_from_its_text(state: State) -> None:
    text = SEAL.pack(state)

    assert text is not None
    assert re.fullmatch(r"tb1[A-Za-z0-9_-]+", text)
    assert SEAL.unpack(text) == state


@given(states, st.data())
def test_text_that_was_changed_holds_nothing(state: State, data: st.DataObject) -> None:
    text = SEAL.pack(state) or ""
    place = data.draw(st.integers(0, len(text) - 2))  # the last sign has bits that say nothing
    other = data.draw(st.sampled_from("ABab01_-").filter(lambda sign: sign != text[place]))

    assert SEAL.unpack(text[:place] + other + text[place + 1 :]) is None
    assert SEAL.unpack(text[:place]) is None


@given(states)
def test_text_of_another_gateway_holds_nothing(state: State) -> None:
    assert KeyedSeal(b"x" * 32).unpack(SEAL.pack(state) or "") is None


@pytest.mark.parametrize("text", ["", "tb1", "tb1!!!", "tb1é", "EqQBCkYIARgCKkB", "tb1A", "tb1" + "A" * 300_000])
def test_any_other_text_holds_nothing(text: str) -> None:
    assert SEAL.unpack(text) is None


def test_state_that_is_too_long_is_not_taken_along(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "MOST_PACKED", 10)

    assert SEAL.pack(State("a", {"x": "y"})) is None
    assert join_id("call_1", State("a", {"x": "y"}), SEAL) == "call_1"


def test_state_that_packs_well_and_is_too_long_is_not_taken_along() -> None:
    assert SEAL.pack(State("a", {"x": "y" * (sealing.MOST_UNPACKED - 20)})) is not None
    assert SEAL.pack(State("a", {"x": "y" * sealing.MOST_UNPACKED})) is None


@given(st.text(max_size=20), states | st.none())
def test_id_gives_back_what_was_put_behind_it(id_: str, state: State | None) -> None:
    assert split_id(join_id(id_, state, SEAL), SEAL) == (id_, state)


def test_id_that_only_looks_like_one_is_an_id() -> None:
    assert split_id("call__tb1abc", SEAL) == ("call__tb1abc", None)


thought = st.lists(
    st.builds(lambda text, state: Reasoning(text=text, state=state), st.text(max_size=9), states), max_size=4
)


@given(st.text(max_size=20), states | st.none(), thought)
def test_id_carries_the_calls_own_state_and_the_reasoning_before_it(
    id_: str, own: State | None, before: list[Reasoning]
) -> None:
    assert carried(carry(id_, own, before, SEAL), SEAL) == (id_, own, before)


@pytest.mark.parametrize("own", [State("a", {"x": 1}), None])
@pytest.mark.parametrize("before", [[Reasoning(text="hm", state=State("b", {"y": 2}))], []])
def test_what_an_id_carries_is_there_or_not(own: State | None, before: list[Reasoning]) -> None:
    assert carried(carry("call_1", own, before, SEAL), SEAL) == ("call_1", own, before)


@given(thought)
def test_reasoning_comes_back_from_its_text(before: list[Reasoning]) -> None:
    packed = pack_thinking(before, SEAL)

    assert unpack_thinking(packed or "", SEAL) == before


def test_reasoning_without_a_state_is_not_packed() -> None:
    assert pack_thinking([Reasoning(text="hm")], SEAL) is None
    assert carry("call_1", None, [Reasoning(text="hm")], SEAL) == "call_1"


def test_text_with_a_providers_state_holds_no_reasoning() -> None:
    state = State("a", {"x": 1})

    assert unpack_thinking(SEAL.pack(state) or "", SEAL) == []
    assert carried(join_id("call_1", state, SEAL), SEAL) == ("call_1", state, [])


def test_what_is_packed_can_be_large() -> None:
    data: dict[str, Any] = {"signature": "s" * 100_000}

    assert SEAL.unpack(SEAL.pack(State("a", data)) or "") == State("a", data)
