"""A document as the gateway publishes it: its own URL and credential, and nothing but what can be called.

Extensions (`x-…`) of the document, its paths and operations are left out: they are for the tools of whoever wrote it,
and often name what stands behind. One stays, for it is said to the gateway: that an operation is no tool. Components
that nothing refers to any more are left out too.
"""

import hashlib
from collections.abc import Collection, Mapping
from typing import Any

from tollbridge_rest.documents.bounds import MAX_NODES, BadDocument
from tollbridge_rest.documents.building import METHODS
from tollbridge_rest.documents.model import Document, Operation
from tollbridge_rest.documents.plain import mapping
from tollbridge_rest.documents.pointers import Refs, mapped, objects_of, parts_of, ref_of, rewritten, schema_ref

SCHEME = "tollbridge"
NO_TOOL = "x-tollbridge-tool"
"""An operation where this is false is no tool for models."""
MAX_WITHIN = 4
"""References that are written out within what was written out; a ring of them ends here."""
_DROPPED = frozenset(("$self", "components", "externalDocs", "openapi", "paths", "security", "servers", "webhooks"))


def publish(document: Document, url: str, operations: Collection[Operation], *, version: str = "") -> dict[str, Any]:
    """Give the document of what is published at `url`; `version` is put in place of the API's own where it is given.

    References to components stay as they are. Raises `BadDocument` where others cannot be written out.
    """
    raw = document.raw
    info = {**raw["info"], "version": version or document.version, "title": document.title}
    published: dict[str, Any] = {"openapi": raw["openapi"], "info": _without_extensions(info)}
    published.update({key: value for key, value in _without_extensions(raw).items() if key not in _DROPPED | {"info"}})
    published["servers"] = [{"url": url}]
    published["security"] = [{SCHEME: []}]
    settling = _Settling(Refs(raw))
    published["paths"] = settling.settle(_paths(document, operations))
    components = _components(raw, settling, published)
    published["components"] = {
        **components,
        "securitySchemes": {SCHEME: {"type": "http", "scheme": "bearer", "description": "A token of the gateway."}},
    }
    return published


def _paths(document: Document, operations: Collection[Operation]) -> dict[str, Any]:
    kept = {(each.path, each.method) for each in operations}
    refs, paths = Refs(document.raw), dict[str, Any]()
    for path, item in document.raw.get("paths", {}).items():
        if path.startswith("x-"):
            continue
        item, published = mapping(refs.follow(item), f"paths{path}"), {}
        for key, value in _without_extensions(item).items():
            if key in METHODS and (path, key.upper()) in kept:
                published[key] = _operation(value)
            elif key == "additionalOperations":
                more = {name: _operation(each) for name, each in (value or {}).items() if (path, name) in kept}
                published.update({key: more} if more else {})
            elif key not in METHODS and key != "servers":
                published[key] = value
        if published.keys() & {*METHODS, "additionalOperations"}:
            paths[path] = published
    return paths


def _operation(said: Mapping[str, Any] | None) -> dict[str, Any]:
    fields = said or {}
    kept = {key: value for key, value in _without_extensions(fields).items() if key not in ("security", "servers")}
    for key, part in (("callbacks", _callback), ("responses", _answer)):
        if isinstance(kept.get(key), Mapping):
            kept[key] = {name: part(each) for name, each in kept[key].items()}
    return {**kept, NO_TOOL: False} if fields.get(NO_TOOL) is False else kept


def _callback(said: Any) -> Any:
    """Give a callback without what its paths name of servers."""
    return {key: _item(each) for key, each in _without_extensions(said).items()} if isinstance(said, Mapping) else said


def _item(said: Any) -> Any:
    if not isinstance(said, Mapping):
        return said
    kept = {key: value for key, value in _without_extensions(said).items() if key != "servers"}
    return {key: _operation(value) if key in METHODS else value for key, value in kept.items()}


def _answer(said: Any) -> Any:
    """Give an answer without what its links name of servers."""
    if not isinstance(said, Mapping) or not isinstance(said.get("links"), Mapping):
        return said
    return {**said, "links": {name: _link(each) for name, each in said["links"].items()}}


def _link(said: Any) -> Any:
    if not isinstance(said, Mapping):
        return said
    return {key: value for key, value in _without_extensions(said).items() if key != "server"}


_CLEANED = {"callbacks": _callback, "links": _link, "pathItems": _item, "responses": _answer}
"""Components that may name what stands behind."""


class _Settling:
    """Lets references lead to components alone: what they name elsewhere may not be published.

    A schema becomes a component with a made name, for it may refer to itself; anything else is written out.
    """

    def __init__(self, refs: Refs) -> None:
        self._refs = refs
        self._within = 0
        self._copied = 0
        self.schemas: dict[str, Any] = {}

    def settle(self, part: Any) -> Any:
        """Copy a part with references that lead to components alone; raises `BadDocument`."""
        return rewritten(part, self._change)

    def _change(self, value: Mapping[str, Any]) -> Any:
        self._copied += self._within > 0
        if self._within > MAX_WITHIN or self._copied > MAX_NODES:
            raise BadDocument("references lead to other places than components, and from there on without an end")
        ref = value.get("$ref")
        if not isinstance(ref, str) or (parts := parts_of(ref))[0] == "components":
            return None
        if "schema" in parts:
            name = f"schema-{hashlib.sha256(ref.encode('utf-8')).hexdigest()[:12]}"
            self.schemas[name] = self._refs.find(ref)
            return {**value, "$ref": ref_of("components", "schemas", name)}
        self._within += 1
        written = self.settle(self._refs.follow(value))
        self._within -= 1
        return written


def _components(raw: Mapping[str, Any], settling: _Settling, published: Mapping[str, Any]) -> dict[str, Any]:
    """Keep the components that are referred to, directly or not, in their order."""
    kept: dict[tuple[str, str], Any] = {}
    waiting, components = [published["paths"]], raw.get("components") or {}
    while waiting:
        for ref in _referred(waiting.pop()):
            parts = parts_of(ref)
            if parts[0] == "components" and len(parts) >= 3 and (parts[1], parts[2]) not in kept:
                found = (
                    settling.schemas if parts[1] == "schemas" and parts[2] in settling.schemas else components[parts[1]]
                )
                cleaned = _CLEANED.get(parts[1], _as_it_is)(found[parts[2]])
                kept[parts[1], parts[2]] = settling.settle(cleaned)
                waiting.append(kept[parts[1], parts[2]])
    order = [(kind, name) for kind, named in components.items() if isinstance(named, Mapping) for name in named]
    order += [("schemas", name) for name in settling.schemas]
    found_components: dict[str, Any] = {}
    for kind, name in order:
        if (kind, name) in kept and kind != "securitySchemes":
            found_components.setdefault(kind, {})[name] = kept[kind, name]
    return found_components


def _as_it_is(said: Any) -> Any:
    return said


def _referred(part: Any) -> set[str]:
    found: set[str] = set()
    for each in objects_of(part):
        if isinstance(each.get("$ref"), str):
            found.add(each["$ref"])
        if isinstance(each.get("discriminator"), Mapping):
            found.update(map(schema_ref, mapped(each["discriminator"])))
    return found


def _without_extensions(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if not key.startswith("x-")}
