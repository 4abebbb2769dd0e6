"""Validators of a document's schemas, made when they are first used, and kept within a bound.

In some documents nearly every schema leads to nearly every other. There one validator for all of them is made a side:
one for each would take as much time and memory as the document has operations.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Any

from tollbridge_rest.documents.compiling import Validator, compile_schema
from tollbridge_rest.documents.model import Document
from tollbridge_rest.documents.pointers import Refs
from tollbridge_rest.documents.schemas import Schemas, Side
from tollbridge_rest.documents.sizes import Sizes

MAX_KEPT = 50_000
"""Schemas within all validators that are kept, beside the shared ones."""
MAX_ALONE = 2_000
"""Objects of a schema that has a validator of its own.  The largest of GitHub's has 989 schemas (2026-11)."""

Key = str | int


class Validators:
    """The validators of one document.  Threads may ask for them at once."""

    def __init__(self, document: Document) -> None:
        self.refs = Refs(document.raw)
        self.schemas = Schemas(self.refs, old=document.old)
        self._document = document
        self._sizes = Sizes(self.refs)
        self._kept: OrderedDict[tuple[Key, Side], tuple[Validator, int, Any]] = OrderedDict()
        self._size = 0
        self._shared: dict[Side, dict[Key, Validator]] = {}
        self._changing = threading.Lock()

    def of(self, schema: Any, side: Side) -> Validator:
        """Give the validator of a schema of this document; raises `BadDocument` for one that cannot be used."""
        with self._changing:
            return self._of(schema, side)

    def _of(self, schema: Any, side: Side) -> Validator:
        key = key_of(schema)
        kept = self._kept.get((key, side))
        if kept is not None:
            self._kept.move_to_end((key, side))
            return kept[0]
        if side in self._shared and key in self._shared[side]:
            return self._shared[side][key]
        if self._sizes.over(schema, MAX_ALONE):
            return self._together(side).get(key) or self._alone(schema, side)
        return self._alone(schema, side)

    def _alone(self, schema: Any, side: Side) -> Validator:
        whole, size = self.schemas.whole(schema, side)
        validator = compile_schema(whole)
        # the schema is kept with it, so that no other comes to have its identity
        self._kept[key_of(schema), side] = (validator, size, schema)
        self._size += size
        while self._size > MAX_KEPT and len(self._kept) > 1:
            self._size -= self._kept.popitem(last=False)[1][1]
        return validator

    def _together(self, side: Side) -> Mapping[Key, Validator]:
        """Give the shared validators of all large schemas of a side."""
        if side not in self._shared:
            large = {key_of(each): each for each in _roots(self._document, side) if self._sizes.over(each, MAX_ALONE)}
            named = {f"s{number}": schema for number, schema in enumerate(large.values())}
            shared = compile_schema(self.schemas.together(named, side))
            self._shared[side] = {key: shared.of_field(name) for key, name in zip(large, named, strict=True)}
        return self._shared[side]


def _roots(document: Document, side: Side) -> Iterator[Any]:
    """Give the schemas that are asked for first, of one side."""
    for operation in document.operations:
        if side is Side.REQUEST:
            slots, content = operation.parameters, list(operation.body.content if operation.body else ())
        else:
            slots = tuple(slot for answer in operation.answers for slot in answer.headers)
            content = [media for answer in operation.answers for media in answer.content]
        yield from (slot.schema if slot.media is None else slot.media.schema for slot in slots)
        yield from (media.schema for media in content)


def key_of(schema: Any) -> Key:
    """Give what tells schemas of one document apart: where a reference leads, or the object itself, which lives on."""
    if isinstance(schema, Mapping) and len(schema) == 1 and isinstance(schema.get("$ref"), str):
        return str(schema["$ref"])
    return id(schema)
