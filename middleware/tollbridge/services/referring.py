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
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, Mapping):
            waiting += one.values()
        elif isinstance(one, list | tuple):
            waiting += one
