"""Moments as forms take them: UTC, to the minute."""

import re
from datetime import UTC, datetime

from tollbridge.browsing import gettext_noop as N_

MOMENT_HINT = N_("UTC. Empty for no end.")
_LOCAL = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2})?")


def moment(typed: str) -> str | None:
    """Give what the API reads: None for nothing, and what is no moment as it was typed, for the API to refuse."""
    if not typed:
        return None
    found = _LOCAL.fullmatch(typed)
    return f"{found[1]}T{found[2]}{found[3] or ':00'}Z" if found else typed


def shown_moment(at: str | None) -> str:
    """Write a moment of the API as such a field has it."""
    return "" if not at else f"{datetime.fromisoformat(at).astimezone(UTC):%Y-%m-%dT%H:%M}"
