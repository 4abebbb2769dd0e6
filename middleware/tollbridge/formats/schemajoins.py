"""Keywords that hold schemas about the same value, and references to others: how several become one."""

from tollbridge.formats.schemapass import Lowering, Work
from tollbridge.formats.schemawords import ANNOTATIONS, SHARED, UNITED, clashes, is_null, pointed, size_of
from tollbridge.formats.values import JSON

MOST_ADDED = 500_000
"""Characters and values that references may add, and members that schemas put into others may."""


def lower_defs(lowering: Lowering, work: Work, keyword: str, value: JSON) -> None:
    if not lowering.keywords.inline_refs:
        lowering.plain(work, keyword, value)


def lower_ref(lowering: Lowering, work: Work, keyword: str, value: JSON) -> None:
    """Keep a reference, or take what it points to along."""
    target = pointed(work.at.base, value)
    if not isinstance(target, dict | bool):
        lowering.leave(work, keyword)
    elif _stays(lowering, work, value):
        work.out[keyword] = value
        lowering.references += 1
        lowering.lost += lowering.loose_references
    elif isinstance(target, dict) and id(target) in lowering.above:
        lowering.leave(work, keyword)
        work.joins.append(lowering.members(Work({"type": target.get("type")}, work.at)))
    else:
        _add(lowering, size_of(target, MOST_ADDED), "its references")
        work.joins.append(lowering.schema(target, work.at.beside(closing="properties" not in work.raw)))


def _add(lowering: Lowering, size: int, by: str) -> None:
    lowering.added += size
    if lowering.added > MOST_ADDED:
        lowering.refuse(f"it grows too large by {by}")


def _stays(lowering: Lowering, work: Work, reference: str) -> bool:
    if lowering.keywords.inline_refs or not lowering.name("$ref") or work.at.base is not lowering.root:
        return False
    place, _, rest = reference.removeprefix("#/").partition("/")
    return reference == "#" or (place in SHARED and bool(lowering.name(place)) and "/" not in rest)


def lower_choices(lowering: Lowering, work: Work, keyword: str, value: JSON) -> None:
    """Say `anyOf` and `oneOf`; one of a single schema, or of one and null where that is a mark, is that schema."""
    if not isinstance(value, list):
        lowering.refuse(f"{keyword!r} must be a list of schemas")
    if lowering.keywords.nullable and any(map(is_null, value)):
        value = [inner for inner in value if not is_null(inner)] or [{"type": "null"}]
        work.nullable = True
    before = lowering.lost
    at = work.at.beside(closing="properties" not in work.raw)
    schemas = lowering.each(value, at)
    name = lowering.name(keyword)
    if len(schemas) == 1 and (work.nullable or not name):
        work.joins.append(schemas[0])
    elif name == keyword and (keyword == "anyOf" or lowering.lost == before):
        work.out[keyword] = schemas
    elif keyword == "oneOf" and lowering.name("anyOf") and not work.raw.get("anyOf") and "anyOf" not in work.out:
        work.out["anyOf"] = schemas
        lowering.drop(keyword)
    else:
        lowering.leave(work, keyword)


def lower_all(lowering: Lowering, work: Work, keyword: str, value: JSON) -> None:
    if not isinstance(value, list):
        lowering.refuse(f"{keyword!r} must be a list of schemas")
    at = work.at.beside(closing=len(value) == 1 and "properties" not in work.raw)
    schemas = lowering.each(value, at)
    if lowering.name(keyword):
        work.out[keyword] = schemas
    else:
        work.joins += schemas


def join(lowering: Lowering, work: Work, other: JSON) -> None:
    """Put a lowered schema into this one: both hold."""
    if other is True or other == {}:
        return
    apart = [] if other is False else [key for key, value in other.items() if clashes(work.out, key, value)]
    if (apart or other is False) and lowering.name("allOf"):
        work.out["allOf"] = [*work.out.get("allOf", ()), other]
        return
    both = work.out.keys() - ANNOTATIONS and other.keys() - ANNOTATIONS
    lowering.lost += bool(both)  # `additionalProperties` and their like see more than before
    for keyword, value in other.items():
        if keyword not in apart:
            work.out.setdefault(keyword, value)
        elif keyword in UNITED:
            united, whole = UNITED[keyword](work.out[keyword], value)
            work.out[keyword] = united
            _add(lowering, len(united) if isinstance(united, list | dict) else 0, "schemas that hold together")
            if not whole:
                lowering.drop(keyword)
        else:
            lowering.drop(keyword)
