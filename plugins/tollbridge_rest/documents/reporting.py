"""Where changes are collected."""

from typing import Any

import msgspec

from tollbridge.services.kinds import Change

MAX_CHANGES = 1_000
_SHOWN = 200


class Report:
    """Collects changes.  The list is bounded, and the breaking ones come first; where it is cut it says so."""

    def __init__(self) -> None:
        self._breaking: list[Change] = []
        self._others: list[Change] = []
        self._left_out = 0

    def breaks(self, path: str, what: str, before: Any = None, after: Any = None) -> None:
        """Note a change that a caller may fail with."""
        self._add(Change(path, what, True, _shown(before), _shown(after)))

    def notes(self, path: str, what: str, before: Any = None, after: Any = None) -> None:
        """Note a change that no caller of the first fails with."""
        self._add(Change(path, what, False, _shown(before), _shown(after)))

    def changes(self) -> tuple[Change, ...]:
        """Give all, the breaking ones first, each once."""
        breaking, others = (
            sorted(dict.fromkeys(listed), key=lambda each: (each.path, each.what, each.before, each.after))
            for listed in (self._breaking, self._others)
        )
        left_out = self._left_out + max(0, len(breaking) + len(others) - MAX_CHANGES)
        found = [*breaking, *others][:MAX_CHANGES]
        if left_out:
            found.append(Change("", f"{left_out:,} more changes are not listed", len(breaking) >= MAX_CHANGES))
        return tuple(found)

    def _add(self, change: Change) -> None:
        listed = self._breaking if change.breaking else self._others
        if len(listed) < 2 * MAX_CHANGES:
            listed.append(change)
        else:
            self._left_out += 1


def _shown(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode("utf-8")
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
