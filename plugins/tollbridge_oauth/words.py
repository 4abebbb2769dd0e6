"""Scopes in the words of people, who are asked whether a program may do that."""

from collections.abc import Sequence
from dataclasses import dataclass

_ADMINISTERS = {"read": "see", "write": "see and change", "*": "see and change"}


@dataclass(frozen=True, slots=True)
class Said:
    """A scope in words; `grave` where it lets somebody change what others may do."""

    scope: str
    words: str
    grave: bool = False


def said(scopes: Sequence[str]) -> Sequence[Said]:
    """Say what each scope lets a program do, what is grave first."""
    found = [_said(scope) for scope in scopes]
    return sorted(found, key=lambda one: not one.grave)


def _said(scope: str) -> Said:
    kind, _, rest = scope.partition(":")
    return _KINDS[kind](scope, rest)


def _ai(scope: str, rest: str) -> Said:
    return Said(scope, "call models, for whatever they can do" if rest == "*" else f"call models, for {rest}")


def _model(scope: str, rest: str) -> Said:
    if rest == "*":
        return Said(scope, "use every model that you may use")
    return Said(scope, f"use models whose names fit {rest}" if "*" in rest else f"use the model {rest}")


def _service(scope: str, rest: str) -> Said:
    name, _, operation = rest.partition(":")
    if "*" in name:
        return Said(scope, "use every service that you may use")
    return Said(scope, f"use the service {name}" + (f", for {operation}" if operation not in ("", "*") else ""))


def _admin(scope: str, rest: str) -> Said:
    area, _, right = rest.partition(":")
    if area == "*":
        return Said(scope, "administer all that you may administer", grave=True)
    return Said(scope, f"{_ADMINISTERS[right]} {area}", grave=right != "read")


_KINDS = {"ai": _ai, "model": _model, "service": _service, "admin": _admin}
