"""Claims against rules; the verdicts on whole tokens are in `test_verify.py`."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge.jose.claims import check_times, is_for
from tollbridge.jose.refusal import Reason, TokenRefused


@pytest.mark.parametrize("audience", ["us", ["us"], ["them", "us"]])
def test_audience_that_names_us_is_ours(audience: object) -> None:
    assert is_for(audience, "us")


@pytest.mark.parametrize("audience", [None, "", "u", "US", "us ", [], ["u", "s"], ["us", None], {"us": 1}, 1, [["us"]]])
def test_audience_that_does_not_is_not(audience: object) -> None:
    assert not is_for(audience, "us")


def held(claims: dict[str, Any], now: float, leeway_s: float, *required: str) -> str:
    try:
        check_times(claims, now, leeway_s, required=required)
    except TokenRefused as exc:
        return exc.reason
    return "held"


def test_times_that_are_not_there_hold_unless_they_are_required() -> None:
    assert held({}, 100.0, 0.0) == "held"
    assert held({"nbf": 100}, 100.0, 0.0, "exp") == Reason.TIME


@given(st.integers(0, 200), st.integers(0, 200), st.integers(0, 200), st.integers(0, 60), st.floats(0, 200))
def test_token_holds_from_its_beginning_to_its_end_and_no_longer(
    exp: int, iat: int, nbf: int, leeway_s: int, now: float
) -> None:
    found = held({"exp": exp, "iat": iat, "nbf": nbf}, now, leeway_s)

    assert (found == "held") == (max(iat, nbf) - leeway_s <= now < exp + leeway_s)
