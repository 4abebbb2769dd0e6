"""Scopes in the words of people, who are asked whether a program may do that."""

from collections.abc import Sequence
from dataclasses import dataclass

from tollbridge.browsing import gettext as _


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
    kind, rest = scope.partition(":")[::2]
    return _KINDS[kind](scope, rest)


def _ai(scope: str, rest: str) -> Said:
    if rest == "*":
        return Said(scope, _("call models, for whatever they can do"))
    return Said(scope, _("call models, for %(operation)s") % {"operation": rest})


def _model(scope: str, rest: str) -> Said:
    if rest == "*":
        return Said(scope, _("use every model that you may use"))
    words = _("use models whose names fit %(name)s") if "*" in rest else _("use the model %(name)s")
    return Said(scope, words % {"name": rest})


def _service(scope: str, rest: str) -> Said:
    name, operation = rest.partition(":")[::2]
    if "*" in name:
        return Said(scope, _("use every service that you may use"))
    if operation in ("", "*"):
        return Said(scope, _("use the service %(name)s") % {"name": name})
    return Said(scope, _("use the service %(name)s, for %(operation)s") % {"name": name, "operation": operation})


def _admin(scope: str, rest: str) -> Said:
    area, right = rest.partition(":")[::2]
    if area == "*":
        return Said(scope, _("administer all that you may administer"), grave=True)
    is_grave = right != "read"
    words = _("see and change %(area)s") if is_grave else _("see %(area)s")
    return Said(scope, words % {"area": area}, grave=is_grave)


_KINDS = {"ai": _ai, "model": _model, "service": _service, "admin": _admin}
