"""Sums of usage rows by spans of time, and how long calls took; those of the rows that are there are written here.

What counts as what is written out, as it was when this was made.
"""

from collections import Counter
from operator import add
from typing import Any

import sqlalchemy as sa
from alembic import op

from tollbridge.stores.migrations.types import TEXT

revision = "0021"
down_revision = "0020"

_REFUSED = "(outcome = 'refused' AND NOT (status > 0 AND status < 400))"
_ASKED = "(parent = '')"
_UNSERVED = "(status >= 500 AND error NOT IN ('operation_disabled', 'service_paused'))"
_FAILED = f"({_UNSERVED} OR outcome = 'truncated')"
_WENT = f"(({_ASKED} OR provider <> '') AND NOT {_REFUSED})"
_INPUT = (
    "(input_tokens + cache_read_tokens + cache_write_tokens + cache_write_1h_tokens"
    " + audio_input_tokens + image_input_tokens)"
)
_OUTPUT = "(output_tokens + audio_output_tokens)"
_ENDING = f"""(CASE
    WHEN {_REFUSED} AND {_UNSERVED} THEN 'unserved' WHEN {_REFUSED} THEN 'refused'
    WHEN outcome = 'truncated' THEN 'truncated' WHEN {_UNSERVED} THEN 'failed'
    WHEN outcome = 'client_gone' THEN 'client_gone' WHEN outcome = 'refused' THEN 'stopped'
    WHEN status >= 400 THEN 'client_error' ELSE 'ok'
END)"""


def _bounded(tokens: str) -> str:
    return f"(CASE WHEN {tokens} > 1000000000000 THEN 1000000000000 ELSE {tokens} END)"


_NESTED = f"(CASE WHEN {_ASKED} THEN 0 ELSE 1 END)"
_MEASURES = {
    "made": "1",
    "calls": f"(CASE WHEN {_ASKED} THEN 1 ELSE 0 END)",
    "failed": f"(CASE WHEN {_ASKED} AND {_FAILED} THEN 1 ELSE 0 END)",
    "refused": f"(CASE WHEN {_ASKED} AND {_REFUSED} THEN 1 ELSE 0 END)",
    "went": f"(CASE WHEN {_WENT} THEN 1 ELSE 0 END)",
    "went_failed": f"(CASE WHEN {_WENT} AND {_FAILED} THEN 1 ELSE 0 END)",
    "unpriced": f"(CASE WHEN cost IS NULL AND {_INPUT} + {_OUTPUT} > 0 THEN 1 ELSE 0 END)",
    "cost": "coalesce(cost, 0)",
    "input_tokens": _bounded(_INPUT),
    "cache_read_tokens": _bounded("cache_read_tokens"),
    "cache_write_tokens": _bounded("(cache_write_tokens + cache_write_1h_tokens)"),
    "output_tokens": _bounded(_OUTPUT),
    "reasoning_tokens": _bounded("reasoning_tokens"),
}
_MODEL = ("service", "provider", "model")
_QUARTER, _HOUR, _DAY, _MONTH = 900, 3_600, 86_400, 2_592_000
_TABLES = {
    "usage_of_token": ("token_id", "span", "start", "model", "team"),
    "usage_by_token": ("span", "start", "token_id", "team"),
    "usage_by_team_model": ("span", "team", "start", *_MODEL, "ending"),
    "usage_by_team": ("span", "team", "start", "ending"),
    "usage_by_model": ("span", "start", *_MODEL),
    "usage_by_ending": ("span", "start", "ending"),
}
_DATED = ("usage_by_model",)
_OF_ROWS = (("usage_of_token", _HOUR), ("usage_by_team_model", _QUARTER), ("usage_by_model", _QUARTER))
_OF_SUMS = (
    ("usage_of_token", _DAY, "usage_of_token", _HOUR),
    ("usage_by_token", _DAY, "usage_of_token", _DAY),
    ("usage_by_token", _MONTH, "usage_by_token", _DAY),
    ("usage_by_team_model", _DAY, "usage_by_team_model", _QUARTER),
    ("usage_by_team", _QUARTER, "usage_by_team_model", _QUARTER),
    ("usage_by_team", _HOUR, "usage_by_team", _QUARTER),
    ("usage_by_team", _DAY, "usage_by_team", _HOUR),
    ("usage_by_team", _MONTH, "usage_by_team", _DAY),
    ("usage_by_model", _HOUR, "usage_by_model", _QUARTER),
    ("usage_by_model", _DAY, "usage_by_model", _HOUR),
    ("usage_by_ending", _QUARTER, "usage_by_team", _QUARTER),
    ("usage_by_ending", _HOUR, "usage_by_ending", _QUARTER),
    ("usage_by_ending", _DAY, "usage_by_ending", _HOUR),
)
"""Which sums are made of rows, and which of others, in this order."""
_LATENCY_KEY = ("cut", "span", "team", "start", *_MODEL, "nested")
_LATENCY_SPANS = (_DAY, _HOUR, _QUARTER)
_NUMBERS = {"span": sa.Integer(), "start": sa.BigInteger(), "nested": sa.Integer(), "cut": sa.Integer()}
_MONTHS = {
    "sqlite": "CAST(strftime('%s', {at} / 1000000, 'unixepoch', 'start of month') AS INTEGER) * 1000000",
    "postgresql": "CAST(extract(epoch FROM date_trunc('month', to_timestamp({at} / 1000000) AT TIME ZONE 'UTC'))"
    " AS BIGINT) * 1000000",
}

