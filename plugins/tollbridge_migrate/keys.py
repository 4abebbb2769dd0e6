"""Keys of other gateways as lines for `tollbridge token import`, never wider than they were."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tollbridge import parse_scope
from tollbridge_migrate.gathering import Gathering, names_of
from tollbridge_migrate.reading import written
from tollbridge_migrate.reporting import printable

_MOST_SCOPES = 99
"""Models that one token names: a token has a hundred scopes."""
_LONGEST_NAME = 100
_SPAN = re.compile(r"(\d{1,6})(s|m|h|d|w|mo)")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 7 * 86_400, "mo": 30 * 86_400}
_DAY, _MONTH = 86_400, 28 * 86_400


class Unfit(Exception):
    """A key cannot be carried over; says why."""


def model_scopes(models: Iterable[str]) -> list[str]:
    """Give the scopes of a key that names some models; raises `Unfit`.  A `*` in a name stays one."""
    found = ["ai:*"]
    for model in dict.fromkeys(models):
        scope = _scope(model)
        if not scope:
            raise Unfit(f"the model {printable(model)!r} can be in no scope")
        found.append(scope)
        if len(found) > _MOST_SCOPES + 1:
            raise Unfit(f"it may call over {_MOST_SCOPES} models; give it a scope with a * by hand")
    return found


def implied_scopes(models: Iterable[str]) -> tuple[list[str], str]:
    """Give the scopes of keys that name no models, of those that were carried over, and what they may not call here.

    Without scopes such keys cannot be carried over, and the second says why.
    """
    fits: list[str] = []
    lost: list[str] = []
    for model in models:
        (fits if _scope(model) else lost).append(model)
    told = f"; {names_of(lost)} can be in no scope" if lost else ""
    if not fits:
        return [], f"none of its models was carried over{told}"
    try:
        return model_scopes(fits), f"of models it may call those that were carried over alone{told}"
    except Unfit as exc:
        return [], str(exc)


def _scope(model: str) -> str:
    try:
        return parse_scope(f"model:{model}")
    except ValueError:
        return ""


def budget(amount: Decimal, span: str) -> tuple[str, str]:
    """Give a budget for a span such as `30d`, no span for all time, and what of it is narrower than it was.

    There are days, months and all time: a span between is taken for the next longer one, which lets less through.
    """
    usd = written(amount)
    if not span:
        return f"{usd}/total", ""
    found = _SPAN.fullmatch(span)
    seconds = int(found[1]) * _SECONDS[found[2]] if found else 0
    if seconds and seconds <= _DAY:
        return f"{usd}/day", "" if seconds == _DAY else f"its budget for {span} is one for a day"
    if seconds and seconds <= 31 * _DAY:
        return f"{usd}/month", "" if seconds >= _MONTH else f"its budget for {span} is one for a month"
    return f"{usd}/total", f"its budget for {printable(span)} is one for all time"


def expiry(at: datetime | None, now: datetime) -> str:
    """Give when a key ends as ISO text, empty for never; raises `Unfit` where it has."""
    if at is None:
        return ""
    if at <= now:
        raise Unfit("it has expired")
    return at.astimezone(UTC).isoformat()


def name_of(*candidates: str) -> str:
    """Give the first of some names that can be one of a token."""
    for one in candidates:
        cut = printable(one).strip()[:_LONGEST_NAME].strip()
        if cut:
            return cut
    return "imported"


def add(gathering: Gathering, name: str, line: Mapping[str, Any], lost: Sequence[str] = ()) -> None:
    """Add a line, and say what of its key is not in it."""
    if not gathering.token({key: value for key, value in line.items() if value not in ("", None, [], {})}):
        gathering.left("key", name, "there are too many keys; take them in parts")
    elif lost:
        gathering.partly("key", name, f"its secret goes on opening; {'; '.join(lost)}")
    else:
        gathering.carried("key", name, "its secret goes on opening, as a token")
