"""What an upstream is shown of the gateway: headers, some of them secrets that stand elsewhere."""

import base64
from collections.abc import Awaitable, Callable, Iterator

from tollbridge_rest.definition import Auth, Scheme, Upstream
from tollbridge_rest.headers import Headers

KINDS = ("env", "file", "stored")

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
    if upstream.auth is not None:
        yield _SCHEMES[upstream.auth.scheme](upstream.auth, "")[0].decode("ascii")


async def own_headers(where: str, upstream: Upstream, read: Read) -> Headers:
    """Give the headers that go with a request now; raises what `read` does for a secret that is not there."""
    found = [
        (header.lower().encode("ascii"), await _value(text, f"{where}/headers/{header}", read))
        for header, text in upstream.headers.items()
    ]
    if upstream.auth is not None:
        auth = upstream.auth
        shown = _SCHEMES[auth.scheme](auth, await read(auth.key, f"{where}/auth/key"))
        found = [pair for pair in found if pair[0] != shown[0]]
        found.append(shown)
    return found


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
