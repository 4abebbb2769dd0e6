"""Moments as forms take them: to the minute, in the time zone of pages."""

import re
from datetime import datetime

from tollbridge.browsing import gettext_noop as N_
from tollbridge.browsing import spoken_zone

MOMENT_HINT = N_("Empty for no end.")
_LOCAL = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2})?")


def moment(typed: str) -> str | None:
    """Give what the API reads: None for nothing, and what is no moment as it was typed, for the API to refuse."""
    if not typed:
        return None
    found = _LOCAL.fullmatch(typed)
    try:
        wall = datetime.fromisoformat(f"{found[1]}T{found[2]}{found[3] or ':00'}") if found else None
        return typed if wall is None else f"{spoken_zone().read(wall):%Y-%m-%dT%H:%M:%SZ}"
    except (ValueError, OverflowError):
        return typed


def shown_moment(at: str | None) -> str:
    """Write a moment of the API as such a field has it."""
    return "" if not at else f"{spoken_zone().local(datetime.fromisoformat(at)):%Y-%m-%dT%H:%M}"
