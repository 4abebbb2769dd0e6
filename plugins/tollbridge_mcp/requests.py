"""From a tool's arguments to the request they stand for."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus

import msgspec

from tollbridge import BadRequest
from tollbridge_mcp.bodies import write_body
from tollbridge_mcp.invoking import Request
from tollbridge_mcp.operations import ApiOperation
from tollbridge_mcp.parameters import Place, header_value, path_value, query_pairs

LONGEST_TARGET = 8_192
"""Bytes of a path with its query."""
_LONGEST_HEADERS = 16_384


def request_of(operation: ApiOperation, arguments: Mapping[str, Any]) -> Request:
    """Write the request of an operation; raises `BadRequest` naming the argument that does not fit."""
    _check_names(operation, arguments)
    path, pairs = operation.path, list[tuple[str, str]]()
    headers: list[tuple[bytes, bytes]] = [(b"accept", b"application/json, */*;q=0.5")]
    values = dict[str, str]()
    for parameter in operation.parameters:
        value = arguments.get(parameter.name)
        if value is None:
            continue
        if parameter.place is Place.PATH:
            values[parameter.wire] = path_value(parameter, value)
        elif parameter.place is Place.QUERY:
            pairs.extend(query_pairs(parameter, value))
        else:
            headers.append((parameter.wire.lower().encode("ascii"), header_value(parameter, value)))
    path = filled(path, values)
    query = "&".join(f"{escaped_value(name)}={escaped_value(value)}" for name, value in pairs)
    if len(path) + len(query) > LONGEST_TARGET or sum(len(value) for _, value in headers) > _LONGEST_HEADERS:
        raise BadRequest(f"the arguments make a URL or headers that are too long; {LONGEST_TARGET} bytes of URL go")
    written = write_body(operation.body, arguments) if operation.body is not None else None
    if written is not None:
        headers.append((b"content-type", written[0].encode("ascii")))
    return Request(operation.method, path, query, tuple(headers), written[1] if written is not None else b"")


def filled(template: str, values: Mapping[str, str]) -> str:
    """Put escaped values into a path's template; what stands between them is escaped here."""
    found, rest = list[str](), template
    while True:
        before, brace, rest = rest.partition("{")
        found.append(escaped(before))
        if not brace:
            return "".join(found)
        name, closing, after = rest.partition("}")
        if not closing or name not in values:
            found.append("%7B")
            continue
        found.append(values[name])
        rest = after


def escaped(path: str) -> str:
    """Escape what may not stand in a path as it is (RFC 3986, section 3.3)."""
    return "".join(each if each in _PATH else "".join(f"%{byte:02X}" for byte in each.encode()) for each in path)


_PATH = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/%")


def escaped_value(value: Any) -> str:
    """Escape a name or value of a query; what is no text is written as JSON."""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode("utf-8")
    return quote_plus(text, errors="replace")


def _check_names(operation: ApiOperation, arguments: Mapping[str, Any]) -> None:
    known = {parameter.name for parameter in operation.parameters}
    body = operation.body
    required = [parameter.name for parameter in operation.parameters if parameter.required]
    if body is not None:
        known |= body.arguments.keys()
        required.extend(body.required)
    for name in arguments:
        if name not in known:
            raise BadRequest(
                f"the tool {operation.tool.name!r} takes no argument {str(name)[:100]!r}; it takes: "
                f"{', '.join(sorted(known))[:500] or 'none'}",
                param=str(name)[:100],
            )
    for name in required:
        if arguments.get(name) is None and not (body is not None and name in body.arguments and name in arguments):
            raise BadRequest(f"the argument {name!r} is missing", param=name)
