"""One call's dealings with the answers that are kept."""

from dataclasses import dataclass, replace

from tollbridge import Clock
from tollbridge_rest.caching import (
    Kept,
    age_of,
    can_be_checked,
    checking,
    directives,
    fresh_for,
    freshened,
    is_fresh,
    joined,
    looks,
    of_freshness,
    unchanged,
    varied,
)
from tollbridge_rest.definition import Cache
from tollbridge_rest.headers import Headers
from tollbridge_rest.keeping import LARGEST, Key, Shelf

_HIT = (b"cache-status", b"tollbridge; hit")  # RFC 9211
_NOT_IN_304 = frozenset((b"content-type", b"content-encoding", b"content-language", b"content-range"))


@dataclass(frozen=True, slots=True)
class Given:
    """An answer that is all here, as it goes to the caller."""

    status: int
    headers: Headers
    body: bytes


class Lookup:
    """Looks for an answer to one request, and keeps what is fetched for it.

    `headers` are those of the request as it goes up, without the upstream's credentials.
    """

    def __init__(self, shelf: Shelf, rules: Cache, key: Key, method: str, headers: Headers, *, clock: Clock) -> None:
        self._shelf = shelf
        self._rules = rules
        self._key = key
        self._method = method
        self._headers = headers
        self._clock = clock
        self._began = clock.time()
        self._turn = shelf.turn
        self._looks = looks(method, headers)
        self._kept = shelf.find(key, headers) if self._looks else None

    def fresh(self) -> Given | None:
        """Give what is kept and fresh."""
        kept = self._kept
        return self._given(kept) if kept is not None and is_fresh(kept, self._headers, self._began) else None

    @property
    def is_all(self) -> bool:
        """Whether the caller wants what is kept or nothing (RFC 9111 section 5.2.1.7)."""
        return self._looks and "only-if-cached" in directives(self._headers)

    def up(self) -> Headers:
        """Give the request's headers; they ask if what is kept is still good, where that can be asked."""
        kept = self._kept
        asks = kept is not None and self._method == "GET" and can_be_checked(kept)
        return checking(kept, self._headers) if kept is not None and asks else self._headers

    def confirmed(self, status: int, headers: Headers, said: Headers) -> Given | None:
        """Give what is kept where an upstream says that it is still good.

        `headers` are its own, `said` those of them that go to callers.
        """
        kept = self._kept
        if status != 304 or kept is None or self._method != "GET" or not can_be_checked(kept):
            return None
        now = self._clock.time()
        of_it = of_freshness(headers, kept.said)
        fresh_s = fresh_for(200, [*headers, *(pair for pair in of_it if pair not in headers)], self._rules, now)
        age = age_of(headers, now, now - self._began)
        kept = replace(freshened(kept, said, age, fresh_s or 0.0, now), said=of_it)
        self._shelf.put(self._key, kept, self._headers, self._turn)
        return self._given(kept)

    def collecting(self, status: int, headers: Headers, told: Given) -> "Collecting | None":
        """Give what keeps an answer while it goes by, None for one that is not kept.

        `headers` and `status` are the upstream's own, `told` is what the caller gets, but for the body.
        """
        if not self._looks or self._method != "GET":
            return None
        now = self._clock.time()
        fresh_s = fresh_for(status, headers, self._rules, now)
        asked = varied(headers, self._rules.vary, self._headers)
        etag, modified = joined(headers, b"etag"), joined(headers, b"last-modified")
        if fresh_s is None or asked is None or (fresh_s == 0.0 and not (etag or modified)):
            return None
        plain = [pair for pair in told.headers if pair[0] != b"age"]
        age = age_of(headers, now, now - self._began)
        kept = Kept(told.status, plain, b"", now, age, fresh_s, asked, etag, modified, of_freshness(headers))
        return Collecting(self._shelf, self._key, kept, self._headers, self._turn)

    def _given(self, kept: Kept) -> Given:
        age = (b"age", b"%d" % kept.age_at(self._clock.time()))
        if kept.status == 200 and unchanged(self._headers, kept.headers):
            plain = [pair for pair in kept.headers if pair[0] not in _NOT_IN_304]
            return Given(304, [*plain, age, _HIT], b"")
        return Given(kept.status, [*kept.headers, age, _HIT], kept.body)


class Collecting:
    """Collects a body as it goes by, up to what is kept of one."""

    def __init__(self, shelf: Shelf, key: Key, kept: Kept, headers: Headers, turn: int) -> None:
        self._shelf = shelf
        self._key = key
        self._kept = kept
        self._headers = headers
        self._turn = turn
        self._parts: list[bytes] = []
        self._size = 0

    def add(self, chunk: bytes) -> None:
        """Take a piece."""
        self._size += len(chunk)
        if self._size <= LARGEST:
            self._parts.append(chunk)
        else:
            self._parts.clear()

    def end(self, headers: Headers | None = None) -> None:
        """Keep the answer, for it is whole; `headers` are those the caller got, where they changed with the body."""
        if self._size > LARGEST:
            return
        kept = replace(self._kept, body=b"".join(self._parts))
        if headers is not None:
            kept = replace(kept, headers=[pair for pair in headers if pair[0] != b"age"])
        self._shelf.put(self._key, kept, self._headers, self._turn)
