"""The fourth link: who calls."""

from collections.abc import Sequence
from typing import ClassVar, Protocol

from starlette.types import ASGIApp

from tollbridge.call import Call
from tollbridge.clock import Clock
from tollbridge.errors import AmbiguousCredential, Unauthenticated
from tollbridge.layers.layer import Layer
from tollbridge.tokens.model import Principal

CREDENTIAL_HEADERS = frozenset((b"authorization", b"x-api-key", b"x-goog-api-key"))
_QUERY_NAMES = frozenset((b"key", b"api_key", b"apikey", b"api-key", b"access_token", b"token"))


class Identifies(Protocol):
    """Knows who shows a secret."""

    async def identify(self, secret: bytes) -> Principal | None:
        """Find the principal, or None: unknown, revoked and expired look the same."""
        ...


class Authenticate(Layer):
    """Finds the principal behind `Authorization: Bearer`, `x-api-key` or `x-goog-api-key`.

    Everything but the `public` paths needs a valid token. A public path ends with `*` to stand for all below it. The
    credential is taken out of the request: neither the wrapped app nor a provider sees it.
    """

    name: ClassVar[str] = "authenticate"

    def __init__(
        self, app: ASGIApp, *, tokens: Identifies, public: Sequence[str] = (), clock: Clock | None = None
    ) -> None:
        super().__init__(app, clock=clock)
        self._tokens = tokens
        self._exact = frozenset(path for path in public if not path.endswith("*"))
        self._below = tuple(path[:-1] for path in public if path.endswith("*"))

    async def head(self, call: Call) -> None:
        if call.path in self._exact or (self._below and call.path.startswith(self._below)):
            call.public = True
            return
        secret = credential(call)
        principal = await self._tokens.identify(secret) if secret else None
        if principal is None:
            raise Unauthenticated()
        call.principal = principal
        call.headers = [pair for pair in call.headers if pair[0] not in CREDENTIAL_HEADERS]


def credential(call: Call) -> bytes:
    """Find the one secret a request shows, empty if none; raises `AmbiguousCredential`.

    Two credentials that differ are refused, and so is one in the query string, where every log would keep it.
    """
    found = b""
    for name, value in call.headers:
        if name not in CREDENTIAL_HEADERS:
            continue
        shown = value
        if name == b"authorization":
            scheme, _, shown = value.partition(b" ")
            if scheme.lower() != b"bearer":
                continue
        shown = shown.strip()
        if found and shown != found:
            raise AmbiguousCredential("two different credentials are sent; send one")
        found = shown
    if call.query:
        for part in call.query.split(b"&"):
            name, _, value = part.partition(b"=")
            if name.lower() in _QUERY_NAMES and (call.dialect is not None or value.startswith(b"tb_")):
                raise AmbiguousCredential("a credential is in the URL, where logs would keep it; send it in a header")
    return found
