"""What a change changed: the fields that differ, as people read them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that differs; None where there was, or is, nothing."""

    name: str
    before: str | None
    after: str | None


def differences(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> Sequence[Difference]:
    """Give the fields that differ, in the order in which they are said; nothing and an empty value are one."""
    old, new = before or {}, after or {}
    found = [Difference(name, _text(old.get(name)), _text(new.get(name))) for name in {**old, **new}]
    return [one for one in found if one.before != one.after]


def _text(value: Any) -> str | None:
    """Write a value: a text as it is, all else as JSON; None for nothing."""
    if value is None or value in ("", [], {}):
        return None
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
