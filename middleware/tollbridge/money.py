"""US dollars without floats.

Prices are `Decimal` dollars for a million tokens. A rate is a whole number of pico-dollars for one token, an amount a
whole number of nano-dollars: one input token of a cheap model costs 0.15 micro-dollars, which micro-units would round
to nothing. An amount is rounded once, at the end, up.
"""

from decimal import Decimal, InvalidOperation

NANO = 1_000_000_000
_PICO_PER_NANO = 1_000
_MOST = 1_000_000_000
"""Dollars.  As nano-dollars they still fit the signed 64 bits of a ledger's column."""


def parse_usd(text: str) -> Decimal:
    """Read dollars such as `"0.15"`; raises `ValueError` for what is no number from 0 to 1,000,000,000."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text!r} is not an amount in US dollars") from None
    if not value.is_finite() or not 0 <= value <= _MOST:
        raise ValueError(f"{text!r} is not an amount in US dollars of at least 0 and at most {_MOST:,}")
    return value


def rate(usd_per_million: Decimal) -> int:
    """Give pico-dollars a token for a price in dollars a million tokens, rounded to the nearest."""
    return int((usd_per_million * 1_000_000).to_integral_value())


def amount(pico: int) -> int:
    """Give nano-dollars for a sum of pico-dollars, rounded up: what was used is never free."""
    return -(-pico // _PICO_PER_NANO)


def to_nano(usd: Decimal) -> int:
    """Give nano-dollars for dollars, rounded to the nearest."""
    return int((usd * NANO).to_integral_value())


def show_usd(nano: int) -> str:
    """Write nano-dollars as a plain decimal such as `0.000985`."""
    if 0 < nano < NANO:
        return f"0.{nano:09d}".rstrip("0")
    sign, nano = ("-", -nano) if nano < 0 else ("", nano)
    whole, part = divmod(nano, NANO)
    return f"{sign}{whole}.{part:09d}".rstrip("0") if part else f"{sign}{whole}"
