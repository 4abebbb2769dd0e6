"""From the schemas of an OpenAPI document to JSON Schema that stands for itself.

What a schema refers to comes into its `$defs`, whatever the document is like: a reference that leads out of it is
anything, one that leads to itself by no way that takes a step into the value is anything too, and what is too large is
left out. All of it is linear in the document: each part is read once, however often it is referred to.
"""

import re
from collections import deque
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any
from urllib.parse import unquote

MOST_NODES = 2_000
"""Values in the schemas of one tool: 100 KB at most."""
DEEPEST = 40
_NODE = 40
"""Letters that count as one more value."""
_MOST_DATA = 200
_LONGEST_TEXT = 1_000
_LONGEST_POINTER = 500
_MOST_STEPS = 20

_ONE = frozenset(("items", "additionalProperties", "propertyNames", "contains", "unevaluatedItems"))
_HERE_ONE = frozenset(("not", "if", "then", "else"))
_HERE_MANY = frozenset(("allOf", "anyOf", "oneOf"))
_NAMED = frozenset(("properties", "patternProperties"))
_NUMBERS = frozenset(
    (
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
        *("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"),
        *("minContains", "maxContains"),
    )
)
_TEXTS = frozenset(("title", "description", "format", "pattern", "contentEncoding", "contentMediaType"))
_FLAGS = frozenset(("uniqueItems", "deprecated", "readOnly", "writeOnly"))
_DATA = frozenset(("enum", "const", "default", "examples"))
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]+")

Schema = dict[str, Any]


def at_pointer(document: Any, reference: str) -> Any:
    """Give what `#/a/b` (RFC 6901) points to in a document, None for nothing and for what is outside."""
    if not reference.startswith("#/") or len(reference) > _LONGEST_POINTER:
        return None
    found = document
    for step in unquote(reference[2:]).split("/"):
        key = step.replace("~1", "/").replace("~0", "~")
        if isinstance(found, Mapping):
            found = found.get(key)
        elif isinstance(found, list) and key.isascii() and key.isdigit() and len(key) < 7 and int(key) < len(found):
            found = found[int(key)]
        else:
            return None
    return found


def followed(document: Any, node: Any) -> Any:
    """Give an object of a document, or what it refers to, also in several steps; None where that leads nowhere."""
    for _ in range(_MOST_STEPS):
        if not isinstance(node, Mapping):
            return None
        reference = node.get("$ref")
        if not isinstance(reference, str):
            return node
        node = at_pointer(document, reference)
    return None


class Part:
    """A schema with what it needs: by names in `$defs`, and of them those `here`, at the very value it is about."""

    __slots__ = ("here", "needs", "nodes", "schema")

    def __init__(self) -> None:
        self.schema: Any = {}
        self.needs: set[str] = set()
        self.here: set[str] = set()
        self.nodes = 0


class Schemas:
    """The schemas of one document.  `part` reads one; after all were read, and `settle`, each can be gathered."""

    def __init__(self, document: Any) -> None:
        self._document = document
        self._names: dict[str, str] = {}
        self._taken: set[str] = set()
        self._parts: dict[str, Part] = {}
        self._read: dict[int, Part] = {}
        self._waiting: deque[tuple[str, str]] = deque()

    def part(self, node: Any) -> Part:
        """Read a schema of the document: each object of it once."""
        known = self._read.get(id(node))
        if known is None:
            known = self._read[id(node)] = _Reading(self._name).read(node)
        return known

    def settle(self) -> None:
        """Read what was referred to; what leads to itself without a step becomes anything."""
        while self._waiting:
            name, reference = self._waiting.popleft()
            self._parts[name] = self.part(at_pointer(self._document, reference))
        for name in _circular({name: part.here for name, part in self._parts.items()}):
            self._parts[name] = Part()

    def gather(self, most: int = MOST_NODES) -> "Gathering":
        """Begin one tool's schema, of `most` values."""
        return Gathering(self._parts, most)

    def _name(self, reference: str) -> str:
        name = self._names.get(reference)
        if name is None:
            plain = _UNSAFE.sub("_", reference.rpartition("/")[2])[:60] or "schema"
            name = plain if plain not in self._taken else f"{plain}+{len(self._taken)}"
            self._names[reference] = name
            self._taken.add(name)
            self._parts[name] = Part()
            self._waiting.append((name, reference))
        return name


