"""References inside a document.  None leads out of it: whatever does not begin with `#/` is refused by name."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from tollbridge_rest.documents.bounds import MAX_HOPS, BadDocument, shown

_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")
_NAMED = frozenset(
    (
        *("$defs", "callbacks", "content", "definitions", "dependentSchemas", "encoding", "examples", "headers"),
        *("links", "mediaTypes", "parameters", "pathItems", "paths", "patternProperties", "properties"),
        *("requestBodies", "responses", "schemas", "securitySchemes", "variables", "webhooks", "additionalOperations"),
    )
)
"""Fields whose value is a map from names to things; a name is never a keyword."""
_VALUES = frozenset(("const", "dataValue", "default", "enum", "example", "value"))
"""Fields that hold a value of the API's own, in which nothing refers to anything."""
_MOVING = ("$dynamicRef", "$id")


class Refs:
    """The references of one document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._found: dict[str, Any] = {}

    def find(self, ref: Any) -> Any:
        """Give what a reference names; raises `BadDocument`."""
        if not isinstance(ref, str):
            raise BadDocument("a $ref must be a text")
        if ref in self._found:
            return self._found[ref]
        value: Any = self._document
        for part in parts_of(ref):
            if isinstance(value, Mapping) and part in value:
                value = value[part]
            elif isinstance(value, list) and _INDEX.fullmatch(part) and int(part) < len(value):
                value = value[int(part)]
            else:
                raise BadDocument(f"the reference {shown(ref)} leads nowhere", param=ref[:200])
        self._found[ref] = value
        return value

    def follow(self, value: Any) -> Any:
        """Give what a value stands for, through references to references; raises `BadDocument`."""
        return self.trace(value)[1]

    def trace(self, value: Any) -> tuple[str, Any]:
        """Give the last reference too, empty where there is none."""
        last = ""
        for _ in range(MAX_HOPS):
            if not isinstance(value, Mapping) or not isinstance(value.get("$ref"), str):
                return last, value
            last = value["$ref"]
            value = self.find(last)
        raise BadDocument(f"the reference {shown(last)} leads from one to the next over {MAX_HOPS} times, or in a ring")


def parts_of(ref: str) -> list[str]:
    """Read a reference as a JSON pointer in a fragment (RFC 6901, 3 and 6); raises `BadDocument` for any other."""
    if not ref.startswith("#/"):
        raise BadDocument(
            f"the reference {shown(ref)} leads out of the document, where nothing is fetched; "
            "put what it names into the document and refer to it with #/…",
            param=ref[:200],
        )
    try:
        pointer = unquote(ref[2:], errors="strict")
    except UnicodeDecodeError:
        raise BadDocument(f"the reference {shown(ref)} is not UTF-8") from None
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")]


def ref_of(*parts: str) -> str:
    """Write a reference to a place in the document."""
    return "#/" + "/".join(part.replace("~", "~0").replace("/", "~1") for part in parts)


def check_refs(document: Mapping[str, Any]) -> None:
    """See that every reference leads to something within the document; raises `BadDocument` at the first that does not.

    Schemas that say where they are (`$id`) or whose references depend on the way there are refused too: what a
    reference means would no longer be seen from itself.
    """
    refs = Refs(document)
    for each in objects_of(document):
        if "$ref" in each and not isinstance(each["$ref"], Mapping):
            refs.follow(each)
        for word in _MOVING:
            if isinstance(each.get(word), str):
                raise BadDocument(f"the keyword {word} is not read; refer with $ref and #/…", param=each[word][:200])
        discriminator = each.get("discriminator")
        if isinstance(discriminator, Mapping):
            for ref in mapped(discriminator):
                refs.find(ref)


def mapped(discriminator: Mapping[str, Any]) -> list[str]:
    """List what a discriminator's mapping refers to.  A plain name is that of a schema in the components."""
    mapping = discriminator.get("mapping")
    targets = list(mapping.values()) if isinstance(mapping, Mapping) else []
    if "defaultMapping" in discriminator:
        targets.append(discriminator["defaultMapping"])
    return [schema_ref(target) for target in targets if isinstance(target, str)]


def schema_ref(target: str) -> str:
    """Read a name or a reference as a reference."""
    plain = re.fullmatch(r"[A-Za-z0-9._-]+", target)
    return ref_of("components", "schemas", target) if plain else target


def objects_of(root: Any) -> Iterator[Mapping[str, Any]]:
    """Go through all objects of a document, or of a part, in which a field means what OpenAPI says.

    Left out are maps from names, and all within examples, defaults and other values.
    """
    stack: list[tuple[Any, bool]] = [(root, False)]
    while stack:
        value, named = stack.pop()
        if isinstance(value, list):
            stack.extend((each, False) for each in value)
        elif isinstance(value, Mapping):
            if not named:
                yield value
            for key, inner in value.items():
                if named:
                    stack.append((inner, False))
                elif key == "examples" and not isinstance(inner, Mapping):
                    continue
                elif key not in _VALUES and not key.startswith("x-"):
                    stack.append((inner, key in _NAMED))


def rewritten(value: Any, change: Callable[[Mapping[str, Any]], Any], *, named: bool = False) -> Any:
    """Copy a part with what `change` gives in place of an object in which fields have their meaning, unless None."""
    if isinstance(value, list):
        return [rewritten(each, change) for each in value]
    if not isinstance(value, Mapping):
        return value
    if not named and (other := change(value)) is not None:
        return other
    copy = {}
    for key, inner in value.items():
        kept = not named and (key in _VALUES or key.startswith("x-") or (key == "examples" and isinstance(inner, list)))
        copy[key] = inner if kept else rewritten(inner, change, named=not named and key in _NAMED)
    return copy
