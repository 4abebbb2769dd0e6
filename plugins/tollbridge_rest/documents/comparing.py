"""Two schemas compared: what of the second a caller of the first may fail with.

A request's schema may come to allow more, an answer's to allow less; whatever is not seen to be so is breaking. A pair
of schemas under names of their own is compared once a side, and its changes are told under that name, which also
ends recursion.
"""

from collections.abc import Mapping
from typing import Any

from tollbridge_rest.documents.bounds import BadDocument
from tollbridge_rest.documents.combining import compare_combined
from tollbridge_rest.documents.limiting import compare_limits
from tollbridge_rest.documents.pairs import Pair
from tollbridge_rest.documents.pointers import parts_of
from tollbridge_rest.documents.reporting import Report
from tollbridge_rest.documents.sameness import SAYING, Sameness
from tollbridge_rest.documents.schemas import Schemas, Side

MAX_PAIRS = 200_000
_WHOLE = frozenset(
    (
        *("if", "then", "else", "contains", "propertyNames", "patternProperties", "dependentSchemas", "not"),
        *("unevaluatedItems", "unevaluatedProperties"),
    )
)
"""Keywords whose schemas are not looked into: any change of them is breaking, unless it takes them away."""


class Comparing:
    """Compares schemas of two documents, and remembers what it compared."""

    def __init__(self, before: Schemas, after: Schemas, report: Report) -> None:
        self.before, self.after, self.report = before, after, report
        self._same = Sameness(before, after)
        self._seen: set[tuple[Any, Any, Side]] = set()
        self._waiting: list[Pair] = []

    def compare(self, before: Any, after: Any, side: Side, where: str) -> None:
        """Compare two schemas and all they hold."""
        self._waiting.append(Pair(before, after, side, where))
        while self._waiting:
            if len(self._seen) > MAX_PAIRS:
                self.report.breaks(where, f"there are over {MAX_PAIRS:,} schemas; what follows is not compared")
                self._waiting.clear()
                return
            try:
                self._pair(self._waiting.pop())
            except BadDocument as exc:
                self.report.breaks(where, f"a schema cannot be compared: {exc.message}")

    def same(self, before: Any, after: Any) -> bool:
        """Whether two schemas say the same."""
        return self._same.of(before, after)

    def _pair(self, pair: Pair) -> None:
        (first, before), (second, after) = _named(pair.before, self.before), _named(pair.after, self.after)
        before, after = _with_null(before, self.before), _with_null(after, self.after)
        key = (first or id(before), second or id(after), pair.side)
        if key in self._seen:
            return
        self._seen.add(key)
        if first and second:
            pair = Pair(before, after, pair.side, f"{'/'.join(parts_of(second)[-2:])} ({pair.side})")
        else:
            pair = Pair(before, after, pair.side, pair.where)
        narrow, wide = pair.turned(before, after)
        if _says_nothing(wide) or narrow is False:
            if not _says_nothing(narrow) and wide is not False:
                self.report.notes(pair.where, _EASIER[pair.side], before, after)
        elif _says_nothing(narrow) or not isinstance(narrow, Mapping) or not isinstance(wide, Mapping):
            self.report.breaks(pair.where, _HARDER[pair.side], before, after)
        else:
            self._objects(pair)

    def _objects(self, pair: Pair) -> None:
        if compare_combined(pair, self):
            return
        own = self.before.own(pair.before, pair.side), self.after.own(pair.after, pair.side)
        compare_limits(pair, own, self.report)
        self._fields(pair, own)
        self._additional(pair)
        self._items(pair)
        for word in (pair.before.keys() | pair.after.keys()) & _WHOLE:
            self._whole(pair, word)

    def push(self, pair: Pair) -> None:
        """Compare two parts later."""
        self._waiting.append(pair)

    def _fields(self, pair: Pair, own: tuple[dict[str, Any], dict[str, Any]]) -> None:
        before = _visible(pair.before, self.before, pair.side)
        after = _visible(pair.after, self.after, pair.side)
        needed = [set(filter(_is_text, each.get("required") or ())) for each in own]
        for name in sorted(before.keys() - after.keys()):
            self.report.breaks(f"{pair.where}/{name}", f"the field is gone from {_PLURAL[pair.side]}")
            needed[0].discard(name)
        for name in sorted(after.keys() - before.keys()):
            if pair.side is Side.REQUEST and name in needed[1] and name not in needed[0]:
                self.report.breaks(f"{pair.where}/{name}", "a field that must be sent came")
            else:
                self.report.notes(f"{pair.where}/{name}", f"a field came to {_PLURAL[pair.side]}")
            needed[1].discard(name)
        for name in sorted(before.keys() & after.keys()):
            self.push(pair.inner(before[name], after[name], name))
        for name in sorted(needed[1] - needed[0]):
            if pair.side is Side.REQUEST:
                self.report.breaks(f"{pair.where}/{name}", "the field must be sent now")
            else:
                self.report.notes(f"{pair.where}/{name}", "the field is always there now")
        for name in sorted(needed[0] - needed[1]):
            if pair.side is Side.RESPONSE:
                self.report.breaks(f"{pair.where}/{name}", "the field may be missing now")
            else:
                self.report.notes(f"{pair.where}/{name}", "the field may be left out now")

    def _additional(self, pair: Pair) -> None:
        before, after = (each.get("additionalProperties", True) for each in (pair.before, pair.after))
        if before != after or isinstance(before, Mapping):
            self.push(pair.inner(before, after, "*"))

    def _items(self, pair: Pair) -> None:
        before, after = (each.get("items", True) for each in (pair.before, pair.after))
        first, second = (_list(each.get("prefixItems")) for each in (pair.before, pair.after))
        for at in range(max(len(first), len(second))):
            one = first[at] if at < len(first) else before
            other = second[at] if at < len(second) else after
            self.push(pair.inner(one, other, str(at)))
        if before is not True or after is not True:
            self.push(pair.inner(before, after, "items"))

    def _whole(self, pair: Pair, word: str) -> None:
        """Compare what is not looked into: it stays the same, or the wide side has none of it."""
        before, after = pair.before.get(word), pair.after.get(word)
        if self.same({word: before}, {word: after}):
            return
        if pair.turned(before, after)[1] is None:
            self.report.notes(
                f"{pair.where}/{word}", "a rule is gone" if after is None else "a rule came", before, after
            )
        else:
            self.report.breaks(f"{pair.where}/{word}", "a rule changed that is not looked into", before, after)


