"""What it takes at most to hold a value against a JSON Schema (2020-12), told before it is done.

A check holds the interpreter for as long as it takes, and everything waits for it. So it is counted in steps of about
20 ns (jsonschema-rs 0.60.3 on 2 cores): what a schema says is counted once for each value, and for each digit and
character where that takes time. What is counted is never less than about what is done, and may be a few times as much.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote

from tollbridge_prompts.patterncost import living
from tollbridge_prompts.valuesize import LONG, Size, size_of

STEPS = 10_000_000
"""Steps that one check may take: about 0.2 s."""
DEAREST = STEPS // 1_000
"""Steps for a single value, or character, at which no schema is of use any more: a thousand of them are too many."""
_ERROR = 1_000
"""Steps to make one error, beside those that find it; and those for each character of what it is about."""
_ERROR_CHARACTER = 0.35
_MOST = 1e15

_WITHIN = frozenset(("not", "if", "then", "else"))
_WITHIN_LISTS = frozenset(("allOf", "anyOf", "oneOf"))
_CHILD = frozenset(("contains", "propertyNames", "unevaluatedItems", "unevaluatedProperties"))
_SILENT = frozenset(
    (
        *("$ref", "$defs", "definitions", "$schema", "$anchor", "$comment", "title", "description", "default"),
        *("example", "examples", "deprecated", "readOnly", "writeOnly", "contentMediaType", "contentEncoding"),
    )
)
_UNEVALUATED = 4
"""How often what a schema leads to is looked at again where it has `unevaluated...`, each time for those within too."""
_FORMATS = {"regex": (100.0, 6.0), "idn-hostname": (60.0, 9.0), "idn-email": (30.0, 9.0)}


class Steps(NamedTuple):
    """What a schema takes for each value, digit and character."""

    value: float = 0.0
    digit: float = 0.0
    character: float = 0.0

    def plus(self, other: "Steps", times: float = 1.0) -> "Steps":
        value, digit, character = self
        return Steps(
            min(value + times * other.value, _MOST),
            min(digit + times * other.digit, _MOST),
            min(character + times * other.character, _MOST),
        )

    def most(self, other: "Steps") -> "Steps":
        return Steps(max(self.value, other.value), max(self.digit, other.digit), max(self.character, other.character))

    def of(self, size: Size) -> float:
        return self.value * size.values + self.digit * size.digits + self.character * size.characters


class Price(NamedTuple):
    """What a schema takes of a value it is held against, and of all that is inside of that."""

    own: Steps = Steps()
    inside: Steps = Steps()

    @property
    def most(self) -> Steps:
        return self.own.most(self.inside)


class _Plan(NamedTuple):
    """How the price of a schema comes of those it leads to: those held against the same value, then the others.

    Of the others each group is of schemas of which one holds for each value.
    """

    price: Price
    within: list[int]
    groups: list[list[int]]
    choices: list[int]
    times: int


class CheckCost:
    """What checks against one schema take.  References in it lead into itself."""

    def __init__(self, schema: Any) -> None:
        self._root = id(schema)
        self._kept = schema  # so that identities stay those of its parts
        self._plans = dict(_plans(schema))
        self._prices: dict[int, Price] = {}
        self._priced: list[Price] = []

    def steps(self, size: Size) -> int:
        """Count the steps of a check, at most."""
        return int(self._at(size.depth).most.of(size))

    def listing(self, size: Size) -> int:
        """Count those of naming all errors."""
        return _naming(self._at(size.depth).most.value, size)

    def first(self, size: Size) -> int:
        """Count those of naming one error, with all that it is made of: that no alternative fits is one."""
        self._at(size.depth)
        own, inside = self._dearest_choice(self._prices)
        return _naming(inside.value, size) + _naming(own.value + 1, size._replace(values=1))

    def dearest(self, depth: int) -> float:
        """Give the steps for a single value or character, within so many levels of values."""
        most = self._at(depth).most
        return max(most.value, most.character)

    def _at(self, depth: int) -> Price:
        """Give the price within so many levels of values."""
        while len(self._priced) < depth:
            prices = self._next(self._prices)
            if prices == self._prices:
                break
            self._prices = prices
            self._priced.append(prices.get(self._root, Price()))
        return self._priced[min(depth, len(self._priced)) - 1] if self._priced else Price()

    def _next(self, before: Mapping[int, Price]) -> dict[int, Price]:
        prices: dict[int, Price] = {}
        for key, plan in self._plans.items():
            own, inside = plan.price
            for one in plan.within:
                price = prices.get(one) or before.get(one, Price())
                own, inside = own.plus(price.own, plan.times), inside.plus(price.inside, plan.times)
            for group in plan.groups:
                dearest = Steps()
                for one in group:
                    dearest = dearest.most(before.get(one, Price()).most)
                inside = inside.plus(dearest)
            prices[key] = Price(own, inside)
        return prices

    def _dearest_choice(self, prices: Mapping[int, Price]) -> Price:
        dearest = Price()
        for plan in self._plans.values():
            own, inside = Steps(), Steps()
            for one in plan.choices:
                price = prices.get(one, Price())
                own, inside = own.plus(price.own), inside.plus(price.inside)
            dearest = Price(dearest.own.most(own), dearest.inside.most(inside))
        return dearest


def _naming(steps: float, size: Size) -> int:
    return int(steps * (_ERROR * size.values + _ERROR_CHARACTER * size.characters * size.depth))


def _plans(root: Any) -> Iterator[tuple[int, _Plan]]:
    """Give the plan of each schema, those that it leads to first where that can be."""
    seen: set[int] = set()
    stack = [(root, False)]
    while stack:
        schema, known = stack.pop()
        if known:
            yield id(schema), _plan(root, schema)
        elif isinstance(schema, Mapping) and id(schema) not in seen:
            seen.add(id(schema))
            stack.append((schema, True))
            within, groups, _ = _parts(root, schema)
            stack.extend((part, False) for group in (within, *groups) for part in group)


def _plan(root: Any, schema: Mapping[str, Any]) -> _Plan:
    within, groups, choices = _parts(root, schema)
    own, inside = Steps(value=sum(word not in _SILENT for word in schema)), Steps()
    for word, said in schema.items():
        if word in _OWN:
            own = own.plus(_OWN[word](said))
        if word in _INSIDE:
            inside = inside.plus(_INSIDE[word](said))
    times = _UNEVALUATED if "unevaluatedItems" in schema or "unevaluatedProperties" in schema else 1
    return _Plan(Price(own, inside), _ids(within), list(filter(None, map(_ids, groups))), _ids(choices), times)


def _ids(schemas: Iterable[Any]) -> list[int]:
    return [id(one) for one in schemas if isinstance(one, Mapping)]


def _parts(root: Any, schema: Mapping[str, Any]) -> tuple[list[Any], list[list[Any]], list[Any]]:
    """Give the schemas within one: held against the same value, against what is inside, and alternatives."""
    within = [schema[word] for word in _WITHIN if word in schema]
    choices: list[Any] = []
    for word in _WITHIN_LISTS:
        listed = schema.get(word)
        if isinstance(listed, list):
            within += listed
            choices += listed if word != "allOf" else ()
    within += _values(schema, "dependentSchemas")
    if isinstance(schema.get("$ref"), str):
        within.append(_found(root, schema["$ref"]))
    prefix, rest = schema.get("prefixItems"), [schema.get("items")]
    groups = [[part] for part in _values(schema, "patternProperties")]
    groups += [[schema[word]] for word in _CHILD if word in schema]
    groups.append([*_values(schema, "properties"), schema.get("additionalProperties")])
    groups.append([*prefix, *rest] if isinstance(prefix, list) else rest)
    return within, groups, choices


def _values(schema: Mapping[str, Any], word: str) -> list[Any]:
    said = schema.get(word)
    return list(said.values()) if isinstance(said, Mapping) else []


def _found(root: Any, ref: str) -> Any:
    """Give what a reference leads to, nothing where that is nowhere."""
    found = root
    for part in unquote(ref).removeprefix("#").split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(found, Mapping):
            found = found.get(name)
        elif isinstance(found, list) and name.isdecimal() and int(name) < len(found):
            found = found[int(name)]
        else:
            return None
    return found


def _pattern(said: Any) -> Steps:
    places = living(said) if isinstance(said, str) else 0
    return Steps(value=20, character=0.5 if places <= 10 else 1.5 * places)


def _patterns(said: Any) -> Steps:
    steps = Steps()
    for pattern in said if isinstance(said, Mapping) else ():
        steps = steps.plus(_pattern(pattern), 2)  # names are matched again to see which are additional
    return steps


def _format(said: Any) -> Steps:
    value, character = _FORMATS.get(str(said), (30.0, 1.0))
    return Steps(value=value, character=character)


def _bound(said: Any) -> Steps:
    return Steps(value=2 if _is_whole(said) else 200, digit=15)


def _multiple(said: Any) -> Steps:
    return Steps(value=2 if _is_whole(said) else 300, digit=22)


def _enum(said: Any) -> Steps:
    """Texts and small integers alone are looked up, all else is compared one by one."""
    members = said if isinstance(said, list) else []
    looked_up = all(not isinstance(one, list | Mapping) for one in members)
    steps = Steps(value=2)
    for one in members:
        price = _member(one)
        steps = steps.plus(price._replace(value=0.05) if looked_up and price.value < 100 else price)
    return steps


def _member(said: Any) -> Steps:
    """What it takes to compare with a value, which may be as large."""
    if isinstance(said, str):
        return Steps(value=2 + len(said) / 100)
    if isinstance(said, list | Mapping):
        size = size_of(said)
        return Steps(value=12 * size.values + size.digits * 15 + size.characters / 20, digit=15 * size.values)
    if said is None or isinstance(said, bool):
        return Steps(value=2)
    return Steps(value=14 if _is_whole(said) else 200, digit=20)


def _is_whole(number: Any) -> bool:
    return isinstance(number, int) and number.bit_length() <= LONG


def _dependents(said: Any) -> Steps:
    lists = list(said.values()) if isinstance(said, Mapping) else []
    return Steps(value=len(lists) + 2 * sum(len(one) for one in lists if isinstance(one, list | Mapping)))


def _each(value: float, digit: float = 0.0, character: float = 0.0) -> Any:
    steps = Steps(value, digit, character)
    return lambda said: steps


_OWN = {
    "pattern": _pattern,
    "format": _format,
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), _bound),
    "multipleOf": _multiple,
    "const": _member,
    "enum": _enum,
    "dependentRequired": _dependents,
    "dependentSchemas": _dependents,
    "type": _each(0, 1),
}
"""What keywords take of the value they are about, beside the one step that each takes."""
_INSIDE = {
    "patternProperties": _patterns,
    "uniqueItems": _each(6, 3, 0.1),
    **dict.fromkeys(("properties", "required", "additionalProperties", "propertyNames"), _each(2)),
    **dict.fromkeys(("items", "prefixItems", "contains", "unevaluatedItems", "unevaluatedProperties"), _each(2)),
}
"""What they take of each value inside of it."""
