"""What one schema says by itself, compared with what another does: types, choices and bounds."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from tollbridge_rest.documents.pairs import Pair
from tollbridge_rest.documents.reporting import Report
from tollbridge_rest.documents.schemas import Side

Own = Mapping[str, Any]

_ALL = frozenset(("array", "boolean", "null", "number", "object", "string"))
_KINDS = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}
_CLOSER_FORMATS = frozenset((("int32", "int64"), ("float", "double"), ("date", "string"), ("uuid", "string")))
"""Formats all of whose values are of the other too."""


def compare_limits(pair: Pair, own: tuple[Own, Own], report: Report) -> None:
    """Compare two schemas by the keywords that hold no schema."""
    if written(own[0]) == written(own[1]):
        return
    for word, holds in _RULES.items():
        narrow, wide = pair.turned(*own)
        words = word.split()
        before, after = ([each.get(name) for name in words] for each in own)
        if written(before) == written(after):
            continue
        shown = (before[0], after[0]) if len(words) == 1 else (_said(words, own[0]), _said(words, own[1]))
        if holds(narrow, wide):
            report.notes(f"{pair.where}", f"{_NAMES.get(word, words[0])} changed, and none fails with it", *shown)
        else:
            report.breaks(f"{pair.where}", f"{_NAMES.get(word, words[0])} {_HOW[pair.side]}", *shown)


_HOW = {Side.REQUEST: "allows less than before", Side.RESPONSE: "allows more than before"}
_NAMES = {
    "type": "the type",
    "enum const": "the choice of values",
    "minimum exclusiveMinimum": "the least number",
    "maximum exclusiveMaximum": "the greatest number",
}


def _said(words: list[str], own: Own) -> Any:
    said = {name: own[name] for name in words if name in own}
    return said or None


def _types(narrow: Own, wide: Own) -> bool:
    return kinds(narrow) <= kinds(wide) | ({"integer"} if "number" in kinds(wide) else set())


def kinds(own: Own) -> frozenset[str]:
    """Give the types that a schema allows; all where it says none."""
    said = own.get("type")
    listed = [said] if isinstance(said, str) else said if isinstance(said, list) else None
    if listed is not None:
        return frozenset(each for each in listed if isinstance(each, str))
    values = _values(own)
    if values is not None:
        return frozenset(_KINDS.get(type(each), "null") for each in values)
    return _ALL


def _values(own: Own) -> list[Any] | None:
    if "const" in own:
        return [own["const"]]
    return own["enum"] if isinstance(own.get("enum"), list) else None


def _choices(narrow: Own, wide: Own) -> bool:
    few, many = _values(narrow), _values(wide)
    if many is None:
        return True
    if few is None:
        return kinds(narrow) <= {"boolean"} and {True, False} <= {each for each in many if isinstance(each, bool)}
    known = {written(each) for each in many}
    return all(written(each) in known for each in few)


def written(value: Any) -> bytes:
    """Write a value so that two that are the same in JSON come out the same, and 1 and true do not."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return msgspec.json.encode(value, order="sorted")


def _lower(inside: str, outside: str = "") -> Callable[[Own, Own], bool]:
    def holds(narrow: Own, wide: Own) -> bool:
        asked = _strictest(wide, inside, outside, 1)
        given = _strictest(narrow, inside, outside, 1)
        return (
            asked is None
            or (asked == (0, 0) and inside.startswith("min") and not outside)
            or (given is not None and given >= asked)
        )

    return holds


def _upper(inside: str, outside: str = "") -> Callable[[Own, Own], bool]:
    def holds(narrow: Own, wide: Own) -> bool:
        asked, given = _strictest(wide, inside, outside, -1), _strictest(narrow, inside, outside, -1)
        return asked is None or (given is not None and given >= asked)

    return holds


def _strictest(own: Own, inside: str, outside: str, sign: int) -> tuple[float, int] | None:
    """Give the closer of two bounds, so that a greater one is stricter."""
    found = [
        (sign * own[word], strict)
        for word, strict in ((inside, 0), (outside, 1))
        if isinstance(own.get(word), int | float) and not isinstance(own[word], bool)
    ]
    return max(found, default=None)


def _same(word: str) -> Callable[[Own, Own], bool]:
    return lambda narrow, wide: wide.get(word) is None or written(narrow.get(word)) == written(wide[word])


def _format(narrow: Own, wide: Own) -> bool:
    return _same("format")(narrow, wide) or (narrow.get("format"), wide["format"]) in _CLOSER_FORMATS


def _multiple(narrow: Own, wide: Own) -> bool:
    few, many = narrow.get("multipleOf"), wide.get("multipleOf")
    if many is None or few == many:
        return True
    if many == 1 and kinds(narrow) <= {"integer"}:
        return True
    return isinstance(few, int) and isinstance(many, int) and many > 0 and few % many == 0


def _unique(narrow: Own, wide: Own) -> bool:
    return wide.get("uniqueItems") is not True or narrow.get("uniqueItems") is True


def _dependent(narrow: Own, wide: Own) -> bool:
    few, many = narrow.get("dependentRequired"), wide.get("dependentRequired")
    if not isinstance(many, Mapping):
        return many is None
    return isinstance(few, Mapping) and all(
        isinstance(few.get(name), list) and set(map(str, needed)) <= set(map(str, few[name]))
        for name, needed in many.items()
        if isinstance(needed, list)
    )


_RULES: dict[str, Callable[[Own, Own], bool]] = {
    "type": _types,
    "enum const": _choices,
    "format": _format,
    "pattern": _same("pattern"),
    "multipleOf": _multiple,
    "uniqueItems": _unique,
    "dependentRequired": _dependent,
    "minimum exclusiveMinimum": _lower("minimum", "exclusiveMinimum"),
    "maximum exclusiveMaximum": _upper("maximum", "exclusiveMaximum"),
    "minLength": _lower("minLength"),
    "maxLength": _upper("maxLength"),
    "minItems": _lower("minItems"),
    "maxItems": _upper("maxItems"),
    "minProperties": _lower("minProperties"),
    "maxProperties": _upper("maxProperties"),
    "minContains": _lower("minContains"),
    "maxContains": _upper("maxContains"),
}
"""For each keyword, or two that are one rule, whether the narrow side is seen to allow no more than the wide."""