_HARDER = {Side.REQUEST: "fewer values are allowed", Side.RESPONSE: "more values are possible"}
_EASIER = {Side.REQUEST: "more values are allowed", Side.RESPONSE: "fewer values are possible"}
_PLURAL = {Side.REQUEST: "requests", Side.RESPONSE: "answers"}


def _says_nothing(schema: Any) -> bool:
    """Whether any value is right."""
    return schema is True or (isinstance(schema, Mapping) and not schema.keys() & SAYING)


def _named(schema: Any, schemas: Schemas) -> tuple[str, Any]:
    """Give the name of a schema that stands elsewhere, and the schema; words beside a reference go along with it."""
    if not isinstance(schema, Mapping) or not isinstance(schema.get("$ref"), str):
        return "", schema
    beside = {key: value for key, value in schema.items() if key != "$ref"}
    if schemas.old or (not schemas.own(beside, Side.REQUEST) and not beside.keys() & _HOLDING):
        return schemas.refs.trace(schema)
    return "", {**beside, "allOf": [*_list(beside.get("allOf")), {"$ref": schema["$ref"]}]}


def _with_null(schema: Any, schemas: Schemas) -> Any:
    """Say as a choice that null may be, where OpenAPI 3.0 says it of what has no type of its own."""
    if not schemas.old or not isinstance(schema, Mapping) or schema.get("nullable") is not True:
        return schema
    rest = {key: value for key, value in schema.items() if key != "nullable"}
    if isinstance(schema.get("type"), str) or _says_nothing(rest):
        return schema
    choices = [word for word in ("anyOf", "oneOf") if isinstance(rest.get(word), list)]
    if len(choices) == 1 and not rest.keys() & {"allOf", "const", "enum", "not"}:
        return {**rest, choices[0]: [*rest[choices[0]], {"type": "null"}]}
    return {"anyOf": [rest, {"type": "null"}]}


_HOLDING = frozenset(("properties", "items", "allOf", "anyOf", "oneOf", "additionalProperties")) | _WHOLE


def _visible(schema: Mapping[str, Any], schemas: Schemas, side: Side) -> dict[str, Any]:
    """Give the fields that go this way."""
    properties = schema.get("properties")
    if not isinstance(properties, Mapping):
        return {}
    return {name: each for name, each in properties.items() if not schemas.hides(each, side)}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _is_text(value: Any) -> bool:
    return isinstance(value, str)
