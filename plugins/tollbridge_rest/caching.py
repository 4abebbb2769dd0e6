"""What may be kept of an answer, for how long, and what is served of it (RFC 9111).  Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime

from tollbridge_rest.definition import Cache
from tollbridge_rest.headers import Headers

KEPT_STATUSES = frozenset((200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501))
"""Those that can be kept without their saying so (RFC 9110 section 15.1), but 206."""
LONGEST_S = 86_400.0
_LARGEST = 2**31
_NOT_KEPT = frozenset((b"set-cookie", b"age", b"connection"))
_OF_FRESHNESS = frozenset((b"cache-control", b"expires", b"date"))
_ASKS_ELSEWHERE = (b"range", b"authorization", b"if-match", b"if-unmodified-since")
"""A request with one of these is answered by the upstream alone."""
_UPDATED = frozenset((b"content-length", b"content-encoding", b"content-type", b"content-range", b"etag"))
"""What a 304 does not change of what is kept: it has no body of its own to speak of."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer as it goes to callers, at `stored_at` already `age` seconds old, and fresh until it is `fresh_s` old.

    `asked` are the request's headers that it varies by. `etag` and `modified` are the upstream's own validators, `said`
    is what it said of how long the answer is fresh, which is not always what callers are told.
    """

    status: int
    headers: Headers
    body: bytes
    stored_at: float
    age: float
    fresh_s: float
    asked: tuple[tuple[bytes, bytes], ...] = ()
    etag: bytes = b""
    modified: bytes = b""
    said: tuple[tuple[bytes, bytes], ...] = ()

    @property
    def size(self) -> int:
        """About how many bytes it takes."""
        pairs = (*self.headers, *self.asked, *self.said)
        return 500 + len(self.body) + sum(len(name) + len(value) + 100 for name, value in pairs)

    def age_at(self, now: float) -> float:
        """Say how old it is."""
        return self.age + max(0.0, now - self.stored_at)

    def suits(self, headers: Headers) -> bool:
        """Whether it was given to a request like this one, in what it varies by (section 4.1)."""
        return all(joined(headers, name) == value for name, value in self.asked)


def directives(headers: Headers) -> Mapping[str, str]:
    """Read `Cache-Control`, names in lower case; where one is said twice, the first counts (section 4.2.1)."""
    found: dict[str, str] = {}
    for part in _split(joined(headers, b"cache-control").decode("latin-1")):
        name, _, value = part.partition("=")
        found.setdefault(name.strip().lower(), value.strip().strip('"'))
    return found


def joined(headers: Headers, name: bytes) -> bytes:
    """Give all values of a header as one list."""
    return b", ".join(value.strip() for key, value in headers if key == name)


def seconds(text: str | None) -> float | None:
    """Read delta-seconds (section 1.2.2); None for what is not there or is no number."""
    if text is None or not (text.isascii() and text.isdigit()):
        return None
    return float(min(int(text[:12]), _LARGEST))


def looks(method: str, headers: Headers) -> bool:
    """Whether what is kept may answer a request, and what answers it may be kept."""
    if method not in ("GET", "HEAD") or any(joined(headers, name) for name in _ASKS_ELSEWHERE):
        return False
    return "no-store" not in directives(headers)


def is_fresh(kept: Kept, headers: Headers, now: float) -> bool:
    """Whether it is served without asking (sections 4.2 and 5.2.1)."""
    asked, age = directives(headers), kept.age_at(now)
    if "no-cache" in asked or (not asked and b"no-cache" in joined(headers, b"pragma").lower()):
        return False
    most, least = seconds(asked.get("max-age")), seconds(asked.get("min-fresh"))
    if most is not None and age > most:
        return False
    return age + (least or 0.0) < kept.fresh_s


def varied(headers: Headers, more: tuple[str, ...], asked: Headers) -> tuple[tuple[bytes, bytes], ...] | None:
    """Give what an answer varies by with the values of a request, None where nothing may be kept of it.

    Cookies say who calls, and some answers are compressed without a word on it: it varies by these in any case.
    """
    said = {name.strip().lower() for name in joined(headers, b"vary").split(b",") if name.strip()}
    if b"*" in said or len(said) > 20:
        return None
    said.update(name.lower().encode("ascii") for name in more)
    said.add(b"cookie")
    if joined(headers, b"content-encoding"):
        said.add(b"accept-encoding")
    return tuple((name, joined(asked, name)) for name in sorted(said))


def fresh_for(status: int, headers: Headers, rules: Cache, now: float) -> float | None:
    """Say for how many seconds an answer is fresh from when it was made, None where it is not to be kept.

    `now` is in seconds since the epoch. What the answer says goes before what the route says (section 4.2.1).
    """
    said = directives(headers)
    if status not in KEPT_STATUSES or "no-store" in said or joined(headers, b"set-cookie"):
        return None
    if rules.shared and "private" in said:
        return None
    if "no-cache" in said:
        return 0.0
    for name in ("s-maxage", "max-age") if rules.shared else ("max-age",):
        if name in said:
            return min(seconds(said[name]) or 0.0, LONGEST_S)
    if joined(headers, b"expires"):
        made = _date(joined(headers, b"date"))
        ends = _date(joined(headers, b"expires"))
        return 0.0 if ends is None else min(max(0.0, ends - (now if made is None else made)), LONGEST_S)
    return rules.ttl_s or None


def age_of(headers: Headers, now: float, took_s: float) -> float:
    """Say how old an answer was when it came (section 4.2.3); `took_s` is how long it was waited for."""
    made = _date(joined(headers, b"date"))
    apparent = 0.0 if made is None else max(0.0, now - made)
    return max(apparent, (seconds(joined(headers, b"age").decode("latin-1")) or 0.0) + took_s)


def can_be_checked(kept: Kept) -> bool:
    """Whether an upstream can be asked if it is still good."""
    return bool(kept.etag or kept.modified)


def checking(kept: Kept, headers: Headers) -> Headers:
    """Give the headers of a request that asks if what is kept is still good (section 4.3.1)."""
    names = (b"if-none-match", b"if-modified-since", b"if-match", b"if-unmodified-since", b"if-range")
    plain = [pair for pair in headers if pair[0] not in names]
    if kept.etag:
        plain.append((b"if-none-match", kept.etag))
    if kept.modified:
        plain.append((b"if-modified-since", kept.modified))
    return plain


def of_freshness(headers: Headers, before: Iterable[tuple[bytes, bytes]] = ()) -> tuple[tuple[bytes, bytes], ...]:
    """Give what an upstream says of how long an answer is fresh, with what it said `before` and does not say anew."""
    new = [pair for pair in headers if pair[0] in _OF_FRESHNESS]
    names = {name for name, _ in new}
    return (*new, *(pair for pair in before if pair[0] not in names))


def freshened(kept: Kept, headers: Headers, age: float, fresh_s: float, now: float) -> Kept:
    """Give what is kept with what a 304 says anew (section 4.3.4)."""
    new = [pair for pair in headers if pair[0] not in _UPDATED | _NOT_KEPT]
    names = {name for name, _ in new}
    rest = [pair for pair in kept.headers if pair[0] not in names]
    return replace(kept, headers=rest + new, stored_at=now, age=age, fresh_s=fresh_s)


def unchanged(headers: Headers, kept: Headers) -> bool:
    """Whether the caller has this already: it is answered 304 (RFC 9110 section 13.2.2)."""
    tag = joined(kept, b"etag")
    wanted = joined(headers, b"if-none-match")
    if wanted:
        tags = [part.strip().removeprefix("W/") for part in _split(wanted.decode("latin-1"))]
        return "*" in tags or (bool(tag) and tag.decode("latin-1").removeprefix("W/") in tags)
    since, modified = _date(joined(headers, b"if-modified-since")), _date(joined(kept, b"last-modified"))
    return since is not None and modified is not None and modified <= since


def _date(value: bytes) -> float | None:
    """Read a date of HTTP as seconds since the epoch."""
    try:
        return parsedate_to_datetime(value.decode("latin-1")).timestamp() if value else None
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _split(text: str) -> list[str]:
    """Split a list at commas that do not stand in quotes."""
    parts, quoted, begin = [], False, 0
    for place, char in enumerate(text):
        if char == '"':
            quoted = not quoted
        elif char == "," and not quoted:
            parts.append(text[begin:place])
            begin = place + 1
    parts.append(text[begin:])
    return [part.strip() for part in parts if part.strip()]
