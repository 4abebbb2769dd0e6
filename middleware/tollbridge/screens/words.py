"""How figures and times are written."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from tollbridge.browsing import gettext as _
from tollbridge.browsing import spoken_zone
from tollbridge.stores.base import SOON
from tollbridge.tokens.model import Token

NOTHING = "–"
_DAY_S = 86_400
_LONGEST = 200


def exact_usd(nano: int) -> str:
    """Write nano-dollars as a plain decimal, all of it."""
    text = format(Decimal(nano).scaleb(-9), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def usd_nano(exact: str) -> int:
    """Read an exact decimal of US dollars as whole nano-dollars, the nearest."""
    return int(Decimal(exact).scaleb(9).to_integral_value())


def usd(nano: int) -> str:
    """Write nano-dollars for people: cents from a cent up, every digit that counts below."""
    dollars = Decimal(nano).scaleb(-9)
    if dollars >= 1000:
        return f"${dollars:,.0f}"
    if dollars >= 1 or nano == 0:
        return f"${dollars:,.2f}"
    if dollars >= Decimal("0.01"):
        return f"${dollars:.3f}"
    return f"${exact_usd(nano)}" if nano < 1_000 else f"${dollars:.6f}".rstrip("0")


def count(number: int) -> str:
    """Write a whole number with separators."""
    return f"{number:,}"


def short(number: float) -> str:
    """Write a number for an axis."""
    for size, unit in ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")):
        if number >= size:
            return f"{number / size:g}{unit}"
    return f"{number:g}"


def ms(milliseconds: int | None) -> str:
    """Write a duration."""
    if milliseconds is None:
        return NOTHING
    return f"{milliseconds / 1000:.2f} s" if milliseconds >= 1000 else f"{milliseconds} ms"


def share(part: int, whole: int) -> str:
    """Write a share as a percentage, never a zero for something nor a hundred for less than all."""
    if not whole or not part:
        return "0 %"
    percent = 100 * part / whole
    if percent < 0.1:
        return "<0.1 %"
    return "100 %" if part == whole else f"{min(percent, 99.9):.1f} %"


def change(now: int, before: int) -> str:
    """Write by how much a figure has changed; empty where there was none before."""
    if not before:
        return ""
    percent = 100 * (now - before) / before
    if abs(percent) < 0.05:
        return "±0 %"
    if percent > 999:
        return "> +999 %"
    return (f"{percent:+.0f} %" if percent >= 100 else f"{percent:+.1f} %").replace("-", "−")


def change_ms(now: int | None, before: int | None) -> str:
    """Write by how much a duration has changed; empty where one of the two is not known."""
    if now is None or before is None:
        return ""
    sign = "+" if now > before else "−" if now < before else "±"
    return f"{sign}{ms(abs(now - before))}"


def period(name: str) -> str:
    """Say in which time a budget is spent."""
    return {"day": _("today"), "month": _("this month")}.get(name, _("in all"))


def is_number(cell: object) -> bool:
    """Whether a cell of a panel is set as a number."""
    return isinstance(cell, int | float | Decimal) and not isinstance(cell, bool)


def cell(value: str | int | float | Decimal | None) -> str:
    """Write a cell of a panel."""
    if value is None:
        return NOTHING
    return cut(value) if isinstance(value, str) else f"{value:,}" if is_number(value) else str(value)


def cut(text: str) -> str:
    """Give the beginning of a text that somebody else wrote.

    It is a plain `str` also where the text came as markup, which a template would trust.
    """
    text = str.__str__(text)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def moment(at: datetime | None) -> str:
    """Write date and time to the minute, and what the time zone of pages is called then."""
    return NOTHING if at is None else spoken_zone().moment(at)


def day(at: datetime) -> str:
    """Write a date, in the time zone of pages."""
    return spoken_zone().day(at)


def zone_name() -> str:
    """Give the time zone of pages, by its IANA name."""
    return spoken_zone().name


def ago(at: datetime | None, now: datetime) -> str:
    """Say how long ago, in the largest unit that fits."""
    if at is None:
        return _("never")
    passed = (now - at).total_seconds()
    if passed < 60:
        return _("just now")
    if passed < 3600:
        return _("%d min ago") % (passed // 60)
    if passed < _DAY_S:
        return _("%d h ago") % (passed // 3600)
    return _("%d d ago") % (passed // _DAY_S) if passed < 60 * _DAY_S else day(at)


def until(at: datetime | None, now: datetime) -> str:
    """Say when something ends."""
    if at is None:
        return _("never")
    left = (at - now).total_seconds()
    if left <= 0:
        return day(at)
    if left < 2 * _DAY_S:
        return _("in %d h") % max(1, left // 3600)
    return _("in %d days") % round(left / _DAY_S)


def short_scopes(scopes: Sequence[str], most: int = 3) -> tuple[Sequence[str], int]:
    """Give the scopes to show and how many are left out."""
    return scopes[:most], max(0, len(scopes) - most)


def is_soon(token: Token, now: datetime) -> bool:
    """Whether a live token ends within a week."""
    return token.state == "active" and token.expires_at is not None and token.expires_at - now <= SOON
