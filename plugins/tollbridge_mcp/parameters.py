"""The parameters of an operation, and how values for them are written into a request (OpenAPI 3.1, section 4.8.12)."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any
from urllib.parse import quote

import msgspec

from tollbridge import BadRequest
from tollbridge_mcp.schemas import Part, Schemas, followed

MOST_PARAMETERS = 100
REST = "x-tollbridge-rest"
"""A parameter of a path where this is true may hold slashes."""
_LONGEST_NAME = 100
_LONGEST_TEXT = 500
_NOT_SAID = frozenset(("accept", "content-type", "authorization"))
"""Headers whose parameters OpenAPI ignores."""
_BARRED = frozenset(
    (
        *("host", "connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "content-length"),
        *("content-encoding", "expect", "via", "forwarded", "x-real-ip", "x-api-key", "api-key", "x-goog-api-key"),
        *("cookie", "cookie2", "set-cookie", "origin", "referer", "user-agent", "accept-encoding", "x-http-method"),
        *("x-http-method-override", "x-method-override", "x-original-url", "x-rewrite-url"),
    )
)
_BARRED_BEFORE = ("proxy-", "x-forwarded-", "sec-", "tollbridge-", "x-tollbridge-", "mcp-", "signature")
_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")


class Place(StrEnum):
    """Where in a request a parameter stands."""

    PATH = "path"
    QUERY = "query"
    HEADER = "header"


class Parameter(msgspec.Struct, frozen=True):
    """One parameter: its `name` as an argument of the tool, and as it is called on the `wire`.

    `rest`: it stands in a path and may hold slashes.
    """

    name: str
    wire: str
    place: Place
    part: Part
    required: bool = False
    description: str = ""
    style: str = "form"
    explode: bool = True
    json: bool = False
    rest: bool = False


def may_be_set(name: str) -> bool:
    """Whether a tool may set a request header: none that carries a credential, or that proxies or we ourselves read."""
    name = name.lower()
    if not name or not set(name) <= _TOKEN:
        return False
    return name not in _NOT_SAID and name not in _BARRED and not name.startswith(_BARRED_BEFORE)


def read_parameters(document: Any, schemas: Schemas, given: Sequence[Any]) -> tuple[Parameter, ...] | str:
    """Read the parameters of a path and then those of its operation, which go before; a sentence where that fails."""
    if len(given) > MOST_PARAMETERS:
        return f"it has over {MOST_PARAMETERS} parameters"
    last: dict[tuple[str, str], Mapping[str, Any]] = {}
    for each in given:
        node = followed(document, each)
        if node is None or not isinstance(node.get("name"), str) or not isinstance(node.get("in"), str):
            return "one of its parameters cannot be read"
        last[node["in"], node["name"]] = node
    found, names = list[Parameter](), set[str]()
    for (place, wire), node in last.items():
        one = _read(schemas, place, wire, node, names)
        if isinstance(one, str):
            return one
        if one is not None:
            names.add(one.name)
            found.append(one)
    return tuple(found)


def _read(schemas: Schemas, place: str, wire: str, node: Mapping[str, Any], names: set[str]) -> Parameter | str | None:
    required = node.get("required") is True or place == Place.PATH
    lacks = _lack(place, wire, node)
    if lacks:
        return lacks if required and not (place == Place.HEADER and wire.lower() in _NOT_SAID) else None
    content = node.get("content")
    media = next(iter(content.values()), None) if isinstance(content, Mapping) else None
    style = node.get("style") or ("form" if place == Place.QUERY else "simple")
    explode = node.get("explode")
    name = wire if wire not in names else f"{place}_{wire}"
    if name in names:
        return f"two of its parameters are called {name[:60]!r}"
    text = node.get("description")
    return Parameter(
        name,
        wire,
        Place(place),
        schemas.part(media.get("schema") if isinstance(media, Mapping) else node.get("schema")),
        required,
        text[:_LONGEST_TEXT] if isinstance(text, str) else "",
        style,
        explode if isinstance(explode, bool) else style == "form",
        media is not None,
        place == Place.PATH and node.get(REST) is True,
    )


def _lack(place: str, wire: str, node: Mapping[str, Any]) -> str:
    """Say why a parameter cannot be given, empty where it can."""
    shown = wire[:60]
    if not wire or len(wire) > _LONGEST_NAME or not wire.isprintable():
        return "the name of a parameter is empty, too long or not printable"
    if place not in frozenset(Place):
        return f"its parameter {shown!r} stands in {place[:20]!r}, where tools set none"
    if place == Place.HEADER and not may_be_set(wire):
        return f"its header {shown!r} is none that a tool may set"
    styles = {Place.QUERY: ("form", "spaceDelimited", "pipeDelimited", "deepObject")}.get(Place(place), ("simple",))
    if node.get("style") not in (None, *styles):
        return f"its parameter {shown!r} has the style {str(node['style'])[:20]!r}, which is not known here"
    content = node.get("content")
    if content is not None and not (isinstance(content, Mapping) and list(content) == ["application/json"]):
        return f"its parameter {shown!r} is written in another way than JSON"
    return ""


def path_value(parameter: Parameter, value: Any) -> str:
    """Write a value into one segment of a path, the rest of one into several.

    Raises `BadRequest` for what would lead to another path.
    """
    text = _joined(parameter, value, ",")
    steps = text.split("/") if parameter.rest else [text]
    if {"", ".", ".."} & set(steps) or any(each in "/\\" or not each.isprintable() for each in "".join(steps)):
        most = "no step of it may" if parameter.rest else "it must not"
        slashes = "" if parameter.rest else "slashes, "
        raise BadRequest(
            f"{parameter.name!r} stands in a path: {most} be empty, '.' or '..', nor hold {slashes}backslashes or "
            "control characters",
            param=parameter.name,
        )
    return "/".join(quote(each, safe="") for each in steps)


def query_pairs(parameter: Parameter, value: Any) -> list[tuple[str, str]]:
    """Write a value as pairs of a query."""
    wire = parameter.wire
    if parameter.json:
        return [(wire, _json(value))]
    if isinstance(value, Mapping):
        if parameter.style == "deepObject":
            return [(f"{wire}[{key}]", _scalar(parameter, each)) for key, each in value.items()]
        if parameter.explode:
            return [(str(key), _scalar(parameter, each)) for key, each in value.items()]
    if isinstance(value, list) and (parameter.explode or parameter.style == "deepObject"):
        return [(wire, _scalar(parameter, each)) for each in value]
    between = {"spaceDelimited": " ", "pipeDelimited": "|"}.get(parameter.style, ",")
    return [(wire, _joined(parameter, value, between))]


def header_value(parameter: Parameter, value: Any) -> bytes:
    """Write a value as that of a header; raises `BadRequest` for what cannot stand in one."""
    text = _joined(parameter, value, ",").strip(" ")
    if not all(" " <= each <= "~" for each in text):
        raise BadRequest(
            f"{parameter.name!r} stands in a header: it must be visible ASCII in one line", param=parameter.name
        )
    return text.encode("ascii")


def _joined(parameter: Parameter, value: Any, between: str) -> str:
    if parameter.json:
        return _json(value)
    if isinstance(value, list):
        return between.join(_scalar(parameter, each) for each in value)
    if isinstance(value, Mapping):
        sign = "=" if parameter.explode else between
        return between.join(f"{key}{sign}{_scalar(parameter, each)}" for key, each in value.items())
    return _scalar(parameter, value)


def _scalar(parameter: Parameter, value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return _json(value)
    if value is None:
        return ""
    raise BadRequest(
        f"{parameter.name!r} must not hold lists or objects within others; its place is {parameter.place}",
        param=parameter.name,
    )


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode("utf-8")
