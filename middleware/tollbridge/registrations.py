"""Which plugin registered what: the names that each gave by each of its hooks."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

_HOOK = "register_"


class Registrations:
    """What was registered so far, in order."""

    def __init__(self) -> None:
        self._found: dict[str, dict[str, dict[str, None]]] = {}

    def of(self, plugin: str) -> Mapping[str, Sequence[str]]:
        """Give the names that a plugin registered, by kind: `policies`, `apps`; nothing for one that did not."""
        return {kind: tuple(names) for kind, names in self._found.get(plugin, {}).items()}

    def noting(self, plugin: str, hook: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """Give the arguments of a hook's call with a `register` that is listened to; any others as they are."""
        register: Callable[..., None] | None = arguments.get("register")
        if register is None:
            return arguments
        kind = hook.removeprefix(_HOOK)

        def noted(*given: Any, **named: Any) -> None:
            register(*given, **named)
            first = next(iter((*given, *named.values())))
            self._found.setdefault(plugin, {}).setdefault(kind, {})[name_of(first)] = None

        return {**arguments, "register": noted}


def name_of(thing: object) -> str:
    """Give what is registered under a name that name, anything else by its own or by that of its type."""
    if isinstance(thing, str):
        return thing
    own = getattr(thing, "name", None) or getattr(thing, "__qualname__", None)
    return own if isinstance(own, str) else type(thing).__qualname__
