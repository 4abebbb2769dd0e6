"""What the servers let through and no layer may have to guess about: a head that reads in two ways is refused.  Pure.

The battery behind these rules was run against uvicorn (httptools and h11) and granian: each hands over requests with
two Hosts, `//`, `..`, an encoded slash, NUL or two Authorization headers.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from tollbridge.call import Call, Headers
from tollbridge.errors import UnsafeRequest

_ONCE = frozenset(
    (
        b"host",
        b"authorization",
        b"content-length",
        b"content-type",
        b"content-encoding",
        b"transfer-encoding",
        b"x-api-key",
        b"x-goog-api-key",
    )
)
_HOST = re.compile(rb"(?:[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\.?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
IN_NAMES = b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
IN_VALUES = bytes(byte for byte in range(256) if byte == 0x09 or (byte >= 0x20 and byte != 0x7F))
_BAD_ESCAPE = re.compile(rb"%(?:2[fF]|5[cC]|0[0-9a-fA-F]|1[0-9a-fA-F]|7[fF]|2[eE]|25)|%(?![0-9A-Fa-f]{2})")
_SLASH = re.compile(rb"%2[fF]")
_LONGEST_LENGTH = 18
_VERSIONS = frozenset(("1.0", "1.1", "2", "3"))
_PLAIN_CONNECTION = (b"", b"keep-alive", b"close")
_DOTS = re.compile(r"(?:^|/)\.{1,2}(?:/|$)")
_INTERNAL = (
    b"x-tollbridge-",
    b"x-forwarded-user",
    b"x-forwarded-email",
    b"x-forwarded-groups",
    b"x-remote-",
    b"remote-user",
    b"x-auth-request-",
)
_HOP_BY_HOP = frozenset(
    (
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    )
)


_INTERNAL_NAME = re.compile(b"(?:^|\n)(?:" + b"|".join(name.replace(b"-", b"[-_]") for name in _INTERNAL) + b")")
_LONGEST_ROW = 1_024
_MOST_KNOWN = 1_024
_FRAMING = frozenset((b"transfer-encoding", b"content-encoding", b"upgrade"))


class _Row(NamedTuple):
    """What is known of a row of header names: valid, each once, none internal, none that changes the framing.

    `size` is their bytes, `feeds` what joins as many values; the others are places, -1 for a name that is not there.
    """

    size: int
    feeds: bytes
    host: int
    length: int
    connection: int


_rows: dict[tuple[bytes, ...], _Row] = {}
"""Rows of names that were found in order: a client sends the same one again and again.  No values."""
_paths: dict[str, bytes] = {}
_hosts: set[bytes] = set()


@dataclass(frozen=True, slots=True)
class HeaderLimits:
    """The most a request head may hold.  `bytes` counts names and values; `value` is the longest single value."""

    count: int = 100
    bytes: int = 65_536
    value: int = 16_384
    target: int = 8_192


def inspect(call: Call, limits: HeaderLimits, names_below: tuple[str, ...] = ()) -> Headers:
    """Check path and headers of a request; gives the headers that may go on, internal ones taken out.

    Raises `UnsafeRequest` naming what is wrong. Decisions are made on the path alone, never on Host. Behind the paths
    `names_below` a slash may be written as an escape: all is one name there, or who reads it tells the two apart.
    """
    _check_target(call, limits, names_below)
    headers = call.headers
    if len(headers) > limits.count:
        raise UnsafeRequest(f"more than {limits.count} headers", status=431)
    if not headers:
        raise UnsafeRequest("the Host header is missing")
    names, values = zip(*headers)  # noqa: B905
    row = _rows.get(names)
    if row is not None and (row.connection < 0 or values[row.connection].lower() in _PLAIN_CONNECTION):
        _check_values(values, limits, row.size, row.feeds)
        _check_host(values[row.host])
        _check_version(call)
        if row.length >= 0:
            _check_length(values[row.length])
        return headers
    return _inspect_all(call, names, values, limits)


def _inspect_all(call: Call, names: tuple[bytes, ...], values: tuple[bytes, ...], limits: HeaderLimits) -> Headers:
    """Look at every header by itself; a row of names that is in order need not be again."""
    joined = b"\n".join(names)
    feeds = b"\n" * (len(names) - 1)
    _check_values(values, limits, len(joined), feeds)
    if joined.translate(None, IN_NAMES) != feeds or b"" in names:
        raise UnsafeRequest("a header name holds a character that is not allowed (RFC 9110 section 5.6.2)")
    found = dict(zip(names, values, strict=True))
    plain = len(found) == len(names) and _INTERNAL_NAME.search(joined) is None
    if len(found) < len(names):
        for name in _ONCE:
            if names.count(name) > 1:
                raise UnsafeRequest(f"the header {name.decode('ascii')} is sent twice; send it once")
        # The one list among those that are looked at here (RFC 9110 section 7.6.1).
        found[b"connection"] = b",".join(value for name, value in call.headers if name == b"connection")
    _check_framing(call, found)
    if plain and _FRAMING.isdisjoint(found):
        _remember(names, len(joined), feeds)
    connection = found.get(b"connection", b"")
    if connection.lower() in _PLAIN_CONNECTION and (plain or not any(map(_is_internal, names))):
        return call.headers
    return _without_internal(call.headers, connection, websocket=call.protocol == "websocket")


def _remember(names: tuple[bytes, ...], size: int, feeds: bytes) -> None:
    if size > _LONGEST_ROW:
        return
    if len(_rows) >= _MOST_KNOWN:
        _rows.clear()
    places = {name: place for place, name in enumerate(names)}
    length, connection = (places.get(name, -1) for name in (b"content-length", b"connection"))
    _rows[names] = _Row(size, feeds, places[b"host"], length, connection)


def _check_values(values: tuple[bytes, ...], limits: HeaderLimits, names: int, feeds: bytes) -> None:
    """Check all values at once: joined by line feeds, nothing but those may be left over.

    `names` is how many bytes the names have beside them.
    """
    joined = b"\n".join(values)
    if len(joined) + names > limits.bytes:
        raise UnsafeRequest(f"the headers are over {limits.bytes} bytes", status=431)
    if len(joined) > limits.value and max(map(len, values)) > limits.value:
        raise UnsafeRequest(f"a header is longer than {limits.value} bytes", status=431)
    if joined.translate(None, IN_VALUES) != feeds:
        raise UnsafeRequest("a header holds a control character")


def _check_target(call: Call, limits: HeaderLimits, names_below: tuple[str, ...]) -> None:
    path, raw, query = call.path, call.raw_path, call.query
    if len(raw) > limits.target or len(path) > limits.target or len(query) > limits.target:
        raise UnsafeRequest(f"the request target is longer than {limits.target} bytes", status=414)
    if query and (b"\x00" in query or b"%00" in query):
        raise UnsafeRequest("the query holds a NUL")
    if _paths.get(path) == raw:
        return
    _check_path(path, raw, names_below)
    if b"%" not in raw and len(path) + len(raw) <= _LONGEST_ROW:  # which escapes do depends on `names_below`
        if len(_paths) >= _MOST_KNOWN:
            _paths.clear()
        _paths[path] = raw


def _check_path(path: str, raw: bytes, names_below: tuple[str, ...]) -> None:
    if not path.startswith("/") or (raw and raw[:1] != b"/"):
        raise UnsafeRequest("the request target is not a path; send an origin-form target such as /v1/models")
    if b"%" in raw and _BAD_ESCAPE.search(_plainer(path, raw, names_below)):
        raise two_ways()
    if "//" in path or "\\" in path or ";" in path or ("/." in path and _DOTS.search(path)):
        raise UnsafeRequest("the path holds '//', '..', ';' or a backslash; send it in its plain form")
    if not path.isprintable() or "\ufffd" in path:
        raise UnsafeRequest("the path holds a character that cannot be shown")


def two_ways() -> UnsafeRequest:
    """Refuse an escape in a path that a slash could be, or the end of a name."""
    return UnsafeRequest("the path holds an escape that could be read in two ways (%2f, %5c, %2e, %25 or a control)")


def with_escaped_slashes(path: str, raw: bytes) -> str:
    """Give a path with `%2F` for each slash that was escaped; raises `UnsafeRequest` where that cannot be told.

    `path` is decoded, and what `raw` ends with. Nothing else in what is given has a percent sign: `inspect` refuses one
    that was escaped.
    """
    if not raw or not _SLASH.search(raw):
        if "%" in path:
            raise two_ways()
        return path
    parts, length = list[str](), 0
    for part in reversed(raw.split(b"/")):
        if length >= len(path):
            break
        parts.append(unquote_to_bytes(part).decode("utf-8", "replace"))
        length += 1 + len(parts[-1])
    parts.reverse()
    if "".join(f"/{part}" for part in parts) != path or "%" in path:
        raise two_ways()
    return "".join(f"/{part.replace('/', '%2F')}" for part in parts)


def _plainer(path: str, raw: bytes, names_below: tuple[str, ...]) -> bytes:
    """Write the escaped slashes of a name as what they are."""
    for below in names_below:
        before, head, name = raw.partition(below.encode("ascii"))
        if head and path.startswith(below):
            return before + head + _SLASH.sub(b"/", name)
    return raw


def _check_framing(call: Call, found: Mapping[bytes, bytes]) -> None:
    host = found.get(b"host")
    if host is None:
        raise UnsafeRequest("the Host header is missing")
    _check_host(host)
    _check_version(call)
    coding = found.get(b"transfer-encoding")
    if coding is not None and (coding.lower() != b"chunked" or call.http_version == "1.0"):
        raise UnsafeRequest("the only transfer coding taken is chunked, in HTTP/1.1 (RFC 9112 section 6.1)")
    length = found.get(b"content-length")
    if length is not None:
        if coding is not None:
            raise UnsafeRequest("both Content-Length and Transfer-Encoding are sent (RFC 9112 section 6.1)")
        _check_length(length)
    if found.get(b"content-encoding", b"").strip().lower() not in (b"", b"identity"):
        raise UnsafeRequest("compressed request bodies are not taken; send it uncompressed", status=415)
    if b"upgrade" in found and call.protocol == "http":
        raise UnsafeRequest("this upgrade is not served here")


def _check_host(host: bytes) -> None:
    if host in _hosts:
        return
    if not _HOST.fullmatch(host):
        raise UnsafeRequest("the Host header is no host")
    if len(host) <= _LONGEST_ROW:
        if len(_hosts) >= _MOST_KNOWN:
            _hosts.clear()
        _hosts.add(host)


def _check_version(call: Call) -> None:
    if call.http_version not in _VERSIONS:
        raise UnsafeRequest("this version of HTTP is not served here; send HTTP/1.1")


def _check_length(length: bytes) -> None:
    if not length.isdigit() or len(length) > _LONGEST_LENGTH:
        raise UnsafeRequest("the Content-Length header is no number")


def _is_internal(name: bytes) -> bool:
    """Whether only a gateway may send it.  CGI and its heirs read `_` as `-`, so it is no way round."""
    return name.startswith(_INTERNAL) or (b"_" in name and name.replace(b"_", b"-").startswith(_INTERNAL))


def _without_internal(headers: Headers, connection: bytes, *, websocket: bool) -> Headers:
    """Leave out identity headers that only a gateway may set, and what `Connection` names as meant for one hop."""
    if websocket:
        return [(name, value) for name, value in headers if not _is_internal(name)]
    one_hop = {name.strip().lower() for name in connection.split(b",")} | _HOP_BY_HOP
    kept = _ONCE - _HOP_BY_HOP
    return [
        (name, value) for name, value in headers if not _is_internal(name) and (name not in one_hop or name in kept)
    ]
