"""Secrets that definitions of services name by reference."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import msgspec

from tollbridge.services.kinds import ServiceKind

_REFERENCE = re.compile(r"(?:^|\s)((?:env|file|stored):\S+)")


def references_of(kind: ServiceKind | None, definition: Mapping[str, Any]) -> Collection[str]:
    """Give the references to secrets in a definition; of one that cannot be read yet all that look like some."""
    if kind is not None:
        try:
            return frozenset(kind.secrets(msgspec.convert(definition, kind.definition)))
        except msgspec.ValidationError:
            pass
    return frozenset(found for text in _texts(definition) for found in _REFERENCE.findall(text))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    for part in parts:
        yield from _texts(part)
