"""Indexes that the biggest tokens are read from, and how many tokens are in which state; and sums of months.

Sums of months are kept of all that sums of days are, and are written here of those.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

_RANKED = ("cost", "calls")
_LIVE, _ON = "revoked_at IS NULL", "revoked_at IS NULL AND disabled_at IS NULL"
_STATE, _WHOSE = ("expires_at", "disabled_at", "revoked_at"), ("kind", "team")
_OF_SOME = (
    ("revoked", "revoked_at IS NOT NULL", ("revoked_at", *_WHOSE)),
    ("ending", f"{_LIVE} AND expires_at IS NOT NULL", (*_STATE, *_WHOSE)),
    ("disabled", f"{_LIVE} AND disabled_at IS NOT NULL", (*_STATE, *_WHOSE)),
    ("used", _ON, ("last_used_at", "created_at", *_STATE, *_WHOSE)),
    ("budget", f"{_ON} AND budget_amount IS NOT NULL", (*_STATE, *_WHOSE, "budget_period", "budget_amount")),
)


_DAY, _MONTH = 86_400, 2_592_000
_MONTHS = {
    "sqlite": "CAST(strftime('%s', start / 1000000, 'unixepoch', 'start of month') AS INTEGER) * 1000000",
    "postgresql": "CAST(extract(epoch FROM date_trunc('month', to_timestamp(start / 1000000) AT TIME ZONE 'UTC'))"
    " AS BIGINT) * 1000000",
}
_MODEL = ("service", "provider", "model")
_KEYS = {
    "usage_by_team_model": ("team", *_MODEL, "ending"),
    "usage_by_model": _MODEL,
    "usage_by_ending": ("ending",),
}
_SUMS = (
    *("made", "calls", "failed", "refused", "went", "went_failed", "unpriced", "cost", "input_tokens"),
    *("cache_read_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens"),
)
_TIMES_OF = ("cut", "team", *_MODEL, "nested")


def upgrade() -> None:
    for measure in _RANKED:
        op.create_index(f"ix_usage_by_token_{measure}", "usage_by_token", ["span", "start", measure])
    for name in ("state", "budget"):
        op.drop_index(f"ix_token_{name}", "token")
    op.create_index("ix_token_kind", "token", ["kind", "team"])
    for name, which, columns in _OF_SOME:
        those = sa.text(which)
        op.create_index(f"ix_token_{name}", "token", list(columns), sqlite_where=those, postgresql_where=those)
    fill(op.get_bind())


def fill(db: sa.Connection) -> None:
    """Write the sums of months."""
    month = _MONTHS[db.dialect.name]
    for table, key in _KEYS.items():
        sums = [*(f"sum({name})" for name in _SUMS), *(["max(last_at)"] if table == "usage_by_model" else [])]
        names = [*_SUMS, *(["last_at"] if table == "usage_by_model" else [])]
        db.exec_driver_sql(
            f"INSERT INTO {table} (span, start, {', '.join([*key, *names])})"
            f" SELECT {_MONTH}, {month} AS its, {', '.join([*key, *sums])} FROM {table} WHERE span = {_DAY}"
            f" GROUP BY its, {', '.join(key)}"
        )
    _fill_times(db, month)


def _fill_times(db: sa.Connection, month: str) -> None:
    """Add up histograms, which are whole numbers with 32 bits for each place."""
    names = ", ".join(_TIMES_OF)
    found: dict[tuple[Any, ...], tuple[int, int]] = {}
    asked = f"SELECT {month} AS its, {names}, lasted, began FROM usage_latency WHERE span = {_DAY}"
    for *key, lasted, began in db.exec_driver_sql(asked):
        before = found.get(tuple(key), (0, 0))
        found[tuple(key)] = (before[0] + _lanes(lasted), before[1] + _lanes(began))
    rows = [
        dict(zip(("start", *_TIMES_OF, "lasted", "began"), (*key, *map(_packed, both)), strict=True))
        for key, both in found.items()
    ]
    if rows:
        marks = ", ".join(f":{name}" for name in ("start", *_TIMES_OF, "lasted", "began"))
        written = f"INSERT INTO usage_latency (span, start, {names}, lasted, began) VALUES ({_MONTH}, {marks})"
        db.execute(sa.text(written), rows)


def _lanes(packed: bytes) -> int:
    return int.from_bytes(packed[2:], "little") << (int.from_bytes(packed[:2], "little") * 32)


def _packed(lanes: int) -> bytes:
    """Write the first place that is not empty, in two bytes, then four for each up to the last."""
    if not lanes:
        return b""
    first = ((lanes & -lanes).bit_length() - 1) // 32
    kept = lanes >> (first * 32)
    return first.to_bytes(2, "little") + kept.to_bytes(-(-kept.bit_length() // 32) * 4, "little")
