"""Tags of languages: how they are written, and which of those that are offered fits best.

A tag is as BCP 47 writes it. Chinese always has its script, for which the region stands where nobody said one.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from tollbridge.pagesettings import LANGUAGE_NAME

SOURCE = "en"
"""What the texts in the sources are written in."""
_RANGE = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8}){0,7}", re.ASCII)
_WEIGHT = re.compile(r"[qQ]=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)", re.ASCII)
_TRADITIONAL = ("TW", "HK", "MO")
_RIGHT_TO_LEFT = frozenset(("ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"))
_RIGHT_TO_LEFT_SCRIPTS = frozenset(("Arab", "Hebr", "Thaa", "Syrc"))


def canonical(name: str) -> str:
    """Write the name of a language as its tag, such as `zh-Hans` for `zh_hans`; raises `ValueError` for no name."""
    if not LANGUAGE_NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a language, such as en, pt_BR or zh_Hans")
    return _whole(name.replace("_", "-"))


def shorter(tag: str) -> Iterator[str]:
    """Give a tag, and then what it is a kind of (RFC 4647, section 3.4): `zh-Hans-SG`, `zh-Hans`, `zh`."""
    parts = tag.split("-")
    while parts:
        yield "-".join(parts)
        parts.pop()
        if parts and len(parts[-1]) == 1:  # begins an extension, and says nothing alone
            parts.pop()


def nearest(wanted: str, offered: Sequence[str]) -> str | None:
    """Give the tag that fits one that is wanted: itself, what it is a kind of, or the first that is of its kind."""
    for tag in shorter(_whole(wanted)):
        if tag in offered:
            return tag
    beginning = f"{_cased(wanted)}-"
    return next((tag for tag in offered if tag.startswith(beginning)), None)


def chosen(header: str, offered: Sequence[str], default: str) -> str:
    """Give the tag that fits an `Accept-Language` best (RFC 9110, section 12.5.4), else `default`.

    Of two that are wanted equally the first counts. What has the weight 0 is not taken; what is no range is left out.
    """
    ranges = list(_ranges(header))
    left = [tag for tag in offered if _weight(tag, ranges)]
    for wanted, weight in sorted(ranges, key=lambda one: -one[1]):
        if weight and wanted == "*":
            return default if default in left or not left else left[0]
        found = nearest(wanted, left) if weight else None
        if found is not None:
            return found
    return default


def direction(tag: str) -> str:
    """Give the direction that a language is written in, `ltr` or `rtl`."""
    language, *rest = tag.split("-")
    script = rest[0] if rest and len(rest[0]) == 4 else ""
    is_left = script in _RIGHT_TO_LEFT_SCRIPTS if script else language in _RIGHT_TO_LEFT
    return "rtl" if is_left else "ltr"


def _cased(tag: str) -> str:
    language, *rest = tag.split("-")
    return "-".join((language.lower(), *(_subtag(part) for part in rest)))


def _subtag(part: str) -> str:
    if len(part) == 4 and part.isalpha():
        return part.title()
    return part.upper() if len(part) == 2 else part.lower()


def _whole(tag: str) -> str:
    """Write a tag as BCP 47 does, Chinese with its script."""
    language, *rest = _cased(tag).split("-")
    if language == "zh" and not (rest and len(rest[0]) == 4):
        rest.insert(0, "Hant" if rest and rest[0] in _TRADITIONAL else "Hans")
    return "-".join((language, *rest))


def _ranges(header: str) -> Iterator[tuple[str, float]]:
    """Read the ranges of a header with their weights, in its order."""
    for element in header.split(","):
        wanted, mark, rest = (part.strip(" \t") for part in element.partition(";"))
        weight = _WEIGHT.fullmatch(rest)
        if (wanted == "*" or _RANGE.fullmatch(wanted)) and (weight or not mark):
            yield wanted, float(weight[1]) if weight else 1.0


def _weight(tag: str, ranges: Iterable[tuple[str, float]]) -> float:
    """Give the weight of the longest range that a tag is in; one that is in none may be taken."""
    found = {"" if wanted == "*" else _whole(wanted): weight for wanted, weight in ranges}
    return next((found[kind] for kind in (*shorter(tag), "") if kind in found), 1.0)
