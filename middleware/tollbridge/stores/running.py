"""Which tokens of running calls are still live.  Asked of the database again only once some token has changed."""

import sqlite3
from collections.abc import Collection

from tollbridge.clock import Clock
from tollbridge.stores.files import unavailable
from tollbridge.stores.mark import TokenMark
from tollbridge.stores.rows import seconds_to_micros

_LIVE = "SELECT ifnull(expires_at, ?2) FROM token WHERE id = ?1 AND revoked_at IS NULL AND disabled_at IS NULL"
_NEVER = 2**62


class RunningTokens:
    """The tokens that were live at the last look, and when they end, under one mark."""

    def __init__(self, reader: sqlite3.Connection, clock: Clock, mark: TokenMark) -> None:
        self._reader = reader
        self._clock = clock
        self._mark = mark
        self._under = b""
        self._ends: dict[str, int] = {}

    def live(self, token_ids: Collection[str]) -> Collection[str]:
        """Give those that are live; raises `Unavailable`."""
        now, mark = seconds_to_micros(self._clock.time()), self._mark.read()
        known = self._ends if mark == self._under else {}
        ends = {token_id: known[token_id] if token_id in known else self._end_of(token_id) for token_id in token_ids}
        self._under, self._ends = mark, ends
        return {token_id for token_id, end in ends.items() if end > now}

    def _end_of(self, token_id: str) -> int:
        try:
            row = self._reader.execute(_LIVE, (token_id, _NEVER)).fetchone()
        except sqlite3.Error as exc:
            raise unavailable(exc) from exc
        return 0 if row is None else int(row[0])
