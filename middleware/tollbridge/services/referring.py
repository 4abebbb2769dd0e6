"""Secrets that definitions of services name by reference, and those that stand in one and do not belong there."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import msgspec

from tollbridge.redaction import is_secret_name
from tollbridge.services.kinds import ServiceKind

_REFERENCE = re.compile(r"(?:^|\s)((?:env|file|stored):\S+)")
_ALONE = re.compile(r"(?:\S+ )?(?:env|file|stored):\S+")
_SENT = ("headers", "query", "set", "add", "auth", "oauth")
"""What holds by its name what is sent along with a call."""
_SHOWN = ("document", "openapi", "response")
"""What says how something is called, or what its callers get."""


def references_of(kind: ServiceKind | None, definition: Mapping[str, Any]) -> Collection[str]:
    """Give the references to secrets in a definition; of one that cannot be read yet all that look like some."""
    if kind is not None:
        try:
            return frozenset(kind.secrets(msgspec.convert(definition, kind.definition)))
        except msgspec.ValidationError:
            pass
    return frozenset(found for text in _texts(definition) for found in _REFERENCE.findall(text))


def clear_secrets(definition: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Give where in a definition a secret stands itself, in place of a reference: the names that lead there.

    A secret is known by what it is called, such as the header `Authorization`, and is looked for where something is
    sent along with a call.
    """
    waiting: list[tuple[tuple[str, ...], Any]] = [((), definition)]
    while waiting:
        path, one = waiting.pop()
        inner = one.items() if isinstance(one, Mapping) else enumerate(one) if isinstance(one, list | tuple) else ()
        for name, value in inner:
            at = (*path, str(name))
            if isinstance(value, str):
                if path and path[-1] in _SENT and _is_secret(at) and value and not _ALONE.fullmatch(value):
                    yield at
            elif name not in _SHOWN:
                waiting.append((at, value))


def _is_secret(path: tuple[str, ...]) -> bool:
    return path[-2:] == ("auth", "key") or is_secret_name(path[-1])


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
