"""Times as Ollama writes them: RFC 3339, down to the nanosecond."""

from datetime import UTC, datetime

_LATEST = 253_402_300_799
"""The last second of the year 9999."""


def read_time(text: str | None) -> int | None:
    """Give the seconds since the epoch, None for what is no time; the zero of Go's clock, of the year 1, is none."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
        seconds = int((found if found.tzinfo is not None else found.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        return None
    return seconds if seconds >= 0 else None


def write_time(seconds: int) -> str:
    """Write seconds since the epoch; what lies beyond the year 9999 as the last second of it."""
    return datetime.fromtimestamp(max(0, min(seconds, _LATEST)), UTC).isoformat().replace("+00:00", "Z")
