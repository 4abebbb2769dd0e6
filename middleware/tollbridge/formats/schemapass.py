"""One pass over a JSON Schema: what holds for every keyword.  What single ones need is given to it as `ways`."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NoReturn

from tollbridge.formats.notes import Notes
from tollbridge.formats.schemawords import ANNOTATIONS, MANY, NAMED, NULL_SAYS, ONE, OPEN, SAME_VALUE, SHARED, SILENT
from tollbridge.formats.values import JSON

MOST_DEPTH = 100
"""Schemas within schemas, references followed included."""
MOST_NODES = 20_000
"""Schemas in one schema, references followed included."""


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


@dataclass(frozen=True, slots=True)
class At:
    """Where a schema stands.  `base` is what its references start from, `closing` whether it may be closed."""

    base: JSON
    depth: int = 0
    closing: bool = True

    def below(self) -> "At":
        return At(self.base, self.depth + 1)

    def beside(self, *, closing: bool) -> "At":
        return At(self.base, self.depth + 1, closing and self.closing)


@dataclass(slots=True)
class Work:
    """One schema being lowered.  `gone` are the keywords that went, `loose` those that say less than they did.

    `joins` are schemas that hold beside this one and are to be put into it.
    """

    raw: Mapping[str, JSON]
    at: At
    out: dict[str, JSON] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    loose: set[str] = field(default_factory=set)
    joins: list[JSON] = field(default_factory=list)
    nullable: bool = False


class Lowering:
    """One pass.  `lost` counts what made the schema looser, `references` those that stay, `added` what others put in.

    `above` are the schemas around the one that is looked at. `ways` lower single keywords, any other is plain; `finish`
    is called when those of a schema are done, with how much was lost before it. `loose_references` is what each
    reference that stays counts as lost.
    """

    def __init__(
        self,
        root: JSON,
        keywords: Keywords,
        notes: Notes,
        where: str,
        *,
        ways: "Mapping[str, Way]",
        finish: "Finish",
        loose_references: int = 0,
    ) -> None:
        self.lost = 0
        self.references = 0
        self.added = 0
        self.root = root
        self.keywords = keywords
        self.loose_references = loose_references
        self.above: set[int] = set()
        self._notes = notes
        self._where = where
        self._ways = ways
        self._finish = finish
        self._nodes = 0

    def schema(self, schema: JSON, at: At) -> JSON:
        """Lower one schema and all that is in it."""
        self._nodes += 1
        if at.depth > MOST_DEPTH:
            self.refuse(f"its schemas are nested deeper than {MOST_DEPTH} levels")
        if self._nodes > MOST_NODES:
            self.refuse(f"it has more than {MOST_NODES:,} schemas")
        if isinstance(schema, bool):
            return self._word_schema(schema)
        if not isinstance(schema, dict):
            self.refuse("a schema must be an object, true or false")
        id_ = schema.get("$id")
        if isinstance(id_, str) and not id_.startswith("#"):
            at = replace(at, base=schema)
        self.above.add(id(schema))
        found = self.members(Work(schema, at))
        self.above.discard(id(schema))
        return found

    def refuse(self, why: str) -> NoReturn:
        self._notes.refuse(self._where, why)

    def _word_schema(self, schema: bool) -> JSON:
        if self.keywords.kept is None:
            return schema
        if schema:
            return {}
        if "not" in self.keywords.kept:
            return {"not": {}}
        self.drop("false")
        return {}

    def members(self, work: Work) -> dict[str, JSON]:
        """Lower the members of one schema."""
        begin = self.lost
        for keyword, value in work.raw.items():
            if value is None and keyword not in NULL_SAYS:
                continue
            before = self.lost
            self._ways.get(keyword, Lowering.plain)(self, work, keyword, value)
            if self.lost != before:
                work.loose.add(keyword)
        self._finish(self, work, begin)
        return work.out

    def name(self, keyword: str) -> str:
        """Say what a keyword is called by the target, empty where it has none."""
        name = self.keywords.renames.get(keyword, keyword)
        kept = self.keywords.kept
        closed = name == "additionalProperties" and self.keywords.close_objects
        return name if kept is None or name in kept or closed else ""

    def becomes(self, work: Work, keyword: str, other: str) -> bool:
        return keyword in work.raw and self.keywords.renames.get(keyword) == other == self.name(keyword)

    def drop(self, keyword: str) -> None:
        self._notes.drop(f"{self._where}.{keyword}")
        self.lost += keyword not in ANNOTATIONS

    def leave(self, work: Work, keyword: str) -> None:
        """Leave a keyword of this schema behind."""
        work.out.pop(keyword, None)
        work.gone.add(keyword)
        if keyword not in SILENT and keyword not in SHARED:
            self.drop(keyword)

    def plain(self, work: Work, keyword: str, value: JSON) -> None:
        name = self.name(keyword)
        if name:
            work.out[name] = self.value(work, keyword, value)
        elif value is not None or keyword == "const":
            self.leave(work, keyword)

    def value(self, work: Work, keyword: str, value: JSON) -> JSON:
        """Lower the schemas that a keyword holds; any other value is as it is."""
        at = work.at.beside(closing=False) if keyword in SAME_VALUE else work.at.below()
        if keyword in MANY and isinstance(value, list):
            return self.each(value, at)
        if keyword in NAMED:
            if not isinstance(value, dict):
                self.refuse(f"{keyword!r} must hold schemas by name")
            lists = keyword == "dependencies"
            return {
                name: inner if lists and isinstance(inner, list) else self.schema(inner, at)
                for name, inner in value.items()
            }
        if keyword in ONE or (keyword in OPEN and not isinstance(value, bool)):
            return self.schema(value, at)
        if keyword in MANY:
            self.refuse(f"{keyword!r} must be a list of schemas")
        return value

    def each(self, schemas: Iterable[JSON], at: At) -> list[JSON]:
        return [self.schema(inner, at) for inner in schemas]

    def word(self, word: JSON) -> JSON:
        return word.upper() if self.keywords.upper_types and isinstance(word, str) else word


Way = Callable[[Lowering, Work, str, JSON], None]
Finish = Callable[[Lowering, Work, int], None]
