"""Schemas that are combined of others, compared part by part."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from tollbridge_rest.documents.pairs import Pair
from tollbridge_rest.documents.schemas import Side

if TYPE_CHECKING:
    from tollbridge_rest.documents.comparing import Comparing

_CHOICES = ("oneOf", "anyOf")
_MAX_PARTS = 1_000


def compare_combined(pair: Pair, comparing: "Comparing") -> bool:
    """Compare `allOf`, `oneOf`, `anyOf` and discriminators.

    True where nothing else is to be compared: one side is a choice with the other among its parts.
    """
    if _wrapped(pair, comparing):
        return True
    _all_of(pair, comparing)
    _choice(pair, comparing)
    _discriminator(pair, comparing)
    return False


def _wrapped(pair: Pair, comparing: "Comparing") -> bool:
    narrow, wide = pair.turned(pair.before, pair.after)
    if any(word in narrow for word in _CHOICES):
        return False
    for word in _CHOICES:
        parts = wide.get(word)
        if isinstance(parts, list) and not wide.keys() & _SAYING - {word}:
            for part in parts[:_MAX_PARTS]:
                both = pair.turned(narrow, part)
                if comparing.same(_whole(both[0], comparing, 0), _whole(both[1], comparing, 1)):
                    comparing.report.notes(pair.where, "it became one choice of several, or the only one")
                    return True
    return False


_SAYING = frozenset(("type", "properties", "allOf", "anyOf", "oneOf", "required", "items", "enum", "not", "$ref"))


def _whole(schema: Any, comparing: "Comparing", which: int) -> Any:
    return (comparing.after if which else comparing.before).refs.follow(schema)


def _all_of(pair: Pair, comparing: "Comparing") -> None:
    """Each part of the wide side must be met by one of the narrow side."""
    before, after = (_parts(each, "allOf") for each in (pair.before, pair.after))
    couples, gone, come = _coupled(before, after)
    for at, (one, other) in enumerate(couples):
        comparing.push(pair.inner(one, other, f"allOf/{at}"))
    for part in gone:
        tell = comparing.report.notes if pair.side is Side.REQUEST else comparing.report.breaks
        tell(f"{pair.where}/allOf", "a part that had to be met is gone", part)
    for part in come:
        tell = comparing.report.breaks if pair.side is Side.REQUEST else comparing.report.notes
        tell(f"{pair.where}/allOf", "a part that must be met came", None, part)


def _choice(pair: Pair, comparing: "Comparing") -> None:
    """Each choice of the narrow side must be one of the wide side's."""
    first, second = (next((word for word in _CHOICES if word in each), "") for each in (pair.before, pair.after))
    narrow, wide = pair.turned(first, second)
    if not wide:
        if narrow:
            comparing.report.notes(f"{pair.where}/{narrow}", _OTHER)
        return
    if not narrow or (wide == "oneOf" and narrow == "anyOf"):
        comparing.report.breaks(f"{pair.where}/{wide}", f"the choice of shapes {_HOW[pair.side]}", first, second)
        return
    if first != second:
        comparing.report.notes(
            f"{pair.where}/{second}", "the choice of shapes changed, and none fails with it", first, second
        )
    couples, gone, come = _coupled(_parts(pair.before, first), _parts(pair.after, second))
    for at, (one, other) in enumerate(couples):
        comparing.push(pair.inner(one, other, f"{second}/{at}"))
    for part in gone:
        tell = comparing.report.breaks if pair.side is Side.REQUEST else comparing.report.notes
        tell(f"{pair.where}/{first}", "a shape is gone", part)
    for part in come:
        tell = comparing.report.notes if pair.side is Side.REQUEST else comparing.report.breaks
        tell(f"{pair.where}/{second}", "a shape came", None, part)


_OTHER = "the choice of shapes is another, and none fails with it"
_HOW = {Side.REQUEST: "became smaller", Side.RESPONSE: "became larger"}


def _discriminator(pair: Pair, comparing: "Comparing") -> None:
    before, after = pair.before.get("discriminator"), pair.after.get("discriminator")
    if before == after:
        return
    narrow, wide = pair.turned(before, after)
    if (
        isinstance(narrow, Mapping)
        and isinstance(wide, Mapping)
        and narrow.get("propertyName") == wide.get("propertyName")
    ):
        few, many = narrow.get("mapping") or {}, wide.get("mapping") or {}
        if isinstance(few, Mapping) and isinstance(many, Mapping) and few.items() <= many.items():
            comparing.report.notes(f"{pair.where}/discriminator", "it tells more shapes apart", before, after)
            return
    comparing.report.breaks(f"{pair.where}/discriminator", "what tells the shapes apart changed", before, after)


def _parts(schema: Mapping[str, Any], word: str) -> list[Any]:
    found = schema.get(word)
    return found[:_MAX_PARTS] if isinstance(found, list) else []


def _coupled(before: Sequence[Any], after: Sequence[Any]) -> tuple[list[tuple[Any, Any]], list[Any], list[Any]]:
    """Put parts together that are the same by reference or word; what is left over by place, if as many are left."""
    known: dict[bytes, list[Any]] = {}
    for part in after:
        known.setdefault(_written(part), []).append(part)
    couples, gone = [], []
    for part in before:
        same = known.get(_written(part))
        if same:
            couples.append((part, same.pop()))
        else:
            gone.append(part)
    left = {id(part) for parts in known.values() for part in parts}
    come = [part for part in after if id(part) in left]
    if len(gone) == len(come):
        return [*couples, *zip(gone, come, strict=True)], [], []
    return couples, gone, come


def _written(part: Any) -> bytes:
    if isinstance(part, Mapping) and isinstance(part.get("$ref"), str):
        return str(part["$ref"]).encode("utf-8")
    return msgspec.json.encode(part, order="sorted")
