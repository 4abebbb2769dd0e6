"""Which of what let running calls in still opens.  The database is asked again only once a token has changed."""

import sqlite3
from collections.abc import Collection

from tollbridge.clock import Clock
from tollbridge.stores.files import unavailable
from tollbridge.stores.mark import TokenMark
from tollbridge.stores.rows import seconds_to_micros
from tollbridge.tokens.model import Shown

# A secret is known by its token and the time it was made: its digest changes with the pepper. ?3 is 0 for none, and ?4,
# the id of a key that signed, is empty.
_END = """
    SELECT max(min(ifnull(t.expires_at, ?2), ifnull(s.expires_at, ?2), ifnull(c.expires_at, ?2)))
    FROM token AS t
    LEFT JOIN secret AS s ON s.token_id = t.id AND s.created_at = ?3 AND s.use IN ('', 'access', 'client')
    LEFT JOIN credential AS c ON c.id = ?4 AND c.token_id = t.id
    WHERE t.id = ?1 AND t.revoked_at IS NULL AND t.disabled_at IS NULL
        AND (?3 = 0 OR s.digest IS NOT NULL) AND (?4 = '' OR c.id IS NOT NULL)
"""
_NEVER = 2**62


class RunningTokens:
    """What was open at the last look, and when it ends, under one mark."""

    def __init__(self, reader: sqlite3.Connection, clock: Clock, mark: TokenMark) -> None:
        self._reader = reader
        self._clock = clock
        self._mark = mark
        self._under = b""
        self._ends: dict[Shown, int] = {}

    def open(self, shown: Collection[Shown]) -> Collection[Shown]:
        """Give those that still open; raises `Unavailable`."""
        now, mark = seconds_to_micros(self._clock.time()), self._mark.read()
        known = self._ends if mark == self._under else {}
        ends = {one: known[one] if one in known else self._end_of(one) for one in shown}
        self._under, self._ends = mark, ends
        return {one for one, end in ends.items() if end > now}

    def _end_of(self, one: Shown) -> int:
        try:
            (end,) = self._reader.execute(_END, (one.token_id, _NEVER, one.made_us, one.key)).fetchone()
        except sqlite3.Error as exc:
            raise unavailable(exc) from exc
        return 0 if end is None else int(end)
