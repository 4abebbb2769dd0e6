"""Lowering a JSON Schema to what a target takes: one pass for all dialects, each with a table of its keywords.

What is left out makes a schema looser, never tighter: a value that fitted still does. So what cannot stand without a
keyword that went, or only as it was (`not`, `if`, `oneOf`), goes too. Only `close_objects` tightens: targets insist.
JSON Schema 2020-12 and the words of older drafts (https://json-schema.org/draft/2020-12, read 2026-11).
"""

from collections.abc import Mapping

from tollbridge.errors import UpstreamError
from tollbridge.formats.notes import Notes
from tollbridge.formats.schemajoins import join, lower_all, lower_choices, lower_defs, lower_ref
from tollbridge.formats.schemapass import At, Keywords, Lowering, Way, Work
from tollbridge.formats.schemavalues import (
    close_object,
    lower_const,
    lower_enum,
    lower_exclusive,
    lower_format,
    lower_items,
    lower_limit,
    lower_prefix,
    lower_type,
    mark_nullable,
)
from tollbridge.formats.schemawords import EXACT, RESTS_ON
from tollbridge.formats.values import JSON

__all__ = ["Keywords", "lower"]

_WAYS: Mapping[str, Way] = {
    "$ref": lower_ref,
    "$defs": lower_defs,
    "definitions": lower_defs,
    "type": lower_type,
    "format": lower_format,
    "enum": lower_enum,
    "const": lower_const,
    "minimum": lower_limit,
    "maximum": lower_limit,
    "exclusiveMinimum": lower_exclusive,
    "exclusiveMaximum": lower_exclusive,
    "anyOf": lower_choices,
    "oneOf": lower_choices,
    "allOf": lower_all,
    "prefixItems": lower_prefix,
    "items": lower_items,
}


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
        lowering = Lowering(schema, keywords, notes, where, ways=_WAYS, finish=_finish)
        found = lowering.schema(schema, At(schema))
        if lowering.references and lowering.lost:
            # Something is looser now, maybe what a reference that stays leads to: no `not` may rely on it.
            lowering = Lowering(schema, keywords, notes, where, ways=_WAYS, finish=_finish, loose_references=1)
            found = lowering.schema(schema, At(schema))
    except (RecursionError, UpstreamError):  # the second of what writes JSON
        notes.refuse(where, "it is nested too deep")
    return found


def _finish(lowering: Lowering, work: Work, begin: int) -> None:
    """Put a schema together, when its keywords are done."""
    for other in work.joins:
        join(lowering, work, other)
    _keep_sense(lowering, work, begin)
    mark_nullable(lowering, work)
    close_object(lowering, work)


def _keep_sense(lowering: Lowering, work: Work, begin: int) -> None:
    """Leave out what would be tighter now than it was."""
    for keyword, looked_at in EXACT.items():
        if keyword in work.out and looked_at in work.loose:
            lowering.leave(work, keyword)
    for keyword, needed in RESTS_ON.items():
        if keyword in work.out and needed & work.gone:
            lowering.leave(work, keyword)
    for keyword in ("unevaluatedProperties", "unevaluatedItems"):
        if keyword in work.out and lowering.lost != begin:
            lowering.leave(work, keyword)
