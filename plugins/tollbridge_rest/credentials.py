"""What an upstream is shown of the gateway, some of it secrets that stand elsewhere."""

import base64
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from urllib.parse import quote_plus, unquote_plus

from tollbridge_rest.definition import Auth, Scheme, Upstream
from tollbridge_rest.headers import Headers

KINDS = ("env", "file", "stored")

_URLS = frozenset((b"location", b"content-location", b"link", b"refresh"))


@dataclass(frozen=True, slots=True)
class Ours:
    """What goes along with a request: headers, and a parameter of its query, by name and value."""

    headers: Headers
    parameter: tuple[str, str] = ("", "")

    def target(self, target: str) -> str:
        """Give path and query of a request with the parameter in place of those of its name."""
        name, value = self.parameter
        if not name:
            return target
        path, _, query = target.partition("?")
        parts = [part for part in query.split("&") if part and unquote_plus(part.partition("=")[0]) != name]
        return f"{path}?{'&'.join((*parts, f'{quote_plus(name)}={quote_plus(value)}'))}"

    def hidden(self, headers: Headers) -> Headers:
        """Give an answer's headers without the parameter's value, which servers repeat where they lead elsewhere."""
        name, value = self.parameter
        if not name:
            return headers
        shown = [
            f"{start}={said}".encode() for start in (name, quote_plus(name)) for said in (quote_plus(value), value)
        ]
        found = []
        for header, text in headers:
            if header in _URLS:
                for one in shown:
                    text = text.replace(one, one.partition(b"=")[0] + b"=")
            found.append((header, text))
        return found


Read = Callable[[str, str], Awaitable[str]]
"""Reads what a reference names, as it is now; the other text says where the reference stands."""


def is_reference(text: str) -> bool:
    """Whether a text names a secret."""
    kind, colon, name = text.partition(":")
    return bool(colon) and kind in KINDS and bool(name) and name == name.strip()


def references(upstream: Upstream) -> Iterator[str]:
    """Give the references to secrets of an upstream."""
    if upstream.auth is not None and is_reference(upstream.auth.key):
        yield upstream.auth.key
    yield from filter(is_reference, upstream.headers.values())


def supplied(upstream: Upstream) -> Iterator[str]:
    """Name the headers that go with every request, in small letters."""
    yield from map(str.lower, upstream.headers)
    if upstream.auth is not None and upstream.auth.scheme is not Scheme.QUERY:
        yield _SCHEMES[upstream.auth.scheme](upstream.auth, "")[0].decode("ascii")


async def shown_to(where: str, upstream: Upstream, read: Read) -> Ours:
    """Give what goes with a request now; raises what `read` does for a secret that is not there."""
    found = [
        (header.lower().encode("ascii"), await _value(text, f"{where}/headers/{header}", read))
        for header, text in upstream.headers.items()
    ]
    auth = upstream.auth
    if auth is None:
        return Ours(found)
    key = await read(auth.key, f"{where}/auth/key")
    if auth.scheme is Scheme.QUERY:
        return Ours(found, (auth.name, key))
    shown = _SCHEMES[auth.scheme](auth, key)
    return Ours([*(pair for pair in found if pair[0] != shown[0]), shown])


async def _value(text: str, where: str, read: Read) -> bytes:
    return (await read(text, where) if is_reference(text) else text).encode("utf-8")


def _basic(auth: Auth, key: str) -> tuple[bytes, bytes]:
    """Write the credential of RFC 7617 section 2."""
    return b"authorization", b"Basic " + base64.b64encode(f"{auth.user}:{key}".encode())


_SCHEMES: dict[Scheme, Callable[[Auth, str], tuple[bytes, bytes]]] = {
    Scheme.BEARER: lambda auth, key: (b"authorization", b"Bearer " + key.encode("utf-8")),
    Scheme.HEADER: lambda auth, key: (auth.name.lower().encode("ascii"), key.encode("utf-8")),
    Scheme.BASIC: _basic,
}
