"""Values of parameters and headers, read by style and type and checked."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from tollbridge_rest.documents.bodies import is_json
from tollbridge_rest.documents.findings import Finding, check_value
from tollbridge_rest.documents.jsonbody import BadJson, read_json
from tollbridge_rest.documents.model import Document, Media, Parameter, Style
from tollbridge_rest.documents.schemas import Side
from tollbridge_rest.documents.styles import BadText, Written, decode_query, read_query, read_simple
from tollbridge_rest.documents.validators import Validators
from tollbridge_rest.documents.values import Shapes, convert

Read = Callable[[str, bool], Written]
"""Reads a text as `array`, `object` or `scalar`.  The second is true where delimiters may have been encoded too."""


class Checking(msgspec.Struct, frozen=True, gc=False):
    """What checks of one document share."""

    validators: Validators
    shapes: Shapes

    @classmethod
    def of(cls, document: Document) -> "Checking":
        """Make them for a document."""
        validators = Validators(document)
        return cls(validators, Shapes(validators.refs))

    def slot(self, slot: Parameter, read: Read, size: int, side: Side) -> list[Finding]:
        """Check a parameter or a header whose text `read` takes apart; raises `BadDocument`."""
        return self.written(slot.schema, read, slot.where, size, side)

    def written(self, schema: Any, read: Read, where: str, size: int, side: Side) -> list[Finding]:
        """Try the ways in which a text can be read; tell what is wrong with the first where none is right."""
        validator = self.validators.of(schema, side)
        first: list[Finding] | None = None
        for kind in self.shapes.of(schema).targets():
            for loose in (False, True) if kind != "scalar" else (False,):
                for typed in (True, False):
                    try:
                        value = convert(read(kind, loose), schema, self.shapes, typed=typed)
                        found = check_value(validator, value, where, size)
                    except BadText as exc:
                        found = [Finding(where, str(exc))]
                    if not found:
                        return []
                    first = first or found
        return first or []

    def content(self, slot: Parameter, text: str, side: Side) -> list[Finding]:
        """Check a parameter that is written in a media type of its own: JSON is read, all else is a text."""
        if slot.media is None:
            return []
        if not is_json(slot.media.type):
            return check_value(self.validators.of(slot.media.schema, side), text, slot.where, len(text))
        try:
            value = read_json(text.encode("utf-8"))
        except BadJson as exc:
            return [Finding(slot.where, str(exc))]
        return check_value(self.validators.of(slot.media.schema, side), value, slot.where, len(text))


def read_named(texts: Sequence[str], style: Style, explode: bool) -> Read:
    """Read what stands in a query, a form or cookies under its own name."""

    def read(kind: str, loose: bool) -> Written:
        if loose and len(texts) == 1 and kind == "array" and not explode:
            return decode_query(texts[0]).split(",")
        return read_query(texts, style, kind, explode)

    return read


def read_exploded(slot: Parameter, pairs: Mapping[str, Sequence[str]], shapes: Shapes) -> dict[str, str] | None:
    """Give the fields of an object that stand in a query under names of their own; None where there are none.

    Those are what the schema has, and any other where it says so; raises `BadText` for one that is there twice.
    """
    shape = shapes.of(slot.schema)
    names = (
        list(pairs) if shape.additional not in (None, False) else [name for name in shape.properties if name in pairs]
    )
    found = {}
    for name in names:
        if len(pairs[name]) != 1:
            raise BadText("has a field twice")
        found[name] = decode_query(pairs[name][0])
    return found or None


def check_header(slot: Parameter, values: Sequence[str], checking: Checking, side: Side) -> list[Finding]:
    """Check a header."""
    if not values:
        return absent(slot, values)
    text = ", ".join(values)
    if slot.media is not None:
        return checking.content(slot, text, side)
    if len(values) > 1 and not checking.shapes.of(slot.schema).kinds & {"array", "object"}:
        return [Finding(slot.where, "must be there once")]
    return checking.slot(slot, undecoded(text, slot.explode), len(text), side)


def check_json(media: Media, data: bytes, checking: Checking, side: Side) -> list[Finding]:
    """Check a JSON body."""
    try:
        value = read_json(data)
    except BadJson as exc:
        return [Finding("body", str(exc), 400)]
    return check_value(checking.validators.of(media.schema, side), value, "body", len(data))


def undecoded(text: str, explode: bool) -> Read:
    """Read the style of headers, in which nothing is percent-encoded and spaces may stand around values."""

    def read(kind: str, loose: bool) -> Written:
        return read_simple(text.strip(), kind, explode, str.strip)

    return read


def absent(slot: Parameter, texts: Sequence[str]) -> list[Finding]:
    """Say of what is not there once whether that is a mistake."""
    if texts:
        return [Finding(slot.where, "must be there once")]
    return [Finding(slot.where, "is missing")] if slot.required else []
