"""Telephone numbers, where they are written as such.

That is with `+` and the country, or in groups, beginning with `0`, a code in brackets, or as in North America. A run of
digits alone is an id, a price or a time as often, and is left alone.
"""

import re
from collections.abc import Iterator

from tollbridge_masking.numbers import hide
from tollbridge_masking.spans import Span

_BLANK = "[ \u00a0]"
_BETWEEN = "[ \u00a0./()-]{0,2}"
_PARTED = f"(?:{_BLANK}?[/-]{_BLANK}?|{_BLANK})"
_WHEN = "(?:[0-9]{1,4}[./:][0-9]|(?:19|20)[0-9]{2}-[0-9])"  # a date or a time behind the number
_OTHER = rf"(?:{_WHEN}|0[1-9][0-9]{{1,3}}[ \u00a0/-][0-9]|00[1-9])"  # or one more number
_MORE = rf"(?>(?:[ \u00a0-](?!{_OTHER})[0-9]{{1,8}}+(?![0-9])){{0,4}})"

_ABROAD = re.compile(
    r"\+(?<!\w\+)(?![0-9]{1,3}(?:\.[0-9]{3})+(?![.0-9]))"
    rf"[1-9](?:(?!{_BLANK}{_WHEN}){_BETWEEN}[0-9]){{7,14}}(?!\w|[.,][0-9])"
)
_BEGIN = re.compile(
    r"[0-9(](?<!\w[0-9(])(?<![0-9][:.,/-][0-9(])(?<!\w[/-][0-9(])(?<!\+[0-9(])"
    r"(?:(?<=0)(?=[0-9])|(?<=\()(?=[02-9])|(?<=[1-9])(?=[0-9]{2}[ \u00a0.-][0-9]{3}|[ .-]))"
)
_AT_HOME = re.compile(
    "(?:"
    rf"(?P<groups>0[1-9][0-9]{{1,3}}{_PARTED}[0-9]{{2,8}}+{_MORE})"
    r"|(?P<pairs>0[1-9]([ \u00a0.-])[0-9]{2}(?:\3[0-9]{2}){3})"
    rf"|(?P<brackets>\(0[0-9]{{1,4}}\){_BETWEEN}[0-9]{{2,8}}+{_MORE})"
    rf"|(?P<zeros>00[1-9](?>(?:(?!{_BLANK}{_WHEN}){_BETWEEN}[0-9]){{7,14}}))"
    r"|(?P<america>(?:1[ .-])?(?:\([2-9][0-9]{2}\)[ \u00a0-]?[2-9][0-9]{2}[ .-][0-9]{4}"
    r"|[2-9][0-9]{2}([ \u00a0.-])[2-9][0-9]{2}\7[0-9]{4}))"
    r")(?!\w|-\w|[./:,][0-9])"
)
_BLANKS_ONLY = re.compile(rf"[0-9]+{_BLANK}[0-9]")
_BEFORE = re.compile(rf"[0-9]{_BLANK}")
_BEHIND = re.compile(rf"{_BLANK}(?!{_OTHER})[0-9]")
_DIGITS = {"groups": (9, 13), "brackets": (7, 13), "zeros": (10, 17), "pairs": (10, 10), "america": (10, 11)}
_TWO_DIGITS = re.compile("2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]")
"""Country codes of two digits (ITU-T E.164, list of 2016-11); 1 and 7 have one, all others three."""


def find_phones(text: str, start: int, stop: int) -> Iterator[Span]:
    """Find telephone numbers."""
    for found in _ABROAD.finditer(text, start):
        if found.start() >= stop:
            break
        yield found.span()
    for found in _BEGIN.finditer(text, start):
        if found.start() >= stop:
            break
        shown = _AT_HOME.match(text, found.start())
        if shown is not None and _has_its_digits(shown) and not _is_of_a_table(text, shown):
            yield shown.span()


def _has_its_digits(shown: re.Match[str]) -> bool:
    shape = next(name for name, said in shown.groupdict().items() if said is not None)
    least, most = _DIGITS[shape]
    digits = sum(map(str.isdigit, shown[0]))
    return least <= digits <= most and (shape != "zeros" or digits < len(shown[0]))


def _is_of_a_table(text: str, shown: re.Match[str]) -> bool:
    """Whether this is a part of a row of numbers with blanks between them."""
    if _BLANKS_ONLY.match(shown[0]) is None:
        return False
    begin, end = shown.span()
    return _BEHIND.match(text, end) is not None or (begin > 1 and _BEFORE.match(text, begin - 2) is not None)


def mask_phone(phone: str) -> str:
    """Keep the country and the last two digits: `+49 *** ***12`."""
    if not phone.startswith("+"):
        return hide(phone, 0, 2)
    code = phone[1:3]
    return hide(phone, 1 if code[0] in "17" else 2 if _TWO_DIGITS.fullmatch(code) else 3, 2)
