"""How limits are told to a caller: the IETF draft's fields, and those that clients of OpenAI and Anthropic read.

Runs on every response: what does not change is built once a `Rate`.
"""

import math
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from tollbridge.limits.limiter import Rate, Standing

_NAME = re.compile(r"[a-z][a-z0-9-]*", re.ASCII)
_MAX_INTEGER = 999_999_999_999_999  # RFC 9651 section 3.3.1
_MAX_RESET = timedelta(days=36_500)  # a date beyond the year 9999 cannot be written


class _Row(NamedTuple):
    """Of one rate: seconds a unit, the header of the limit, the names of those of what is left and when all is back."""

    depth: int
    interval: float
    limit: tuple[bytes, bytes]
    remaining: bytes
    reset: bytes


class _Shown(NamedTuple):
    """What does not change of the headers of several rates."""

    each: tuple[_Row, ...]
    policy: tuple[bytes, bytes]
    items: bytes
    repeated: bool
    """Whether two are of one name."""


def limit_headers(standings: Sequence[Standing]) -> list[tuple[bytes, bytes]]:
    """Give `ratelimit-policy`, `ratelimit` and OpenAI's `x-ratelimit-*`; nothing where there are no standings.

    The first two follow draft-ietf-httpapi-ratelimit-headers (text of 2025-09, revision 10): `t` is when more units
    come, which for this kind of limit is the next one, not all. OpenAI's reset is when all are back
    (https://platform.openai.com/docs/guides/rate-limits, 2026-06). Seconds are rounded up.
    Of several limits of one name, a token's own and those above it, the one with least left is told.
    Raises `ValueError` for a rate whose name cannot stand in a header name.
    """
    shown = _shown(tuple([standing.rate for standing in standings]))
    if shown is None:
        return []
    if shown.repeated:
        return limit_headers(_tightest(standings))
    found: list[tuple[bytes, bytes]] = []
    counts: list[int] = []
    for standing, (depth, interval, limit, left, reset) in zip(standings, shown.each):  # noqa: B905
        remaining, reset_s = standing.remaining, standing.reset_s
        next_s = reset_s - (depth - remaining - 1) * interval if remaining < depth else 0.0
        found += (limit, (left, b"%d" % remaining), (reset, _duration(reset_s)))
        counts += (remaining if remaining < _MAX_INTEGER else _MAX_INTEGER, _whole_seconds(next_s))
    found += (shown.policy, (b"ratelimit", shown.items % tuple(counts)))
    return found


def anthropic_limit_headers(standings: Iterable[Standing], now: datetime) -> list[tuple[bytes, bytes]]:
    """Give `anthropic-ratelimit-<name>-limit`, `-remaining` and `-reset`; the last in RFC 3339, to the next second.

    `now` is aware of its zone. Raises `ValueError` for a rate whose name cannot stand in a header name.
    Names: https://docs.aws.amazon.com/claude-platform/latest/userguide/rate-limits.html, 2026-11.
    """
    found = []
    for standing in _tightest(standings):
        limit, remaining, reset = _anthropic_parts(standing.rate)
        at = (now + min(timedelta(seconds=standing.reset_s), _MAX_RESET)).astimezone(UTC)
        if at.microsecond:
            at += timedelta(seconds=1)
        stamp = b"%04d-%02d-%02dT%02d:%02d:%02dZ" % at.timetuple()[:6]
        found += [limit, (remaining, b"%d" % standing.remaining), (reset, stamp)]
    return found


@lru_cache(maxsize=1024)
def _shown(rates: tuple[Rate, ...]) -> _Shown | None:
    if not rates:
        return None
    rows, policies, items = zip(*map(_parts, rates), strict=True)
    repeated = len({rate.name for rate in rates}) < len(rates)
    return _Shown(rows, (b"ratelimit-policy", b", ".join(policies)), b", ".join(items), repeated)


def _tightest(standings: Iterable[Standing]) -> list[Standing]:
    """Give the standing of each name of which least is left."""
    found: dict[str, Standing] = {}
    for standing in standings:
        known = found.setdefault(standing.rate.name, standing)
        if standing.remaining < known.remaining:
            found[standing.rate.name] = standing
    return list(found.values())


def _parts(rate: Rate) -> tuple[_Row, bytes, bytes]:
    """Give a rate's row, its policy and its item."""
    name = _header_name(rate)
    window_s = max(1, math.ceil(rate.period_s))
    amount = max(0, rate.amount)
    depth = max(0, rate.depth)
    quota = min(int(amount * window_s / rate.period_s), _MAX_INTEGER)
    unit = b"" if name == b"requests" else b';qu="%s"' % name  # requests are the draft's default unit
    burst = b"" if depth == amount else b";tollbridge-burst=%d" % min(depth, _MAX_INTEGER)
    row = _Row(
        depth=depth,
        interval=rate.period_s / max(1, amount),
        limit=(b"x-ratelimit-limit-%s" % name, b"%d" % depth),
        remaining=b"x-ratelimit-remaining-%s" % name,
        reset=b"x-ratelimit-reset-%s" % name,
    )
    return row, b'"%s";q=%d%s;w=%d%s' % (name, quota, unit, window_s, burst), b'"%s";r=%%d;t=%%d' % name


@lru_cache(maxsize=1024)
def _anthropic_parts(rate: Rate) -> tuple[tuple[bytes, bytes], bytes, bytes]:
    start = b"anthropic-ratelimit-%s-" % _header_name(rate)
    return (start + b"limit", b"%d" % max(0, rate.amount)), start + b"remaining", start + b"reset"


def _header_name(rate: Rate) -> bytes:
    if not _NAME.fullmatch(rate.name):
        raise ValueError(
            f"a limit's name stands in header names: {rate.name!r} is not lower-case letters, digits and -"
        )
    return rate.name.encode("ascii")


def _whole_seconds(seconds: float) -> int:
    """Round up, but for the millionth that a sum of floats may be over."""
    if seconds <= 0.0:
        return 0
    whole = int(seconds + 0.999999)
    return whole if whole < _MAX_INTEGER else _MAX_INTEGER


def _duration(seconds: float) -> bytes:
    """Write `17ms`, `1s`, `6m0s`, `1h0m0s`: milliseconds below one second, whole seconds above, rounded up."""
    return _written(int(seconds * 1000 + 0.999) if seconds > 0.0 else 0)


@lru_cache(maxsize=4096)
def _written(ms: int) -> bytes:
    if ms < 1000:
        return b"%dms" % ms if ms else b"0s"
    minutes, s = divmod((ms + 999) // 1000, 60)
    if not minutes:
        return b"%ds" % s
    hours, m = divmod(minutes, 60)
    return b"%dh%dm%ds" % (hours, m, s) if hours else b"%dm%ds" % (m, s)
