"""Numbers of payment cards and bank accounts: each has a check of its own, so little else is taken for one."""

import re
from collections.abc import Iterator

from tollbridge_masking.spans import Span

_GAP = "[ \u00a0-]"
_END = r"(?!\w|-\w|[.,][0-9])"
_CARD = re.compile(rf"[2-6](?<!\w[2-6])(?<![0-9][.,][2-6])(?<!\w-[2-6])(?=[0-9]{{11}}|[0-9]{{3}}{_GAP}[0-9]{{4}})")
_LAYOUTS = tuple(
    re.compile(layout + _END)
    for layout in (
        r"[0-9]{12,19}",
        rf"[0-9]{{4}}({_GAP})[0-9]{{4}}\1[0-9]{{4}}\1[0-9]{{4}}\1[0-9]{{3}}",
        rf"[0-9]{{4}}({_GAP})[0-9]{{4}}\1[0-9]{{4}}\1[0-9]{{4}}",
        rf"[0-9]{{4}}({_GAP})[0-9]{{6}}\1[0-9]{{4,5}}",
    )
)
_ISSUERS = (
    ("2221", "2720", (16,)),  # Mastercard
    ("300", "305", (14,)),  # Diners Club
    ("34", "34", (15,)),  # American Express
    ("3528", "3589", (16, 17, 18, 19)),  # JCB
    ("36", "36", (14,)),
    ("37", "37", (15,)),
    ("38", "39", (14,)),
    ("4", "4", (13, 16, 19)),  # Visa
    ("5018", "5018", (12, 13, 14, 15, 16, 17, 18, 19)),  # Maestro
    ("5020", "5020", (12, 13, 14, 15, 16, 17, 18, 19)),
    ("5038", "5038", (12, 13, 14, 15, 16, 17, 18, 19)),
    ("51", "55", (16,)),  # Mastercard
    ("5893", "5893", (12, 13, 14, 15, 16, 17, 18, 19)),
    ("6011", "6011", (16, 17, 18, 19)),  # Discover
    ("62", "62", (16, 17, 18, 19)),  # UnionPay
    ("6304", "6304", (12, 13, 14, 15, 16, 17, 18, 19)),
    ("644", "659", (16, 17, 18, 19)),
    ("6759", "6763", (12, 13, 14, 15, 16, 17, 18, 19)),
)
"""First digits from and to, and how many there are (ISO/IEC 7812; the lists of the issuers, 2026-11)."""
_DOUBLED = str.maketrans("0123456789", "0246813579")

_COUNTRY = re.compile(r"[0-9](?<=[A-Za-z]{2}[0-9])(?<!\w[A-Za-z]{2}[0-9])[0-9]")
_PLAIN = re.compile(r"[A-Za-z0-9]+")
_IN_FOURS = re.compile(rf"[A-Za-z0-9]{{4}}({_GAP})(?:[A-Za-z0-9]{{4}}\1)*[A-Za-z0-9]{{1,4}}")
_LENGTHS = {
    country: long
    for long, countries in {
        15: "NO",
        16: "BE",
        18: "DK FI FK FO GL NL SD",
        19: "MK SI",
        20: "AT BA EE KZ LT LU MN XK",
        21: "CH HR LI LV",
        22: "BG BH CR DE GB GE IE ME RS VA",
        23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST",
        26: "IS TR",
        27: "BI DJ FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HN HU LB NI PL SV",
        29: "BR EG PS QA UA",
        30: "JO KW MU YE",
        31: "MT SC",
        32: "LC",
        33: "RU",
    }.items()
    for country in countries.split()
}
"""How long an IBAN is, by country (the IBAN registry of SWIFT, ISO 13616)."""


def find_cards(text: str, start: int, stop: int) -> Iterator[Span]:
    """Find card numbers: in one, or in the groups they are printed in."""
    for found in _CARD.finditer(text, start):
        if found.start() >= stop:
            return
        for layout in _LAYOUTS:
            shown = layout.match(text, found.start())
            if shown is not None and _is_card(_digits(shown[0])):
                yield shown.span()
                break


def _is_card(digits: str) -> bool:
    for first, last, lengths in _ISSUERS:
        if first <= digits[: len(first)] <= last:
            return len(digits) in lengths and _adds_up(digits)
    return False


def _adds_up(digits: str) -> bool:
    """Check the last digit (Luhn; ISO/IEC 7812-1, annex B)."""
    return sum(map(int, digits[-1::-2] + digits[-2::-2].translate(_DOUBLED))) % 10 == 0


def _digits(shown: str) -> str:
    return "".join(filter(str.isdigit, shown))


def find_ibans(text: str, start: int, stop: int) -> Iterator[Span]:
    """Find IBANs: in one, or in groups of four."""
    for found in _COUNTRY.finditer(text, start + 2):
        begin = found.start() - 2
        if begin >= stop:
            return
        long = _LENGTHS.get(text[begin : begin + 2].upper(), 0)
        for pattern, end in ((_PLAIN, begin + long), (_IN_FOURS, begin + long + (long - 1) // 4)):
            shown = pattern.fullmatch(text, begin, end) if long and end <= len(text) else None
            if shown is not None and not _goes_on(text, end) and _is_iban(shown[0]):
                yield begin, end
                break


def _goes_on(text: str, end: int) -> bool:
    return end < len(text) and (text[end].isalnum() or text[end] == "_")


def _is_iban(shown: str) -> bool:
    """Check the two digits behind the country (ISO 7064, MOD 97-10)."""
    signs = "".join(filter(str.isalnum, shown))
    return int("".join(str(int(sign, 36)) for sign in signs[4:] + signs[:4])) % 97 == 1


def mask_card(card: str) -> str:
    """Keep the last four digits: `**** **** **** 1111`."""
    return hide(card, 0, 4)


def mask_iban(iban: str) -> str:
    """Keep the country and the last four signs."""
    return hide(iban, 2, 4)


def hide(shown: str, first: int, last: int) -> str:
    """Put `*` for every letter and digit but some at both ends; what stands between them stays."""
    signs = sum(map(str.isalnum, shown))
    hidden, place = [], 0
    for sign in shown:
        if sign.isalnum():
            hidden.append(sign if place < first or place >= signs - last else "*")
            place += 1
        else:
            hidden.append(sign)
    return "".join(hidden)
