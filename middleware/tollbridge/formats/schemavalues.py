"""Keywords about one kind of value: types and null, numbers and their limits, lists, objects."""

import math
from collections.abc import Iterable
from decimal import Decimal

from tollbridge.formats.schemapass import Lowering, Work
from tollbridge.formats.schemawords import SAME_VALUE, is_number, tighter, types_of
from tollbridge.formats.values import JSON, encode_json


def lower_type(lowering: Lowering, work: Work, keyword: str, value: JSON) -> None:
    if not lowering.name(keyword):
        return lowering.leave(work, keyword)
    if lowering.keywords.nullable and isinstance(value, list):
        types = [word for word in value if word != "null"]
        work.nullable = 0 < len(types) < len(value)
        if len(types) > 1:
            return _several_types(lowering, work, types)
        value = types[0] if types else "null"
    work.out[keyword] = [lowering.word(word) for word in value] if isinstance(value, list) else lowering.word(value)
    return None


def _several_types(lowering: Lowering, work: Work, types: Iterable[JSON]) -> None:
    """Say several types where a type is one word."""
    if lowering.name("anyOf") and not {"anyOf", "oneOf"} & work.raw.keys():
        work.out["anyOf"] = [{"type": lowering.word(word)} for word in types]
    else:
        lowering.leave(work, "type")


def lower_format(lowering: Lowering, work: Work, keyword: str, value: JSON) -> None:
    formats = lowering.keywords.formats
    if formats is None or (isinstance(value, str) and value in formats):
        lowering.plain(work, keyword, value)
    else:
        lowering.leave(work, keyword)


def lower_enum(lowering: Lowering, work: Work, keyword: str, value: JSON) -> None:
    if not lowering.becomes(work, "const", keyword):
        lowering.plain(work, keyword, value)


def lower_const(lowering: Lowering, work: Work, keyword: str, value: JSON) -> None:
    if lowering.becomes(work, keyword, "enum"):
        work.out["enum"] = [value]
    else:
        lowering.plain(work, keyword, value)


def lower_limit(lowering: Lowering, work: Work, keyword: str, value: JSON) -> None:
    """Say `minimum` or `maximum`, beside one that came of an exclusive limit."""
    lowering.plain(work, keyword, tighter(keyword, value, work.out.get(keyword)))


def lower_exclusive(lowering: Lowering, work: Work, keyword: str, value: JSON) -> None:
    """Say an exclusive limit as an inclusive one: exactly for whole numbers, else a little looser."""
    name = "minimum" if keyword == "exclusiveMinimum" else "maximum"
    if not lowering.becomes(work, keyword, name):
        return lowering.plain(work, keyword, value)
    if isinstance(value, bool):  # draft 4: it makes the other limit an exclusive one
        value = work.raw.get(name) if value else None
    if not is_number(value):
        return None
    exact = types_of(work.raw) == {"integer"} and Decimal(value).adjusted() < 30
    if exact:
        value = math.floor(value) + 1 if name == "minimum" else math.ceil(value) - 1
    else:
        lowering.drop(keyword)
    work.out[name] = tighter(name, value, work.out.get(name))
    return None


def mark_nullable(lowering: Lowering, work: Work) -> None:
    """Say that null fits, by the mark that stands for it; null is no value of an enum then."""
    if not lowering.keywords.nullable:
        return
    values = work.out.get("enum")
    if isinstance(values, list) and ("enum" in work.raw or lowering.becomes(work, "const", "enum")):
        work.out["enum"] = others = [value for value in values if value is not None]
        work.nullable = 0 < len(others) < len(values) and (work.nullable or "type" not in work.raw)
        if values and not others:
            del work.out["enum"]
            if lowering.name("type"):
                work.out["type"] = lowering.word("null")
            else:
                lowering.drop("enum")
    if work.nullable:
        work.out[lowering.keywords.nullable] = True
        lowering.lost += 1  # it fits whatever the rest says


def lower_prefix(lowering: Lowering, work: Work, keyword: str, value: JSON) -> None:
    """Say a tuple; as a list of any of its items, where the target knows none."""
    if lowering.name(keyword) or not isinstance(value, list):
        return lowering.plain(work, keyword, value)
    rest, most = work.raw.get("items"), work.raw.get("maxItems")
    bounded = rest is False or (most is not None and is_number(most) and most <= len(value))
    schemas = value if bounded else [*value, rest] if isinstance(rest, dict) else []
    lowered = list({encode_json(found): found for found in lowering.each(schemas, work.at.below())}.values())
    lowering.leave(work, keyword)
    if lowering.name("items") and len(lowered) == 1:
        work.out["items"] = lowered[0]
    elif lowering.name("items") and lowered and lowering.name("anyOf"):
        work.out["items"] = {"anyOf": lowered}
    elif rest is not None:
        lowering.leave(work, "items")
    return None


def lower_items(lowering: Lowering, work: Work, keyword: str, value: JSON) -> None:
    if not isinstance(work.raw.get("prefixItems"), list) or lowering.name("prefixItems"):
        lowering.plain(work, keyword, value)


def close_object(lowering: Lowering, work: Work) -> None:
    """Let an object have no other members than those it names."""
    types = {word.lower() for word in types_of(work.out)}
    is_object = "object" in types or ("type" not in work.out and "properties" in work.out)
    if not (lowering.keywords.close_objects and work.at.closing and is_object) or SAME_VALUE & work.out.keys():
        return
    if work.out.get("additionalProperties", False) is not False:
        lowering.leave(work, "additionalProperties")
    work.out["additionalProperties"] = False
