"""What differs between two model routes, and which of it a caller may fail with.  Pure."""

from collections.abc import Iterator
from difflib import unified_diff
from typing import Any

import msgspec
from msgspec.structs import asdict

from tollbridge.services.kinds import Change
from tollbridge_routes.model.definition import ModelDefinition

_LONGEST = 200
_DIFF = 20_000
_MOST_LINES = 4_000


def changes_between(before: ModelDefinition, after: ModelDefinition) -> list[Change]:
    """List what differs, breaking changes first.

    Another model may do less than the one before it: nobody but its owner knows, so it is no breaking change by itself.
    """
    found = [*_model(before, after), *_parameters(before, after), *_most(before, after)]
    return sorted(found, key=lambda change: (not change.breaking, change.path))


def _model(before: ModelDefinition, after: ModelDefinition) -> Iterator[Change]:
    if before.model != after.model:
        yield Change("model", "another model answers", False, before.model[:_LONGEST], after.model[:_LONGEST])
    if before.system != after.system:
        yield Change("system", "other words are said before those of the caller", after=_difference(before, after))


def _difference(before: ModelDefinition, after: ModelDefinition) -> str:
    one, other = before.system.splitlines(), after.system.splitlines()
    if len(one) + len(other) > _MOST_LINES:
        return f"{len(one)} lines became {len(other)}; too many to compare"
    return "\n".join(unified_diff(one, other, "before", "after", lineterm=""))[:_DIFF]


def _parameters(before: ModelDefinition, after: ModelDefinition) -> Iterator[Change]:
    """A parameter that is fixed now is the caller's no more; but it may still be said, so nobody fails."""
    for where in ("defaults", "fixed"):
        had, has = asdict(getattr(before, where)), asdict(getattr(after, where))
        for name, value in had.items():
            if value != has[name]:
                yield Change(f"{where}/{name}", _what(value, has[name]), False, _shown(value), _shown(has[name]))


def _what(was: Any, now: Any) -> str:
    return "it is said now" if was is None else "it is the caller's now" if now is None else "it changed"


def _most(before: ModelDefinition, after: ModelDefinition) -> Iterator[Change]:
    had, has = asdict(before.most), asdict(after.most)
    for name, was in had.items():
        now = has[name]
        if was != now:
            less = now is not None and (was is None or now < was)
            what = "a call may have less" if less else "a call may have more"
            yield Change(f"most/{name}", what, less, _shown(was), _shown(now))


def _shown(value: Any) -> str:
    return "" if value is None else msgspec.json.encode(value).decode("utf-8")[:_LONGEST]
