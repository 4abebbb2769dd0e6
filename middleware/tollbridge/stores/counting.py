"""What counts as what of a usage row, in SQL that SQLite and PostgreSQL share: said here, and nowhere else.

Reports ask it of rows, and so does what keeps sums of them (`rollups`).
Refused calls count as calls and not for latency: a refusal takes no time and would flatter it. One whose answer had
begun was cut, and no refusal.
"""

from tollbridge.call import Outcome
from tollbridge.metering.ledger import UsageRow

_CUT = "(status > 0 AND status < 400)"
"""Of those the gateway refused: their answer had begun, as where a token stopped opening."""
REFUSED = f"(outcome = '{Outcome.REFUSED.value}' AND NOT {_CUT})"
ASKED = "(parent = '')"
"""By a caller, and not by a service for a call of its own: those alone are counted as calls and timed."""
_OFF = ("operation_disabled", "service_paused")
UNSERVED = f"(status >= 500 AND error NOT IN {_OFF})"
"""What was not switched off on purpose."""
FAILED = f"({UNSERVED} OR outcome = '{Outcome.TRUNCATED.value}')"
WENT = f"({ASKED} OR provider <> '')"
"""To a service or to a provider: of the calls that were made for others, those that came to one."""
INPUT = (
    "(input_tokens + cache_read_tokens + cache_write_tokens + cache_write_1h_tokens"
    " + audio_input_tokens + image_input_tokens)"
)
OUTPUT = "(output_tokens + audio_output_tokens)"
UNPRICED = f"(cost IS NULL AND {INPUT} + {OUTPUT} > 0)"

ENDINGS = ("ok", "client_error", "client_gone", "stopped", "refused", "unserved", "failed", "truncated")
"""How a call ends, in one word.

`client_error` is a status of 400 or more that was let across and is no failure, `stopped` an answer that the bridge
cut, `unserved` a refusal for what the bridge could not do, which is a failure too, `failed` a status of 500 or more.
"""
ENDING = f"""(CASE
    WHEN {REFUSED} AND {UNSERVED} THEN 'unserved'
    WHEN {REFUSED} THEN 'refused'
    WHEN outcome = '{Outcome.TRUNCATED.value}' THEN 'truncated'
    WHEN {UNSERVED} THEN 'failed'
    WHEN outcome = '{Outcome.CLIENT_GONE.value}' THEN 'client_gone'
    WHEN outcome = '{Outcome.REFUSED.value}' THEN 'stopped'
    WHEN status >= 400 THEN 'client_error'
    ELSE 'ok'
END)"""


MOST_TOKENS = 10**12
"""Tokens of one kind that one call adds to the sums at most."""


def ending_of(row: UsageRow) -> str:
    """Say how a call ended, as `ENDING` does."""
    unserved = row.status >= 500 and row.error not in _OFF
    if row.outcome == Outcome.REFUSED.value and not 0 < row.status < 400:
        return "unserved" if unserved else "refused"
    if row.outcome == Outcome.TRUNCATED.value:
        return "truncated"
    if unserved:
        return "failed"
    cut_off = {Outcome.CLIENT_GONE.value: "client_gone", Outcome.REFUSED.value: "stopped"}
    return cut_off.get(row.outcome) or ("client_error" if row.status >= 400 else "ok")


def _if(which: str, then: str = "1", otherwise: str = "0") -> str:
    return f"(CASE WHEN {which} THEN {then} ELSE {otherwise} END)"


def _bounded(tokens: str) -> str:
    """Keep a number to what sums of millions of calls have room for, whatever a provider says of one."""
    return _if(f"{tokens} > {MOST_TOKENS}", str(MOST_TOKENS), tokens)


NESTED = _if(ASKED, "0", "1")
MEASURES = {
    "made": "1",
    "calls": _if(ASKED),
    "failed": _if(f"{ASKED} AND {FAILED}"),
    "refused": _if(f"{ASKED} AND {REFUSED}"),
    "went": _if(f"{WENT} AND NOT {REFUSED}"),
    "went_failed": _if(f"{WENT} AND NOT {REFUSED} AND {FAILED}"),
    "unpriced": _if(UNPRICED),
    "cost": "coalesce(cost, 0)",
    "input_tokens": _bounded(INPUT),
    "cache_read_tokens": _bounded("cache_read_tokens"),
    "cache_write_tokens": _bounded("(cache_write_tokens + cache_write_1h_tokens)"),
    "output_tokens": _bounded(OUTPUT),
    "reasoning_tokens": _bounded("reasoning_tokens"),
}
"""What is summed up of each row.

`made` counts every row, those that were made for other calls too, `went` those that came to a service or a provider.
Tokens from and to caches are parts of
`input_tokens`, those of reasoning of `output_tokens`.
"""
PENDING = "usage_pending"
"""The table of the rows that no sum has yet, by their times and ids."""
TIMED = f"(NOT {REFUSED})"
FACTS = {
    **{name: name for name in ("at", "token_id", "team", "service", "provider", "model")},
    **{"nested": NESTED, "ending": ENDING, **MEASURES},
    **{"lasted_ms": _if(TIMED, "duration_ms", "NULL"), "began_ms": _if(TIMED, "first_byte_ms", "NULL")},
}
"""What the sums are made of: of one row, in this order."""
FACTS_SQL = ", ".join(FACTS.values())
