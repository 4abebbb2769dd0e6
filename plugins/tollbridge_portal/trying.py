"""What somebody typed to try an operation, as a call."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from tollbridge.browsing import gettext as _
from tollbridge.screens import Asked
from tollbridge_portal.operations import Field, Operation

WHOLE = "body"
"""The field that holds a whole body."""
STREAM = "stream"


class Untyped(ValueError):
    """What was typed is no call: a sentence for each field that is wrong, by its key."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("some fields are wrong")
        self.errors = errors


def call_of(operation: Operation, typed: Mapping[str, Sequence[str]]) -> Asked:
    """Make the call; raises `Untyped`."""
    errors: dict[str, str] = {}
    texts = {field.key: (typed.get(field.key) or [""])[0] for field in operation.fields}
    for field in operation.fields:
        if field.required and not texts[field.key].strip() and field.where != WHOLE:
            errors[field.key] = _("This is needed.")
    body = _body(operation, typed, texts, errors)
    if errors:
        raise Untyped(errors)
    path = operation.path
    for field in operation.of("path"):
        path = path.replace("{" + field.name + "}", quote(texts[field.key], safe=""))
    query = urlencode([(one.name, texts[one.key]) for one in operation.of("query") if texts[one.key]], quote_via=quote)
    headers = {one.name: _plain(texts[one.key]) for one in operation.of("header") if texts[one.key]}
    if body is not None:
        headers["content-type"] = operation.media_type
    if operation.streams and typed.get(STREAM):
        headers["accept"] = "text/event-stream"
    return Asked(operation.method, quote(path, safe="/%:@!$&'()*+,;=~"), query, headers, body or b"")


def _body(
    operation: Operation, typed: Mapping[str, Sequence[str]], texts: Mapping[str, str], errors: dict[str, str]
) -> bytes | None:
    if not operation.media_type:
        return None
    if not operation.flat:
        said = (typed.get(WHOLE) or [""])[0]
        if operation.media_type.endswith("json") and said.strip() and not _is_json(said):
            errors[WHOLE] = _("This is no JSON.")
        return said.encode()
    found: dict[str, Any] = {}
    for field in operation.of("body"):
        said = texts[field.key].replace("\r\n", "\n")
        if said == "" and not (field.required and field.type == "string"):
            if field.required:
                errors[field.key] = _("This is needed.")
            continue
        try:
            found[field.name] = _value(field, said)
        except msgspec.DecodeError:
            errors[field.key] = _("This is no JSON.")
    return msgspec.json.encode(found)


def _value(field: Field, said: str) -> Any:
    """Read what was typed: a text as it is, anything else as JSON; where both may be meant, what is no JSON is text."""
    if field.type == "string":
        return said
    try:
        return msgspec.json.decode(said)
    except msgspec.DecodeError:
        if "string" in field.type or field.type == "any":
            return said
        raise


def _is_json(said: str) -> bool:
    try:
        msgspec.json.decode(said)
    except msgspec.DecodeError:
        return False
    return True


def _plain(said: str) -> str:
    """Give a header's value without what ends a line."""
    return " ".join(said.split())
