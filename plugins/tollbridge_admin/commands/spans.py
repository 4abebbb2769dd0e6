"""Spans of time as commands take them."""

import re
from datetime import UTC, datetime, timedelta

import typer

from tollbridge import SystemClock

_SPAN = re.compile(r"(\d{1,5})([mhdw])")
_SECONDS = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def ends(text: str) -> dict[str, str]:
    """Read when something ends, as a field of a wish, none for an empty text; raises a usage error."""
    return {"expires_at": time_meant(text)} if text else {}


def time_meant(text: str) -> str:
    """Read a time, or a span from now on, and give it in ISO 8601; raises a usage error."""
    span = _SPAN.fullmatch(text)
    if span is not None:
        seconds = int(span[1]) * _SECONDS[span[2]]
        return (SystemClock().now() + timedelta(seconds=seconds)).isoformat()
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is neither a span such as 90d nor a time such as 2027-02-21") from None
    return (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).isoformat()


def time_ago(text: str) -> str:
    """Read a time, or a span back from now, and give it in ISO 8601; raises a usage error."""
    span = _SPAN.fullmatch(text)
    if span is None:
        return time_meant(text)
    return (SystemClock().now() - timedelta(seconds=int(span[1]) * _SECONDS[span[2]])).isoformat()


def overlap_s(text: str) -> int:
    """Read an overlap in seconds: `now`, or a span; raises a usage error."""
    span = _SPAN.fullmatch("0m" if text == "now" else text)
    if span is None:
        raise typer.BadParameter(f"{text!r} is no overlap: now, or a span such as 1h, 24h or 7d")
    return int(span[1]) * _SECONDS[span[2]]
