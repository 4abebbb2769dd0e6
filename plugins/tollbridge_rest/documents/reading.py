"""A document's bytes into plain values: JSON or YAML, bounded, and nothing in it that two readers read in two ways."""

import json
import math
import re
from typing import Any

from tollbridge_rest.documents.bounds import MAX_BYTES, MAX_CHARACTERS, MAX_DEPTH, MAX_NODES, BadDocument, shown
from tollbridge_rest.documents.yamltext import read_yaml

_VERSION = re.compile(r"3\.([0-2])\.[0-9]{1,3}(?:-[0-9A-Za-z.-]{1,40})?")
_SURROGATE = re.compile("[\ud800-\udfff]")
_DIALECTS = frozenset(
    (
        "https://json-schema.org/draft/2020-12/schema",
        "https://spec.openapis.org/oas/3.1/dialect/base",
        "https://spec.openapis.org/oas/3.1/dialect/2024-10-25",
        "https://spec.openapis.org/oas/3.1/dialect/2024-11-10",
        "https://spec.openapis.org/oas/3.2/dialect/2025-09-17",
    )
)
"""The dialects of schemas whose keywords are those of JSON Schema 2020-12."""


def read_document(data: bytes) -> dict[str, Any]:
    """Read an OpenAPI document of version 3.0, 3.1 or 3.2; raises `BadDocument`.

    What it gives must not be changed: parts may be shared. Takes seconds for megabytes of YAML, so call it in a thread.
    """
    if len(data) > MAX_BYTES:
        raise BadDocument(f"the document has {len(data):,} bytes; up to {MAX_BYTES:,} are read")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise BadDocument(f"the document is not UTF-8: byte {exc.start:,} cannot be read") from None
    document = _read_json(text) if text.lstrip()[:1] in ("{", "[") else read_yaml(text)
    return check_document(document)


def check_document(document: Any) -> dict[str, Any]:
    """Check the bounds and the version of a document that was read elsewhere; raises `BadDocument`."""
    _check_bounds(document)
    if not isinstance(document, dict):
        raise BadDocument("an OpenAPI document is an object; this is none")
    _check_version(document)
    return document


def _read_json(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_no_duplicates, parse_constant=_no_constant)
    except json.JSONDecodeError as exc:
        raise BadDocument(f"this is no JSON: {exc.msg} (line {exc.lineno}, column {exc.colno})") from None
    except RecursionError:
        raise BadDocument(f"the document is over {MAX_DEPTH} levels deep") from None
    except ValueError:  # Python refuses to read an integer of more than 4,300 digits
        raise BadDocument("a number has too many digits") from None


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise BadDocument(f"the key {shown(key)} is there twice in one object")
            seen.add(key)
    return made


def _no_constant(word: str) -> Any:
    raise BadDocument(f"{word} is no number of JSON")


def _check_bounds(document: Any) -> None:
    """Count what is there, shared parts each time; raises `BadDocument`.  Stops at the first bound."""
    nodes = characters = 0
    level, depth = [document], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise BadDocument(f"the document is over {MAX_DEPTH} levels deep")
        following: list[Any] = []
        for value in level:
            if isinstance(value, str):
                characters += _measured(value)
            elif isinstance(value, dict):
                for key in value:
                    characters += _measured(key)
                following.extend(value.values())
            elif isinstance(value, list):
                following.extend(value)
            elif isinstance(value, float) and not math.isfinite(value):
                raise BadDocument("a number is too large to be read")
            if nodes + len(following) > MAX_NODES:
                raise BadDocument(f"the document has over {MAX_NODES:,} values")
            if characters > MAX_CHARACTERS:
                raise BadDocument(f"the texts of the document have over {MAX_CHARACTERS:,} characters")
        nodes += len(following)
        level = following


def _measured(text: str) -> int:
    if not text.isascii() and _SURROGATE.search(text):
        raise BadDocument(f"the text {shown(text)!a} holds half a character (an unpaired surrogate)")
    return len(text)


def _check_version(document: dict[str, Any]) -> None:
    if "swagger" in document:
        raise BadDocument(
            "this is a Swagger 2.0 document, and OpenAPI 3.0, 3.1 and 3.2 are read; convert it first, for example "
            "with: npx swagger2openapi swagger.json -o openapi.json",
            param="swagger",
        )
    version = document.get("openapi")
    if version is None:
        raise BadDocument("the field openapi, which says the version, is missing", param="openapi")
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise BadDocument(
            f'the version {shown(version)} of OpenAPI is not known; a text such as "3.0.4", "3.1.2" or "3.2.0" is',
            param="openapi",
        )
    dialect = document.get("jsonSchemaDialect")
    if dialect is not None and (not isinstance(dialect, str) or dialect not in _DIALECTS):
        raise BadDocument(
            f"the dialect {shown(dialect)} of schemas is not known; leave jsonSchemaDialect out, or take JSON Schema "
            "2020-12",
            param="jsonSchemaDialect",
        )
