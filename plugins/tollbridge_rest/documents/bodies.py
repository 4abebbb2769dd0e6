"""Media types of a document: reading them, and telling them apart."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from tollbridge_rest.documents.bounds import BadDocument, shown
from tollbridge_rest.documents.model import Encoding, Example, Media, Style
from tollbridge_rest.documents.plain import mapping, text
from tollbridge_rest.documents.pointers import Refs

_MEDIA = re.compile(r"(?:\*|[!#$&^_.+0-9A-Za-z-]+)/(?:\*|[!#$&^_.+0-9A-Za-z-]+)")
FORM = "application/x-www-form-urlencoded"


def read_content(value: Any, refs: Refs, where: str) -> tuple[Media, ...]:
    """Read a map of media types."""
    return tuple(read_media(name, refs.follow(each), refs, where) for name, each in mapping(value, where).items())


def read_media(written: str, value: Any, refs: Refs, where: str) -> Media:
    """Read what is said of one media type."""
    kind, here = base_of(written), f"{where}/{written}"
    if not _MEDIA.fullmatch(kind):
        raise BadDocument(f"{shown(written)} is no media type", param=here)
    fields = mapping(value, here)
    encoding = mapping(fields.get("encoding"), f"{here}/encoding")
    return Media(
        type=kind,
        written=written,
        schema=schema_in(fields, here),
        examples=read_examples(fields, refs, here),
        encoding={name: _encoding(mapping(each, here), here) for name, each in encoding.items()},
    )


def schema_in(fields: Mapping[str, Any], where: str) -> Any:
    """Give the schema as it was written; without one, anything is right."""
    schema = fields.get("schema", True)
    if not isinstance(schema, Mapping | bool):
        raise BadDocument(f"{where}/schema must be an object", param=f"{where}/schema")
    return schema


def read_examples(fields: Mapping[str, Any], refs: Refs, where: str) -> tuple[Example, ...]:
    """Read `example` and `examples`.  Those kept elsewhere (`externalValue`) are left out."""
    found = [Example("", fields["example"])] if "example" in fields else []
    for name, each in mapping(fields.get("examples"), f"{where}/examples").items():
        example = mapping(refs.follow(each), f"{where}/examples/{name}")
        for field, written in (("dataValue", False), ("value", False), ("serializedValue", True)):
            if field in example:
                found.append(Example(name, example[field], written))
                break
    return tuple(found)


def base_of(media: str) -> str:
    """Give a media type without its parameters, in lower case."""
    return media.partition(";")[0].strip().lower()


def is_json(kind: str) -> bool:
    """Whether a body of this type is one JSON value."""
    return kind in ("application/json", "text/json") or kind.endswith("+json")


def choose_media(content: Iterable[Media], kind: str) -> Media | None:
    """Give the entry that a media type falls under, the closest first (OpenAPI 3.2, 4.14.1)."""
    ranges = (kind, f"{kind.partition('/')[0]}/*", "*/*")
    fitting = [each for each in content if each.type in ranges]
    return min(fitting, key=lambda each: ranges.index(each.type), default=None)


def _encoding(fields: Mapping[str, Any], where: str) -> Encoding:
    style = text(fields.get("style"), f"{where}/encoding") or Style.FORM
    if style not in (Style.FORM, Style.SPACES, Style.PIPES, Style.DEEP):
        raise BadDocument(f"{shown(style)} is no style of a form", param=f"{where}/encoding")
    explode = fields.get("explode", style == Style.FORM)
    return Encoding(base_of(text(fields.get("contentType"), where)), Style(style), explode is True)
