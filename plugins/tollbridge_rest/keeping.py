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
_MOST_CHANGES = 10_000


@dataclass(frozen=True, slots=True)
class Key:
    """What an answer is found by: where it came from, by which path a caller named it, and whose it is.

    `owner` is empty for everybody's.
    """

    url: str
    path: str
    owner: str

    @property
    def marks(self) -> tuple[str, str]:
        """Both names by which a change lets it go."""
        return self.url, self.path

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        return 300 + len(self.url) + len(self.path) + len(self.owner)


class Shelf:
    """Keeps answers.  Those of one URL or path hang together, so that a change of it lets them all go.

    `turn` counts the changes: an answer that was asked for before one may be older than that, and is not kept.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._rows: OrderedDict[Key, list[Kept]] = OrderedDict()
        self._marked: dict[str, set[Key]] = {}
        self._changed: OrderedDict[int, int] = OrderedDict()  # by the hash: two that share one let too much go
        self._unknown_before = 0
        self.turn = 0
        self.bytes = 0

    def find(self, key: Key, headers: Headers) -> Kept | None:
        """Give what was given to a request like this."""
        row = self._rows.get(key)
        if row is None:
            return None
        self._rows.move_to_end(key)
        return next((kept for kept in row if kept.suits(headers)), None)

    def put(self, key: Key, kept: Kept, headers: Headers, since: int) -> None:
        """Keep an answer to a request with these headers in place of what would have suited it too.

        `since` is the `turn` of when it was asked for.
        """
        if kept.size + key.size > min(self._most, LARGEST) or self._changed_since(key, since):
            return
        row = self._rows.get(key)
        if row is None:
            row = self._rows[key] = []
            self.bytes += key.size
        for mark in key.marks:
            self._marked.setdefault(mark, set()).add(key)
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

    def forget(self, url: str, path: str) -> None:
        """Let go of all that came from a URL or was named by a path, whoever it was for (RFC 9111 section 4.4)."""
        self.turn += 1
        for mark in (url, path):
            self._changed[hash(mark)] = self.turn
            self._changed.move_to_end(hash(mark))
            for key in list(self._marked.get(mark, ())):
                self._let_go(key)
        while len(self._changed) > _MOST_CHANGES:
            _, self._unknown_before = self._changed.popitem(last=False)

    def clear(self) -> None:
        """Let go of everything."""
        self._rows.clear()
        self._marked.clear()
        self.bytes = 0

    def _changed_since(self, key: Key, since: int) -> bool:
        if since < self._unknown_before:
            return True
        return any(self._changed.get(hash(mark), 0) > since for mark in key.marks)

    def _let_go(self, key: Key) -> None:
        self.bytes -= key.size + sum(kept.size for kept in self._rows.pop(key))
        for mark in set(key.marks):
            keys = self._marked[mark]
            keys.discard(key)
            if not keys:
                del self._marked[mark]
