"""Forms: `application/x-www-form-urlencoded` by its schema, `multipart/form-data` by the names of its parts."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tollbridge_rest.documents.bodies import is_json
from tollbridge_rest.documents.findings import Finding, check_value
from tollbridge_rest.documents.jsonbody import BadJson, read_json
from tollbridge_rest.documents.model import Encoding, Media, Style
from tollbridge_rest.documents.schemas import Side
from tollbridge_rest.documents.slotvalues import Checking
from tollbridge_rest.documents.styles import BadText, Written, decode_query, is_below, read_deep, read_query
from tollbridge_rest.documents.values import Shape, convert

MAX_PAIRS = 1_000
"""Fields of a query or a form, parts of a multipart body."""
_BOUNDARY = re.compile(r"""boundary=(?:"([^"\r\n]{1,70})"|([0-9A-Za-z'()+_,./:=?-]{1,70}))""", re.IGNORECASE)
_NAME = re.compile(rb"""[;\s]name=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))""", re.IGNORECASE)
_DISPOSITION = re.compile(rb"^content-disposition:[ \t]*form-data([^\r\n]*)", re.IGNORECASE | re.MULTILINE)
_MAX_PART_HEAD = 8_192

Pairs = list[tuple[str, str]]


def read_pairs(raw: str) -> Pairs:
    """Split a query or a form into decoded names and texts as they came; raises `BadText`."""
    parts = raw.split("&", MAX_PAIRS) if raw else []
    if len(parts) > MAX_PAIRS:
        raise BadText(f"has over {MAX_PAIRS:,} fields")
    split = (part.partition("=") for part in parts if part)
    return [(decode_query(name), text) for name, _, text in split]


def grouped(pairs: Pairs) -> dict[str, list[str]]:
    """Put the texts of each name together."""
    found: dict[str, list[str]] = {}
    for name, text in pairs:
        found.setdefault(name, []).append(text)
    return found


def check_form(media: Media, data: bytes, checking: Checking) -> list[Finding]:
    """Check a form by its schema."""
    try:
        pairs = read_pairs(data.decode("ascii"))
    except (BadText, UnicodeDecodeError):
        return [Finding("body", "is no form: it is too long, or not percent-encoded UTF-8")]
    shape, validator = checking.shapes.of(media.schema), checking.validators.of(media.schema, Side.REQUEST)
    first: list[Finding] | None = None
    for typed in (True, False):
        try:
            value = _form_value(media, shape, pairs, checking, typed)
            found = check_value(validator, value, "body", len(data))
        except BadField as exc:
            found = [Finding(f"body/{exc.field}", str(exc))]
        if not found:
            return []
        first = first or found
    return first or []


class BadField(ValueError):
    """One field of a form is not written as it should be."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field[:64]


def _form_value(media: Media, shape: Shape, pairs: Pairs, checking: Checking, typed: bool) -> dict[str, Any]:
    """Make an object of a form; raises `BadField`."""
    fields, value = grouped(pairs), {}
    for name, schema in shape.properties.items():
        encoding = media.encoding.get(name, Encoding())
        below = [pair for pair in pairs if is_below(pair[0], name)] if name not in fields else []
        if name not in fields and not below:
            continue
        try:
            if below:
                written: Written = read_deep(name, below)
                for key, _ in below:
                    fields.pop(key, None)
            elif is_json(encoding.media):
                value[name] = read_json(decode_query(_once(fields.pop(name))).encode("utf-8"))
                continue
            else:
                written = _read_field(fields.pop(name), encoding, checking.shapes.of(schema))
        except (BadText, BadJson) as exc:
            raise BadField(name, str(exc)) from None
        value[name] = convert(written, schema, checking.shapes, typed=typed)
    for name, texts in fields.items():
        value[name] = decode_query(texts[0]) if len(texts) == 1 else [decode_query(each) for each in texts]
    return value


def _read_field(texts: Sequence[str], encoding: Encoding, shape: Shape) -> Written:
    kind = "array" if "array" in shape.kinds else "scalar"
    return read_query(texts, encoding.style, kind, encoding.explode or encoding.style is Style.DEEP)


def _once(texts: Sequence[str]) -> str:
    if len(texts) != 1:
        raise BadText("must be there once")
    return texts[0]


def check_multipart(media: Media, data: bytes, content_type: str, checking: Checking) -> list[Finding]:
    """See that the parts that a schema requires are there.  What is in them is not looked at."""
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        return [Finding("body", "has no boundary in its content-type", 400)]
    names = _part_names(data, (boundary[1] or boundary[2]).encode("latin-1", "replace"))
    if names is None:
        return [Finding("body", f"is no multipart body of at most {MAX_PAIRS:,} parts", 400)]
    needed = _required(media.schema, checking)
    return [Finding(f"body/{name[:64]}", "is missing") for name in needed if name not in names]


def _part_names(data: bytes, boundary: bytes) -> set[str] | None:
    """List the names of the parts (RFC 7578, 4.2); None where it does not end as it should."""
    pieces = (b"\r\n" + data).split(b"\r\n--" + boundary, MAX_PAIRS + 1)
    if len(pieces) < 2 or len(pieces) > MAX_PAIRS + 1 or not pieces[-1].startswith(b"--"):
        return None
    names = set()
    for piece in pieces[1:-1]:
        head = piece[:_MAX_PART_HEAD].partition(b"\r\n\r\n")[0]
        disposition = _DISPOSITION.search(head.lstrip(b"\r\n \t"))
        name = _NAME.search(disposition[1]) if disposition else None
        if name is not None:
            names.add((name[1] if name[1] is not None else name[2]).decode("utf-8", "replace"))
    return names


def _required(schema: Any, checking: Checking) -> list[str]:
    """List what a schema requires of itself, without looking into combinations."""
    schemas = checking.validators.schemas
    schema = schemas.refs.follow(schema)
    required = schemas.own(schema, Side.REQUEST).get("required") if isinstance(schema, Mapping) else None
    return [name for name in required if isinstance(name, str)] if isinstance(required, list) else []
