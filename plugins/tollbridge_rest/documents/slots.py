"""Parameters and headers of a document."""

from collections.abc import Iterator, Mapping
from typing import Any

from tollbridge_rest.documents.bodies import read_content, read_examples, schema_in
from tollbridge_rest.documents.bounds import BadDocument, shown
from tollbridge_rest.documents.model import Media, Parameter, Place, Style
from tollbridge_rest.documents.plain import flag, mapping, needed, sequence, text
from tollbridge_rest.documents.pointers import Refs

_STYLES: dict[Place, tuple[Style, ...]] = {
    Place.PATH: (Style.SIMPLE, Style.LABEL, Style.MATRIX),
    Place.QUERY: (Style.FORM, Style.SPACES, Style.PIPES, Style.DEEP),
    Place.QUERYSTRING: (Style.FORM,),
    Place.HEADER: (Style.SIMPLE,),
    Place.COOKIE: (Style.FORM, Style.COOKIE),
}
"""The styles of each place, the default first."""
_IGNORED = frozenset(("accept", "content-type", "authorization"))
"""Headers that a parameter does not describe (OpenAPI 3.2, 4.12.2)."""


def read_parameters(value: Any, refs: Refs, where: str) -> dict[tuple[Place, str], Parameter]:
    """Read a list of parameters, by place and name.  Of two with the same the last counts."""
    found = {}
    for each in sequence(value, where):
        fields = mapping(refs.follow(each), where)
        name, place = needed(fields.get("name"), f"{where}/name"), _place(fields.get("in"), where)
        if place is Place.HEADER:
            name = name.lower()
            if name in _IGNORED:
                continue
        found[place, name] = _slot(name, place, fields, refs, where)
    return found


def read_headers(value: Any, refs: Refs, where: str) -> Iterator[Parameter]:
    """Read the headers of an answer; `Content-Type` is told by its content."""
    for name, each in mapping(value, where).items():
        if name.lower() != "content-type":
            yield _slot(name.lower(), Place.HEADER, mapping(refs.follow(each), where), refs, where)


def _slot(name: str, place: Place, fields: Mapping[str, Any], refs: Refs, where: str) -> Parameter:
    here = f"{where}/{place}.{name[:100]}"
    styles = _STYLES[place]
    style = text(fields.get("style"), f"{here}/style") or styles[0]
    if style not in styles:
        raise BadDocument(f"{shown(style)} is no style of a {place} parameter", param=f"{here}/style")
    explode = fields.get("explode", style in (Style.FORM, Style.COOKIE))
    return Parameter(
        name=name,
        place=place,
        required=place is Place.PATH or flag(fields.get("required"), f"{here}/required"),
        schema=schema_in(fields, here),
        style=Style(style),
        explode=explode is True,
        empty=flag(fields.get("allowEmptyValue"), f"{here}/allowEmptyValue"),
        deprecated=flag(fields.get("deprecated"), f"{here}/deprecated"),
        description=text(fields.get("description"), f"{here}/description"),
        media=_media(fields.get("content"), refs, place, here),
        examples=read_examples(fields, refs, here),
    )


def _place(value: Any, where: str) -> Place:
    if value not in tuple(Place):
        raise BadDocument(f"a parameter is in {shown(value)}; it can be in {', '.join(Place)}", param=f"{where}/in")
    return Place(value)


def _media(value: Any, refs: Refs, place: Place, where: str) -> Media | None:
    found = read_content(value, refs, f"{where}/content")
    if len(found) > 1 or (place is Place.QUERYSTRING and not found):
        raise BadDocument("the content of a parameter is of one media type", param=f"{where}/content")
    return found[0] if found else None
