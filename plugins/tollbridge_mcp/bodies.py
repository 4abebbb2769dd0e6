"""The body of an operation: as arguments of a tool, and from them the bytes that are sent."""

import base64
import binascii
import secrets
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec

from tollbridge import BadRequest
from tollbridge_mcp.schemas import Part, Schemas, followed

MOST_FIELDS = 200
_JSON = "application/json"
_FORM = "multipart/form-data"
_PLAIN = frozenset(("type", "properties", "required", "description", "title", "additionalProperties", "example"))


class Way(StrEnum):
    """How arguments become a body."""

    MERGED = "merged"
    """Each argument is a member of a JSON object."""
    WHOLE = "whole"
    """One argument is the JSON."""
    FORM = "form"
    """Each argument is a field of a form."""


class Body(msgspec.Struct, frozen=True):
    """A body by the tool's `arguments`; `files` are those that come as base64.  `kind` is its media type."""

    way: Way
    kind: str
    arguments: Mapping[str, Part]
    required: tuple[str, ...] = ()
    files: frozenset[str] = frozenset()
    needed: bool = False


def read_body(document: Any, schemas: Schemas, given: Any, taken: set[str]) -> Body | str | None:
    """Read a body; `taken` are names of arguments that are others'.

    None for one that cannot be given and need not be; a sentence for one that must be.
    """
    node = followed(document, given)
    content = node.get("content") if node is not None else None
    if node is None or not isinstance(content, Mapping):
        return "its body cannot be read"
    needed = node.get("required") is True
    for kind, media in content.items():
        schema = media.get("schema") if isinstance(media, Mapping) else None
        plain = kind.partition(";")[0].strip().lower() if isinstance(kind, str) else ""
        if plain == _JSON or (plain.startswith("application/") and plain.endswith("+json") and plain.isprintable()):
            return _json_body(document, schemas, schema, taken, Body(Way.WHOLE, plain, {}, needed=needed))
        if plain == _FORM:
            form = _form(document, schemas, schema, taken, needed)
            if form is not None:
                return form
    if not needed:
        return None
    return f"its body is of the kind {str(next(iter(content), 'nothing'))[:60]!r}, which is no JSON"


def _json_body(document: Any, schemas: Schemas, schema: Any, taken: set[str], shape: Body) -> Body:
    members = _members(document, schema)
    if members is None or taken & members.keys():
        name = next(each for each in ("body", "request_body", "json_body") if each not in taken)
        alone = (name,) if shape.needed else ()
        return msgspec.structs.replace(shape, arguments={name: schemas.part(schema)}, required=alone)
    arguments = {name: schemas.part(node) for name, node in members.items()}
    required = _required(document, schema, arguments) if shape.needed else ()
    return msgspec.structs.replace(shape, way=Way.MERGED, arguments=arguments, required=required)


def _form(document: Any, schemas: Schemas, schema: Any, taken: set[str], needed: bool) -> Body | None:
    members = _members(document, schema)
    if members is None or taken & members.keys():
        return None
    arguments, files = dict[str, Part](), set[str]()
    for name, node in members.items():
        if _is_file(followed(document, node) or {}):
            files.add(name)
            part = schemas.part(_FILE)
        else:
            part = schemas.part(node)
        arguments[name] = part
    required = _required(document, schema, arguments) if needed else ()
    return Body(Way.FORM, _FORM, arguments, required, frozenset(files), needed)


_FILE = {"type": "string", "contentEncoding": "base64", "description": "The content of a file, in base64."}


def _is_file(node: Mapping[str, Any]) -> bool:
    return node.get("format") == "binary" or ("contentMediaType" in node and "contentEncoding" not in node)


def _members(document: Any, schema: Any) -> Mapping[str, Any] | None:
    """Give the members of an object that is nothing but them; None for any other schema."""
    root = followed(document, schema)
    if root is None or root.get("type") != "object" or not set(root) <= _PLAIN | {k for k in root if _is_own(k)}:
        return None
    members = root.get("properties")
    if root.get("additionalProperties") not in (None, False) or not isinstance(members, Mapping) or not members:
        return None
    return members if len(members) <= MOST_FIELDS and all(_is_name(name) for name in members) else None


def _is_own(key: Any) -> bool:
    return isinstance(key, str) and key.startswith("x-")


def _is_name(name: Any) -> bool:
    return isinstance(name, str) and 0 < len(name) <= 100 and name.isprintable()


def _required(document: Any, schema: Any, arguments: Mapping[str, Part]) -> tuple[str, ...]:
    named = (followed(document, schema) or {}).get("required")
    wanted = {name for name in named if isinstance(name, str)} if isinstance(named, list) else set()
    return tuple(name for name in arguments if name in wanted)


def write_body(body: Body, arguments: Mapping[str, Any]) -> tuple[str, bytes] | None:
    """Write media type and bytes of a body from the arguments that are its own; None where none is given.

    Raises `BadRequest` for what is no base64.
    """
    given = {name: value for name, value in arguments.items() if name in body.arguments}
    if not given and not body.needed:
        return None
    if body.way is Way.FORM:
        return _write_form(body, given)
    content = next(iter(given.values()), None) if body.way is Way.WHOLE else given
    return body.kind, msgspec.json.encode(content)


def _write_form(body: Body, given: Mapping[str, Any]) -> tuple[str, bytes]:
    """Write a form (RFC 7578); names are escaped as browsers do (HTML, section 4.10.22.8)."""
    boundary, parts = secrets.token_hex(24), list[bytes]()
    for name, value in given.items():
        shown = name.replace('"', "%22").encode("utf-8")
        head = b'content-disposition: form-data; name="%b"' % shown
        if name in body.files:
            head += b'; filename="%b"\r\ncontent-type: application/octet-stream' % shown
            content = _from_base64(name, value)
        elif isinstance(value, str):
            content = value.encode("utf-8", "replace")
        else:
            head += b"\r\ncontent-type: application/json" if isinstance(value, list | dict) else b""
            content = msgspec.json.encode(value)
        parts.append(b"--%b\r\n%b\r\n\r\n%b\r\n" % (boundary.encode("ascii"), head, content))
    return f"{_FORM}; boundary={boundary}", b"".join(parts) + b"--%b--\r\n" % boundary.encode("ascii")


def _from_base64(name: str, value: Any) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise BadRequest(f"{name[:100]!r} is a file: give its content in base64", param=name) from None