class Gathering:
    """What one tool's schema is made of: parts are taken while there is room, and then anything is."""

    def __init__(self, parts: Mapping[str, Part], most: int) -> None:
        self._parts = parts
        self._room = self._most = max(most, 0)
        self._needs: set[str] = set()

    @property
    def nodes(self) -> int:
        """How many values were taken."""
        return self._most - self._room

    def take(self, part: Part) -> Any:
        """Give a part's schema, to be put anywhere into the tool's."""
        if not self._fits(part):
            return {}
        self._needs |= part.needs
        return part.schema

    def close(self, schema: Schema) -> Schema:
        """Give the tool's schema with its `$defs`."""
        chosen: Schema = {}
        waiting = deque(sorted(self._needs))
        while waiting:
            name = waiting.popleft()
            if name in chosen:
                continue
            needed = self._parts[name]
            if self._fits(needed):
                chosen[name] = needed.schema
                waiting.extend(sorted(needed.needs - chosen.keys()))
            else:
                chosen[name] = {}
        return {**schema, "$defs": chosen} if chosen else schema

    def _fits(self, part: Part) -> bool:
        if part.nodes > self._room:
            return False
        self._room -= part.nodes
        return True


class _Reading:
    """Reads one schema, down to its references."""

    def __init__(self, name: Any) -> None:
        self._name = name
        self._part = Part()

    def read(self, node: Any) -> Part:
        self._part.schema = self._schema(node, 0, here=True)
        return self._part

    def _schema(self, node: Any, depth: int, *, here: bool) -> Any:
        self._part.nodes += 1
        if isinstance(node, bool) and depth:
            return node
        if not isinstance(node, Mapping) or depth > DEEPEST:
            return {}
        found: Schema = {}
        for key, value in node.items():
            kept = self._keyword(key, value, depth, here)
            if kept is not None:
                found[key] = kept
        if node.get("nullable") is True and isinstance(found.get("type"), str):
            found["type"] = [found["type"], "null"]
        return found

    def _keyword(self, key: Any, value: Any, depth: int, here: bool) -> Any:
        """Give a keyword's value as it is kept, None for one that is left out."""
        if key == "$ref":
            return self._reference(value, here)
        if key == "type":
            return _kept_type(value)
        if key in _HERE_MANY or key == "prefixItems":
            inside = here and key in _HERE_MANY
            many = [self._schema(each, depth + 1, here=inside) for each in value] if isinstance(value, list) else []
            return many or None
        if key in _ONE or key in _HERE_ONE:
            return self._schema(value, depth + 1, here=here and key in _HERE_ONE) if _is_schema(value) else None
        if key in _NAMED and isinstance(value, Mapping):
            self._part.nodes += _weigh(value)
            return {str(name): self._schema(each, depth + 1, here=False) for name, each in value.items()}
        return self._plain(key, value)

    def _plain(self, key: Any, value: Any) -> Any:
        self._part.nodes += 1
        if key in _NUMBERS:
            return value if isinstance(value, int | float) and not isinstance(value, bool) else None
        if key in _TEXTS and isinstance(value, str):
            self._part.nodes += len(value[:_LONGEST_TEXT]) // _NODE
            return value[:_LONGEST_TEXT]
        if key in _FLAGS:
            return value if isinstance(value, bool) else None
        if key == "required" and isinstance(value, list):
            self._part.nodes += _weigh(value)
            return [name for name in value if isinstance(name, str)] or None
        if key in _DATA and (key in ("const", "default") or isinstance(value, list)):
            nodes = _count(value, _MOST_DATA)
            self._part.nodes += nodes
            return value if nodes < _MOST_DATA and value is not None else None
        return None

    def _reference(self, value: Any, here: bool) -> str | None:
        if not isinstance(value, str) or not value.startswith("#/") or len(value) > _LONGEST_POINTER:
            return None
        name: str = self._name(value)
        self._part.needs.add(name)
        if here:
            self._part.here.add(name)
        return f"#/$defs/{name}"


def _is_schema(value: Any) -> bool:
    return isinstance(value, Mapping | bool)


def _weigh(names: Iterable[Any]) -> int:
    return sum(1 + len(name) // _NODE for name in names if isinstance(name, str))


def _kept_type(value: Any) -> Any:
    if isinstance(value, str):
        return value
    many = [each for each in value if isinstance(each, str)][:8] if isinstance(value, list) else []
    return many or None


def _count(value: Any, most: int) -> int:
    """Count the values in JSON, up to `most`; a long text counts as several."""
    waiting, found = [value], 0
    while waiting and found < most:
        one = waiting.pop()
        found += 1 + (len(one) // _NODE if isinstance(one, str) else 0)
        if isinstance(one, Mapping):
            waiting.extend(islice(one.values(), most))
            found += _weigh(islice(one, most))
        elif isinstance(one, list):
            waiting.extend(one[:most])
    return min(found, most)


def _circular(edges: Mapping[str, Iterable[str]]) -> set[str]:
    """Give the names from which a way leads into a circle (Kahn: whatever cannot be put into an order)."""
    left = {name: len(set(targets)) for name, targets in edges.items()}
    users: dict[str, list[str]] = {}
    for name, targets in edges.items():
        for target in set(targets):
            users.setdefault(target, []).append(name)
    ready = [name for name, count in left.items() if not count]
    while ready:
        for user in users.get(ready.pop(), ()):
            left[user] -= 1
            if not left[user]:
                ready.append(user)
    return {name for name, count in left.items() if count}
