"""Where answers are kept: in memory, in so many bytes, the ones that nobody asked for the longest go first."""

from collections import OrderedDict
from dataclasses import dataclass

from tollbridge_rest.caching import Kept
from tollbridge_rest.headers import Headers

MOST_BYTES = 64 * 1024 * 1024
"""Of one service on one worker."""
LARGEST = 4 * 1024 * 1024
"""Bytes of a body that is kept."""
_MOST_VARIANTS = 32


@dataclass(frozen=True, slots=True)
class Key:
    """What an answer is found by: where it came from, and whose it is; empty for everybody's."""

    url: str
    owner: str


class Shelf:
    """Keeps answers.  Those of one URL hang together, so that a change of it lets them all go."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._rows: OrderedDict[Key, list[Kept]] = OrderedDict()
        self._owners: dict[str, set[Key]] = {}
        self.bytes = 0

    def find(self, key: Key, headers: Headers) -> Kept | None:
        """Give what was given to a request like this."""
        row = self._rows.get(key)
        if row is None:
            return None
        self._rows.move_to_end(key)
        return next((kept for kept in row if kept.suits(headers)), None)

    def put(self, key: Key, kept: Kept, headers: Headers) -> None:
        """Keep an answer to a request with these headers in place of what would have suited it too."""
        if kept.size > min(self._most, LARGEST):
            return
        row = self._rows.setdefault(key, [])
        self._owners.setdefault(key.url, set()).add(key)
        self._rows.move_to_end(key)
        for other in [other for other in row if other.suits(headers)]:
            row.remove(other)
            self.bytes -= other.size
        row.insert(0, kept)
        self.bytes += kept.size
        if len(row) > _MOST_VARIANTS:
            self.bytes -= row.pop().size
        while self.bytes > self._most:
            oldest = next(iter(self._rows))
            if oldest == key:  # there is nothing else: of this one its oldest variants go
                self.bytes -= row.pop().size
            else:
                self._let_go(oldest)

    def forget(self, url: str) -> None:
        """Let go of all that came from a URL, whoever it was for (RFC 9111 section 4.4)."""
        for key in list(self._owners.get(url, ())):
            self._let_go(key)

    def clear(self) -> None:
        """Let go of everything."""
        self._rows.clear()
        self._owners.clear()
        self.bytes = 0

    def _let_go(self, key: Key) -> None:
        self.bytes -= sum(kept.size for kept in self._rows.pop(key))
        keys = self._owners[key.url]
        keys.discard(key)
        if not keys:
            del self._owners[key.url]
