"""US dollars without floats."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge.money import NANO, amount, parse_usd, rate, show_usd, to_nano

NANOS = st.integers(min_value=0, max_value=10**18)


@pytest.mark.parametrize("text", ["0", "0.15", "5", "1e-6", "000.1", "1000000000"])
def test_plain_amounts_are_read(text: str) -> None:
    assert parse_usd(text) == Decimal(text)


@pytest.mark.parametrize("text", ["", "five", "$5", "1,5", "NaN", "sNaN", "Infinity", "-inf", "-0.01", "0x10", "1 2"])
def test_what_is_no_amount_is_refused_with_its_text(text: str) -> None:
    with pytest.raises(ValueError, match="is not an amount in US dollars") as caught:
        parse_usd(text)

    assert repr(text) in str(caught.value)


@pytest.mark.parametrize("text", ["1000000000.01", "1e10", "1e999999", "9" * 40])
def test_amount_that_no_ledger_can_hold_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="at most 1,000,000,000"):
        parse_usd(text)


def test_largest_amount_fits_a_signed_64_bit_column() -> None:
    assert to_nano(parse_usd("1000000000")) == 10**18 < 2**63


@given(st.integers(-(10**18), 10**18))
def test_shown_amount_is_exact_below_zero_too(nano: int) -> None:
    assert Decimal(show_usd(nano)) * NANO == nano


@given(NANOS)
def test_shown_amount_reads_back_as_the_same(nano: int) -> None:
    assert to_nano(parse_usd(show_usd(nano))) == nano


@given(NANOS)
def test_shown_amount_has_no_exponent_and_no_trailing_zero(nano: int) -> None:
    shown = show_usd(nano)

    assert set(shown) <= set("0123456789.")
    assert "." not in shown or not shown.endswith(("0", "."))


@pytest.mark.parametrize(
    ("nano", "shown"),
    [(0, "0"), (985_000, "0.000985"), (NANO, "1"), (100 * NANO, "100"), (1, "0.000000001"), (1_500_000_000, "1.5")],
)
def test_amounts_are_shown_as_people_write_them(nano: int, shown: str) -> None:
    assert show_usd(nano) == shown


@given(st.integers(min_value=0, max_value=10**24))
def test_amount_is_rounded_up_once_and_by_less_than_one(pico: int) -> None:
    exact = Fraction(pico, 1000)

    assert 0 <= amount(pico) - exact < 1


@given(st.integers(min_value=1, max_value=10**12))
def test_what_was_used_is_never_free(pico: int) -> None:
    assert amount(pico) >= 1


@given(st.decimals(min_value=0, max_value=100_000, places=6))
def test_rate_holds_six_decimals_of_a_price_exactly(price: Decimal) -> None:
    assert Fraction(rate(price), 10**6) == Fraction(price)


def test_cost_of_a_call_is_the_figure_on_the_price_list() -> None:
    pico = 1000 * rate(Decimal("0.59")) + 500 * rate(Decimal("0.79"))

    assert show_usd(amount(pico)) == "0.000985"  # 1000 x 0.59 + 500 x 0.79, per million tokens


@pytest.mark.parametrize(("usd", "nano"), [("0.0000000004", 0), ("0.0000000006", 1), ("2.5", 2_500_000_000)])
def test_dollars_become_nano_dollars_to_the_nearest(usd: str, nano: int) -> None:
    assert to_nano(Decimal(usd)) == nano
