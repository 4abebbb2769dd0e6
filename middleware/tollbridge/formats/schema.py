"""Lowering a JSON Schema to what a target takes: one pass for all dialects, each with a table of its keywords.

What is left out makes a schema looser, never tighter: a value that fitted still does. So what cannot stand without a
keyword that went, or only as it was (`not`, `if`, `oneOf`), goes too. Only `close_objects` tightens: targets insist.
JSON Schema 2020-12 and the words of older drafts (https://json-schema.org/draft/2020-12, read 2026-11).
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import NoReturn

from tollbridge.formats.notes import Notes
from tollbridge.formats.schemawords import (
    ANNOTATIONS,
    EXACT,
    MANY,
    NAMED,
    NULL_SAYS,
    ONE,
    OPEN,
    RESTS_ON,
    SAME_VALUE,
    SHARED,
    SILENT,
    UNITED,
    clashes,
    is_null,
    is_number,
    pointed,
    size_of,
    tighter,
    types_of,
)
from tollbridge.formats.values import JSON

MOST_DEPTH = 100
"""Schemas within schemas, references followed included."""
MOST_NODES = 20_000
"""Schemas in one schema, references followed included."""
MOST_INLINED = 500_000
"""Characters and values that references may add."""


@dataclass(frozen=True, slots=True)
class Keywords:
    """What a target takes of JSON Schema.

    `kept` are its keywords, None for all. `inline_refs` puts what `$ref` points to in its place; otherwise references
    to `$defs` and `definitions` stay where those are kept. `close_objects` sets `additionalProperties` to false on
    every object that is not composed of several schemas. `nullable` names the member that stands for the type "null"
    where a type is one word (OpenAPI 3.0, Gemini). `upper_types` writes types in capitals. `formats` are the values of
    `format` that are kept, None for all. `renames` says another keyword for one: `const` as `enum`, `oneOf` as
    `anyOf`, `exclusiveMinimum` as `minimum` and `exclusiveMaximum` as `maximum` are rewritten, others only renamed.
    """

    kept: frozenset[str] | None = None
    inline_refs: bool = False
    close_objects: bool = False
    nullable: str = ""
    upper_types: bool = False
    formats: frozenset[str] | None = None
    renames: Mapping[str, str] = field(default_factory=dict)


def lower(schema: JSON, keywords: Keywords, notes: Notes, where: str) -> JSON:
    """Say a schema with the keywords a target takes; None, where none was said, stays None.

    A keyword that goes is dropped as `<where>.<keyword>`, a reference that leads nowhere here, or back to where it
    stands, as `<where>.$ref`; that one becomes a schema of the same type without conditions. What tells a model
    nothing (`title`, `$schema`, `$id`, ...) goes silently. Raises `Untranslatable` for what is no schema, and for one
    that is too deep or grows too large by its references.
    """
    if schema is None:
        return None
    try:
        lowering = _Lowering(schema, keywords, notes, where)
        found = lowering.schema(schema, _At(schema))
        if lowering.references and lowering.lost:
            # Something is looser now, maybe what a reference that stays leads to: no `not` may rely on it.
            found = _Lowering(schema, keywords, notes, where, loose_references=1).schema(schema, _At(schema))
    except RecursionError:
        notes.refuse(where, "it is nested too deep")
    return found


@dataclass(frozen=True, slots=True)
class _At:
    """Where a schema stands.  `base` is what its references start from, `closing` whether it may be closed."""

    base: JSON
    depth: int = 0
    closing: bool = True

    def below(self) -> "_At":
        return _At(self.base, self.depth + 1)

    def beside(self, *, closing: bool) -> "_At":
        return _At(self.base, self.depth + 1, closing and self.closing)


@dataclass(slots=True)
class _Work:
    """One schema being lowered.  `gone` are the keywords that went, `loose` those that say less than they did.

    `joins` are schemas that hold beside this one and are to be put into it.
    """

    raw: Mapping[str, JSON]
    at: _At
    out: dict[str, JSON] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    loose: set[str] = field(default_factory=set)
    joins: list[JSON] = field(default_factory=list)
    nullable: bool = False


class _Lowering:
    """One pass.  `lost` counts what made the schema looser; `references` those that stay in it."""

    def __init__(self, root: JSON, keywords: Keywords, notes: Notes, where: str, *, loose_references: int = 0) -> None:
        self.lost = 0
        self.references = 0
        self._root = root
        self._keywords = keywords
        self._notes = notes
        self._where = where
        self._loose_references = loose_references
        self._nodes = 0
        self._inlined = 0
        self._above: set[int] = set()

    def schema(self, schema: JSON, at: _At) -> JSON:
        """Lower one schema and all that is in it."""
        self._nodes += 1
        if at.depth > MOST_DEPTH:
            self._refuse(f"its schemas are nested deeper than {MOST_DEPTH} levels")
        if self._nodes > MOST_NODES:
            self._refuse(f"it has more than {MOST_NODES:,} schemas")
        if isinstance(schema, bool):
            return self._word_schema(schema)
        if not isinstance(schema, dict):
            self._refuse("a schema must be an object, true or false")
        id_ = schema.get("$id")
        if isinstance(id_, str) and not id_.startswith("#"):
            at = replace(at, base=schema)
        self._above.add(id(schema))
        found = self._object(_Work(schema, at))
        self._above.discard(id(schema))
        return found

    def _refuse(self, why: str) -> NoReturn:
        self._notes.refuse(self._where, why)

    def _word_schema(self, schema: bool) -> JSON:
        if self._keywords.kept is None:
            return schema
        if schema:
            return {}
        if "not" in self._keywords.kept:
            return {"not": {}}
        self._drop("false")
        return {}

    def _object(self, work: _Work) -> dict[str, JSON]:
        begin = self.lost
        for keyword, value in work.raw.items():
            if value is None and keyword not in NULL_SAYS:
                continue
            before = self.lost
            _WAYS.get(keyword, _Lowering._plain)(self, work, keyword, value)
            if self.lost != before:
                work.loose.add(keyword)
        for other in work.joins:
            self._join(work, other)
        self._keep_sense(work, begin)
        self._mark_nullable(work)
        self._close(work)
        return work.out

    def _name(self, keyword: str) -> str:
        """Say what a keyword is called by the target, empty where it has none."""
        name = self._keywords.renames.get(keyword, keyword)
        kept = self._keywords.kept
        closed = name == "additionalProperties" and self._keywords.close_objects
        return name if kept is None or name in kept or closed else ""

    def _drop(self, keyword: str) -> None:
        self._notes.drop(f"{self._where}.{keyword}")
        self.lost += keyword not in ANNOTATIONS

    def _leave(self, work: _Work, keyword: str) -> None:
        """Leave a keyword of this schema behind."""
        work.out.pop(keyword, None)
        work.gone.add(keyword)
        if keyword not in SILENT and keyword not in SHARED:
            self._drop(keyword)

    def _plain(self, work: _Work, keyword: str, value: JSON) -> None:
        name = self._name(keyword)
        if name:
            work.out[name] = self._value(work, keyword, value)
        elif value is not None or keyword == "const":
            self._leave(work, keyword)

    def _value(self, work: _Work, keyword: str, value: JSON) -> JSON:
        """Lower the schemas that a keyword holds; any other value is as it is."""
        at = work.at.beside(closing=False) if keyword in SAME_VALUE else work.at.below()
        if keyword in MANY and isinstance(value, list):
            return self._each(value, at)
        if keyword in NAMED:
            if not isinstance(value, dict):
                self._refuse(f"{keyword!r} must hold schemas by name")
            lists = keyword == "dependencies"
            return {
                name: inner if lists and isinstance(inner, list) else self.schema(inner, at)
                for name, inner in value.items()
            }
        if keyword in ONE or (keyword in OPEN and not isinstance(value, bool)):
            return self.schema(value, at)
        if keyword in MANY:
            self._refuse(f"{keyword!r} must be a list of schemas")
        return value

    def _each(self, schemas: Iterable[JSON], at: _At) -> list[JSON]:
        return [self.schema(inner, at) for inner in schemas]

    def _defs(self, work: _Work, keyword: str, value: JSON) -> None:
        if not self._keywords.inline_refs:
            self._plain(work, keyword, value)

    def _ref(self, work: _Work, keyword: str, value: JSON) -> None:
        """Keep a reference, or take what it points to along."""
        target = pointed(work.at.base, value)
        if not isinstance(target, dict | bool):
            self._leave(work, keyword)
        elif self._stays(work, value):
            work.out[keyword] = value
            self.references += 1
            self.lost += self._loose_references
        elif isinstance(target, dict) and id(target) in self._above:
            self._leave(work, keyword)
            work.joins.append(self._object(_Work({"type": target.get("type")}, work.at)))
        else:
            self._inlined += size_of(target, MOST_INLINED)
            if self._inlined > MOST_INLINED:
                self._refuse("it grows too large by its references")
            work.joins.append(self.schema(target, work.at.beside(closing="properties" not in work.raw)))

    def _stays(self, work: _Work, reference: str) -> bool:
        if self._keywords.inline_refs or not self._name("$ref") or work.at.base is not self._root:
            return False
        place, _, rest = reference.removeprefix("#/").partition("/")
        return reference == "#" or (place in SHARED and bool(self._name(place)) and "/" not in rest)

    def _type(self, work: _Work, keyword: str, value: JSON) -> None:
        if not self._name(keyword):
            return self._leave(work, keyword)
        if self._keywords.nullable and isinstance(value, list):
            types = [word for word in value if word != "null"]
            work.nullable = 0 < len(types) < len(value)
            if len(types) > 1:
                return self._types(work, types)
            value = types[0] if types else "null"
        work.out[keyword] = [self._word(word) for word in value] if isinstance(value, list) else self._word(value)
        return None

    def _types(self, work: _Work, types: Iterable[JSON]) -> None:
        """Say several types where a type is one word."""
        if self._name("anyOf") and not {"anyOf", "oneOf"} & work.raw.keys():
            work.out["anyOf"] = [{"type": self._word(word)} for word in types]
        else:
            self._leave(work, "type")

    def _word(self, word: JSON) -> JSON:
        return word.upper() if self._keywords.upper_types and isinstance(word, str) else word

    def _format(self, work: _Work, keyword: str, value: JSON) -> None:
        formats = self._keywords.formats
        if formats is None or (isinstance(value, str) and value in formats):
            self._plain(work, keyword, value)
        else:
            self._leave(work, keyword)

    def _enum(self, work: _Work, keyword: str, value: JSON) -> None:
        if not self._becomes(work, "const", keyword):
            self._plain(work, keyword, value)

    def _const(self, work: _Work, keyword: str, value: JSON) -> None:
        if self._becomes(work, keyword, "enum"):
            work.out["enum"] = [value]
        else:
            self._plain(work, keyword, value)

    def _becomes(self, work: _Work, keyword: str, other: str) -> bool:
        return keyword in work.raw and self._keywords.renames.get(keyword) == other == self._name(keyword)

    def _limit(self, work: _Work, keyword: str, value: JSON) -> None:
        """Say `minimum` or `maximum`, beside one that came of an exclusive limit."""
        self._plain(work, keyword, tighter(keyword, value, work.out.get(keyword)))

    def _exclusive(self, work: _Work, keyword: str, value: JSON) -> None:
        """Say an exclusive limit as an inclusive one: exactly for whole numbers, else a little looser."""
        name = "minimum" if keyword == "exclusiveMinimum" else "maximum"
        if not self._becomes(work, keyword, name):
            return self._plain(work, keyword, value)
        if isinstance(value, bool):  # draft 4: it makes the other limit an exclusive one
            value = work.raw.get(name) if value else None
        if not is_number(value):
            return None
        exact = types_of(work.raw) == {"integer"} and Decimal(value).adjusted() < 30
        if exact:
            value = math.floor(value) + 1 if name == "minimum" else math.ceil(value) - 1
        else:
            self._drop(keyword)
        work.out[name] = tighter(name, value, work.out.get(name))
        return None

    def _choices(self, work: _Work, keyword: str, value: JSON) -> None:
        """Say `anyOf` and `oneOf`; one of a single schema, or of one and null where that is a mark, is that schema."""
        if not isinstance(value, list):
            self._refuse(f"{keyword!r} must be a list of schemas")
        if self._keywords.nullable and any(map(is_null, value)):
            value = [inner for inner in value if not is_null(inner)] or [{"type": "null"}]
            work.nullable = True
        before = self.lost
        at = work.at.beside(closing="properties" not in work.raw)
        schemas = self._each(value, at)
        name = self._name(keyword)
        if len(schemas) == 1 and (work.nullable or not name):
            work.joins.append(schemas[0])
        elif name == keyword and (keyword == "anyOf" or self.lost == before):
            work.out[keyword] = schemas
        elif keyword == "oneOf" and self._name("anyOf") and not work.raw.get("anyOf") and "anyOf" not in work.out:
            work.out["anyOf"] = schemas
            self._drop(keyword)
        else:
            self._leave(work, keyword)

    def _prefix(self, work: _Work, keyword: str, value: JSON) -> None:
        """Say a tuple; as a list of any of its items, where the target knows none."""
        if self._name(keyword) or not isinstance(value, list):
            return self._plain(work, keyword, value)
        rest, most = work.raw.get("items"), work.raw.get("maxItems")
        bounded = rest is False or (most is not None and is_number(most) and most <= len(value))
        schemas = value if bounded else [*value, rest] if isinstance(rest, dict) else []
        lowered: list[JSON] = []
        for found in self._each(schemas, work.at.below()):
            lowered += [found] if found not in lowered else []
        self._leave(work, keyword)
        if self._name("items") and len(lowered) == 1:
            work.out["items"] = lowered[0]
        elif self._name("items") and lowered and self._name("anyOf"):
            work.out["items"] = {"anyOf": lowered}
        elif rest is not None:
            self._leave(work, "items")
        return None

    def _items(self, work: _Work, keyword: str, value: JSON) -> None:
        if not isinstance(work.raw.get("prefixItems"), list) or self._name("prefixItems"):
            self._plain(work, keyword, value)

    def _all(self, work: _Work, keyword: str, value: JSON) -> None:
        if not isinstance(value, list):
            self._refuse(f"{keyword!r} must be a list of schemas")
        at = work.at.beside(closing=len(value) == 1 and "properties" not in work.raw)
        schemas = self._each(value, at)
        if self._name(keyword):
            work.out[keyword] = schemas
        else:
            work.joins += schemas

    def _join(self, work: _Work, other: JSON) -> None:
        """Put a lowered schema into this one: both hold."""
        if other is True or other == {}:
            return
        apart = [] if other is False else [key for key, value in other.items() if clashes(work.out, key, value)]
        if (apart or other is False) and self._name("allOf"):
            work.out["allOf"] = [*work.out.get("allOf", ()), other]
            return
        both = work.out.keys() - ANNOTATIONS and other.keys() - ANNOTATIONS
        self.lost += bool(both)  # `additionalProperties` and their like see more than before
        for keyword, value in other.items():
            if keyword not in apart:
                work.out.setdefault(keyword, value)
            elif keyword in UNITED:
                work.out[keyword], whole = UNITED[keyword](work.out[keyword], value)
                if not whole:
                    self._drop(keyword)
            else:
                self._drop(keyword)

    def _keep_sense(self, work: _Work, begin: int) -> None:
        """Leave out what would be tighter now than it was."""
        for keyword, looked_at in EXACT.items():
            if keyword in work.out and looked_at in work.loose:
                self._leave(work, keyword)
        for keyword, needed in RESTS_ON.items():
            if keyword in work.out and needed & work.gone:
                self._leave(work, keyword)
        for keyword in ("unevaluatedProperties", "unevaluatedItems"):
            if keyword in work.out and self.lost != begin:
                self._leave(work, keyword)

    def _mark_nullable(self, work: _Work) -> None:
        """Say that null fits, by the mark that stands for it; null is no value of an enum then."""
        if not self._keywords.nullable:
            return
        values = work.out.get("enum")
        if isinstance(values, list) and ("enum" in work.raw or self._becomes(work, "const", "enum")):
            work.out["enum"] = others = [value for value in values if value is not None]
            work.nullable = 0 < len(others) < len(values) and (work.nullable or "type" not in work.raw)
            if values and not others:
                del work.out["enum"]
                work.out["type"] = self._word("null")
        if work.nullable:
            work.out[self._keywords.nullable] = True
            self.lost += 1  # it fits whatever the rest says

    def _close(self, work: _Work) -> None:
        """Let an object have no other members than those it names."""
        types = {word.lower() for word in types_of(work.out)}
        is_object = "object" in types or ("type" not in work.out and "properties" in work.out)
        if not (self._keywords.close_objects and work.at.closing and is_object) or SAME_VALUE & work.out.keys():
            return
        if work.out.get("additionalProperties", False) is not False:
            self._leave(work, "additionalProperties")
        work.out["additionalProperties"] = False


_WAYS: Mapping[str, Callable[[_Lowering, _Work, str, JSON], None]] = {
    "$ref": _Lowering._ref,
    "$defs": _Lowering._defs,
    "definitions": _Lowering._defs,
    "type": _Lowering._type,
    "format": _Lowering._format,
    "enum": _Lowering._enum,
    "const": _Lowering._const,
    "minimum": _Lowering._limit,
    "maximum": _Lowering._limit,
    "exclusiveMinimum": _Lowering._exclusive,
    "exclusiveMaximum": _Lowering._exclusive,
    "anyOf": _Lowering._choices,
    "oneOf": _Lowering._choices,
    "allOf": _Lowering._all,
    "prefixItems": _Lowering._prefix,
    "items": _Lowering._items,
}