_USAGE_IS_NOTED = {
    "sqlite": (
        """
        CREATE TRIGGER usage_is_noted AFTER INSERT ON usage
        BEGIN INSERT INTO usage_pending (at, call_id) VALUES (NEW.at, NEW.call_id) ON CONFLICT DO NOTHING; END
        """,
    ),
    "postgresql": (
        """
        CREATE FUNCTION usage_is_noted() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO usage_pending (at, call_id) SELECT at, call_id FROM written ON CONFLICT DO NOTHING;
            RETURN NULL;
        END
        $$
        """,
        """
        CREATE TRIGGER usage_is_noted AFTER INSERT ON usage REFERENCING NEW TABLE AS written
        FOR EACH STATEMENT EXECUTE FUNCTION usage_is_noted()
        """,
    ),
}
"""No sum has a row yet that was just written."""


def upgrade() -> None:
    for table, key in _TABLES.items():
        columns = [sa.Column(name, sa.BigInteger, nullable=False) for name in _sums_of(table)]
        op.create_table(table, *map(_key, key), *columns, sqlite_with_rowid=False)
    packed = [sa.Column(name, sa.LargeBinary, nullable=False) for name in ("lasted", "began")]
    op.create_table("usage_latency", *map(_key, _LATENCY_KEY), *packed)
    wrong, nested = sa.text("status >= 400"), sa.text("parent <> ''")
    op.create_index("ix_usage_wrong_at", "usage", ["at"], sqlite_where=wrong, postgresql_where=wrong)
    op.create_index("ix_usage_parent", "usage", ["parent"], sqlite_where=nested, postgresql_where=nested)
    op.create_table(
        "usage_pending",
        sa.Column("at", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("call_id", TEXT, primary_key=True),
        sqlite_with_rowid=False,
    )
    for statement in _USAGE_IS_NOTED[op.get_bind().dialect.name]:
        op.execute(statement)
    fill(op.get_bind())


def _key(name: str) -> "sa.Column[Any]":
    return sa.Column(name, _NUMBERS.get(name) or TEXT, primary_key=True, autoincrement=False)


def _sums_of(table: str) -> list[str]:
    return [*_MEASURES, *(["last_at"] if table in _DATED else [])]


def fill(db: sa.Connection) -> None:
    """Write the sums of all rows: those of rows by a day at a time, and of these all others."""
    first, last = db.execute(sa.text("SELECT min(at), max(at) FROM usage")).one()
    if first is None:
        return
    width = _DAY * 1_000_000
    for start in range(first - first % width, last + 1, width):
        for table, span in _OF_ROWS:
            _sum_rows(db, table, span, (start, start + width))
        _fill_latencies(db, (start, start + width))
    for table, span, source, its in _OF_SUMS:
        _sum_sums(db, table, span, (source, its))


def _start(db: sa.Connection, span: int, at: str) -> str:
    return _MONTHS[db.dialect.name].format(at=at) if span == _MONTH else f"{at} - {at} % {span * 1_000_000}"


def _sum_rows(db: sa.Connection, table: str, span: int, within: tuple[int, int]) -> None:
    said = {"span": str(span), "start": _start(db, span, "at"), "ending": _ENDING}
    sums = [*(f"sum({what})" for what in _MEASURES.values()), *(["max(at)"] if table in _DATED else [])]
    _insert(db, table, said, sums, f"usage WHERE at >= {within[0]} AND at < {within[1]}")


def _sum_sums(db: sa.Connection, table: str, span: int, source: tuple[str, int]) -> None:
    said = {"span": str(span), "start": _start(db, span, "start")}
    sums = [f"sum({name})" if name != "last_at" else "max(last_at)" for name in _sums_of(table)]
    _insert(db, table, said, sums, f"{source[0]} WHERE span = {source[1]}")


def _insert(db: sa.Connection, table: str, said: dict[str, str], sums: list[str], of: str) -> None:
    key = _TABLES[table]
    named = [f"{said.get(name, name)} AS key_{name}" for name in key]
    db.exec_driver_sql(
        f"INSERT INTO {table} ({', '.join([*key, *_sums_of(table)])}) SELECT {', '.join([*named, *sums])} FROM {of}"
        f" GROUP BY {', '.join(f'key_{name}' for name in key)}"
    )


def _fill_latencies(db: sa.Connection, within: tuple[int, int]) -> None:
    """Write the histograms of a day: whole numbers with 32 bits for each place."""
    counts: dict[tuple[Any, ...], tuple[Counter[int], Counter[int]]] = {}
    for kind, column in enumerate(("duration_ms", "first_byte_ms")):
        key = f"{_start(db, _QUARTER, 'at')} AS quarter, team, {', '.join(_MODEL)}, {_NESTED} AS nested"
        asked = (
            f"SELECT {key}, {column}, count(*) FROM usage WHERE at >= {within[0]} AND at < {within[1]}"
            f" AND NOT {_REFUSED} AND {column} IS NOT NULL"
            f" GROUP BY quarter, team, {', '.join(_MODEL)}, nested, {column}"
        )
        for quarter, team, *model, nested, ms, calls in db.exec_driver_sql(asked):
            place = _place(max(ms, 0))
            cuts = [(1, "", quarter, *model, nested)]
            if not nested:
                cuts += [(0, "", quarter, "", "", "", 0), (2, team, quarter, "", "", "", 0)]
            for its in cuts:
                counts.setdefault(its, (Counter(), Counter()))[kind][place] += calls
    finer = {its: tuple(map(_lanes, both)) for its, both in counts.items()}
    for span in reversed(_LATENCY_SPANS):
        longer: dict[tuple[Any, ...], tuple[int, ...]] = {}
        for (cut, team, start, *rest), both in finer.items():
            its = (cut, team, start - start % (span * 1_000_000), *rest)
            longer[its] = tuple(map(add, longer.get(its, (0, 0)), both))
        _insert_latencies(db, span, longer)
        finer = longer


def _insert_latencies(db: sa.Connection, span: int, times: dict[tuple[Any, ...], tuple[int, ...]]) -> None:
    names = (*_LATENCY_KEY, "lasted", "began")
    rows = [dict(zip(names, (its[0], span, *its[1:], *map(_packed, both)), strict=True)) for its, both in times.items()]
    if rows:
        marks = ", ".join(f":{name}" for name in names)
        db.execute(sa.text(f"INSERT INTO usage_latency ({', '.join(names)}) VALUES ({marks})"), rows)


def _lanes(counts: Counter[int]) -> int:
    return sum(calls << (place * 32) for place, calls in counts.items())


def _place(ms: int) -> int:
    """Give the place of a time: below 64 ms its own, then 32 for each power of two."""
    beyond = max(0, ms.bit_length() - 6)
    return beyond * 32 + (ms >> beyond)


def _packed(lanes: int) -> bytes:
    """Write the first place that is not empty, in two bytes, then four for each up to the last."""
    if not lanes:
        return b""
    first = ((lanes & -lanes).bit_length() - 1) // 32
    kept = lanes >> (first * 32)
    return first.to_bytes(2, "little") + kept.to_bytes(-(-kept.bit_length() // 32) * 4, "little")
