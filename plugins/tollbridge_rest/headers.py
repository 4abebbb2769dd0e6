"""Which headers cross a REST service, and which do not.  Pure.

Nothing of how the caller came here goes up: not its token, its network or the gateway's cookies.  Nothing that speaks
to a browser about the gateway's own origin comes down.
"""

import re
from collections.abc import Iterable

from tollbridge.administering import PATTERN
from tollbridge_rest.definition import HeaderEdit

Headers = list[tuple[bytes, bytes]]

IDENTITY = b"x-tollbridge-identity"
PSEUDONYM = b"tollbridge"
MOST_HOPS = 8
"""How often a request may have come through a gateway."""

_HOP_BY_HOP = frozenset(
    (
        *(b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection", b"te"),
        *(b"trailer", b"transfer-encoding", b"upgrade", b"proxy-authentication-info"),
    )
)
_NOT_UP = _HOP_BY_HOP | frozenset(
    (
        *(b"host", b"content-length", b"expect", b"authorization", b"x-api-key", b"x-goog-api-key", b"api-key"),
        *(
            b"forwarded",
            b"x-forwarded",
            b"x-real-ip",
            b"x-client-ip",
            b"fastly-client-ip",
            b"true-client-ip",
            b"cookie",
            b"via",
            b"x-request-id",
            b"max-forwards",
        ),
        *(b"x-original-url", b"x-rewrite-url", b"x-original-host", b"x-host", b"x-http-method-override"),
        *(b"x-http-method", b"x-method-override", b"tollbridge-version"),
    )
)
"""Beside what speaks of the caller's way here: what some servers take for another URL, host or method."""
_NOT_UP_BEGINNINGS = (b"x-forwarded-", b"x-tollbridge-", b"cf-", b"x-envoy-", b"x-amzn-")
_NOT_DOWN = _HOP_BY_HOP | frozenset(
    (
        *(b"content-length", b"set-cookie", b"set-cookie2", b"server", b"date", b"alt-svc", b"via"),
        *(b"strict-transport-security", b"clear-site-data", b"nel", b"report-to", b"reporting-endpoints"),
        *(b"www-authenticate", b"service-worker-allowed", b"x-request-id", b"request-id"),
        b"x-sendfile",
    )
)
_NOT_DOWN_BEGINNINGS = (b"x-tollbridge-", b"x-accel-", b"access-control-", b"cf-")
_TOKEN = re.compile(PATTERN.encode("ascii"))
_OWN_COOKIES = (b"tollbridge", b"__Host-tollbridge", b"__Secure-tollbridge")
_OF_THE_BYTES = frozenset(
    (b"etag", b"content-md5", b"digest", b"content-digest", b"repr-digest", b"accept-ranges", b"content-range")
)


def named_by_connection(headers: Iterable[tuple[bytes, bytes]]) -> frozenset[bytes]:
    """Give the headers that `Connection` says are for one hop (RFC 9110 section 7.6.1)."""
    lists = (value for name, value in headers if name == b"connection")
    return frozenset(name.strip().lower() for value in lists for name in value.split(b","))


def holds_token(text: bytes) -> bool:
    """Whether a token of the gateway's stands in it."""
    return b"tb_" in text and _TOKEN.search(text) is not None


def headers_up(headers: Headers, *, cookies: bool = False, identity: bool = False) -> Headers:
    """Give the headers of a request that go to the upstream.  Those with a token in them do not, whatever their name.

    Raises `ValueError` where the request has come through a gateway too often.
    """
    one_hop = named_by_connection(headers)
    kept = [
        (name, value)
        for name, value in headers
        if (_goes_up(name) or (identity and name == IDENTITY)) and name not in one_hop and not holds_token(value)
    ]
    if cookies:
        crumbs = [crumb for name, value in headers if name == b"cookie" for crumb in _crumbs(value)]
        if crumbs:
            kept.append((b"cookie", b"; ".join(crumbs)))
    via = b", ".join(value for name, value in headers if name == b"via")
    if via.count(PSEUDONYM) >= MOST_HOPS:
        raise ValueError(f"the request came through a gateway {MOST_HOPS} times already: it goes in a circle")
    kept.append((b"via", (via + b", " if via else b"") + b"1.1 " + PSEUDONYM))
    return kept


def headers_down(headers: Headers, *, cookies: bool = False) -> Headers:
    """Give the headers of an answer that go to the caller.  The upstream's id of it goes under a name of its own."""
    one_hop = named_by_connection(headers)
    kept = []
    for name, value in headers:
        if name in one_hop:
            continue
        if _goes_down(name) or (cookies and name == b"set-cookie" and not value.lstrip().startswith(_OWN_COOKIES)):
            kept.append((name, value))
        elif name in (b"x-request-id", b"request-id"):
            kept.append((b"x-tollbridge-upstream-request-id", value))
    return kept


def without_marks_of_the_bytes(headers: Headers) -> Headers:
    """Leave out what was said of a body that has been changed since."""
    return [pair for pair in headers if pair[0] not in _OF_THE_BYTES]


def edit_headers(headers: Headers, edit: HeaderEdit) -> Headers:
    """Give the headers as a route changes them; what frames a message is not its own to change."""
    if not (edit.remove or edit.set or edit.add):
        return headers
    written = {name.lower().encode("ascii"): value.encode("utf-8") for name, value in edit.set.items()}
    gone = {as_read(name.lower().encode("ascii")) for name in (*edit.remove, *edit.set)}
    kept = [pair for pair in headers if as_read(pair[0]) not in gone]
    kept += written.items()
    kept += [(name.lower().encode("ascii"), value.encode("utf-8")) for name, value in edit.add.items()]
    return kept


def may_be_edited(name: str) -> bool:
    """Whether a route may set, add or remove a header of that name."""
    plain = name.lower().encode("latin-1", "replace")
    framing = plain in _HOP_BY_HOP or plain in (b"host", b"content-length", b"expect", b"via", b"content-encoding")
    return not framing and not plain.startswith(b"x-tollbridge-")


def may_be_answered(name: str, value: str) -> bool:
    """Whether a route may set or add a header of an answer: none speaks to a browser for the gateway's own origin."""
    plain = name.lower()
    return plain != "clear-site-data" and not (
        plain == "set-cookie" and value.lstrip().encode("utf-8").startswith(_OWN_COOKIES)
    )


def as_read(name: bytes) -> bytes:
    """Give the name of a header as CGI and its heirs read it: `_` is `-` there."""
    return name.replace(b"_", b"-")


def is_value(text: str) -> bool:
    """Whether a text can be the value of a header (RFC 9110 section 5.5)."""
    return text == text.strip() and all(char >= " " and char != "\x7f" for char in text)


def _goes_up(name: bytes) -> bool:
    plain = as_read(name)
    return plain not in _NOT_UP and not plain.startswith(_NOT_UP_BEGINNINGS)


def _goes_down(name: bytes) -> bool:
    return name not in _NOT_DOWN and not name.startswith(_NOT_DOWN_BEGINNINGS)


def _crumbs(cookie: bytes) -> list[bytes]:
    crumbs = (crumb.strip() for crumb in cookie.split(b";"))
    return [crumb for crumb in crumbs if crumb and not crumb.startswith(_OWN_COOKIES) and not holds_token(crumb)]
