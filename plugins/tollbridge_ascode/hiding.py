"""Secrets that stand in a definition that was written before that was refused: none is shown, and none exported."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tollbridge.administering import clear_secrets

_NO_NAME = re.compile("[^A-Za-z0-9._-]+")
_LONGEST = 60
"""Characters of the name of a secret, without a number behind it."""
Path = tuple[str, ...]


def veiled(definition: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give a definition as it is shown."""
    return _changed(definition, list(clear_secrets(definition)), lambda path: "***")


def referring(definition: Mapping[str, Any], slug: str, team: str) -> tuple[Mapping[str, Any], Sequence[str]]:
    """Give a definition with references in place of secrets, and say in sentences where that is."""
    names: dict[Path, str] = {}
    for path in sorted(clear_secrets(definition)):
        name = _NO_NAME.sub("-", f"{team or slug}.{slug}-{path[-1].lower()}")[:_LONGEST]
        number = sum(each.startswith(f"stored:{name}") for each in names.values())
        names[path] = f"stored:{name}{f'-{number + 1}' if number else ''}"
    notes = [
        f"a secret stands in it at {'/'.join(path)}, and is written as {name}: store it, and write that there"
        for path, name in names.items()
    ]
    return _changed(definition, list(names), names.__getitem__), notes


def _changed(definition: Mapping[str, Any], paths: Sequence[Path], value: Callable[[Path], str]) -> Mapping[str, Any]:
    made: Any = definition
    for path in paths:
        made = _put(made, path, value(path))
    return dict(made)


def _put(holder: Any, path: Path, value: str) -> Any:
    """Give what holds something at a path with a value in its place; nothing else is copied."""
    if not path:
        return value
    if isinstance(holder, Mapping):
        return {name: _put(one, path[1:], value) if name == path[0] else one for name, one in holder.items()}
    return [_put(one, path[1:], value) if str(at) == path[0] else one for at, one in enumerate(holder)]
