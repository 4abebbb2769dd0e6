"""How large schemas are with all they refer to, found without turning or copying any."""

from collections.abc import Mapping
from typing import Any

from tollbridge_rest.documents.pointers import Refs


class Sizes:
    """Counts, and remembers what each reference leads to."""

    def __init__(self, refs: Refs) -> None:
        self._refs = refs
        self._known: dict[str, tuple[int, frozenset[str]]] = {}

    def over(self, schema: Any, limit: int) -> bool:
        """Tell whether a schema is more than so many objects; looks no further than that."""
        total, found = _look(schema)
        waiting, seen = list(found), set(found)
        while waiting and total <= limit:
            own, leads = self._at(waiting.pop())
            total += own
            waiting.extend(leads - seen)
            seen |= leads
        return total > limit

    def _at(self, ref: str) -> tuple[int, frozenset[str]]:
        if ref not in self._known:
            self._known[ref] = _look(self._refs.find(ref))
        return self._known[ref]


def _look(schema: Any) -> tuple[int, frozenset[str]]:
    """Count the objects of a schema by itself, and list its references."""
    count, refs, stack = 0, set[str](), [schema]
    while stack:
        value = stack.pop()
        if isinstance(value, Mapping):
            count += 1
            if isinstance(value.get("$ref"), str):
                refs.add(value["$ref"])
            stack.extend(each for key, each in value.items() if key not in ("example", "examples", "enum", "default"))
        elif isinstance(value, list):
            stack.extend(value)
    return count, frozenset(refs)
