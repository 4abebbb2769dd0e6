"""What a record of the audit log says, as it is shown: the words that the admin API has for the same things.

The chain covers what is stored, the columns themselves. What was altered behind the log's back, and can no longer be
read as what it should be, is shown as it stands.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from tollbridge.clock import iso
from tollbridge.money import show_usd
from tollbridge.stores.rows import moment


def shown_change(text: str) -> dict[str, Any] | None:
    """Give `before` or `after` of a record as it is shown: times as ISO 8601, money in dollars, JSON as what it is."""
    found: dict[str, Any] | None = msgspec.json.decode(text, type=dict[str, Any] | None)
    return None if found is None else {name: _shown(name, value) for name, value in found.items()}


def _shown(name: str, value: Any) -> Any:
    show = _TIME if name.endswith("_at") else _SHOWN.get(name, {})
    try:
        return show[type(value)](value) if type(value) in show else value
    except (ValueError, OverflowError):
        return value


def _json(text: str) -> Any:
    return msgspec.json.decode(text)


_TIME: Mapping[type, Callable[[Any], Any]] = {
    int: lambda us: iso(moment(us)),
    str: lambda text: iso(datetime.fromisoformat(text).astimezone(UTC)),
}
_SHOWN: Mapping[str, Mapping[type, Callable[[Any], Any]]] = {
    "budget_amount": {int: show_usd},
    **{name: {str: _json} for name in ("keys", "metadata", "redirect_uris")},
}
"""How a column is shown, by its name and by what stands in it; those whose names end in `_at` are times."""
