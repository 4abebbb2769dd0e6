"""What an authorization server says of a token (RFC 7662 section 2), asked for each one as a client of it."""

import asyncio
import base64
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import quote_plus, urlencode

from tollbridge import Clock, Unavailable, UpstreamError
from tollbridge.jose import strict_object
from tollbridge_jwt.web import Headers, Web

_MOST_KEPT = 4096
_MOST_AT_ONCE = 64
"""Questions under way; a caller who sends rubbish must not make a flood of it elsewhere."""

_NOT_ITS_KIND = "unsupported_token_type"
"""What some servers say of a token that can be none of theirs, in place of `active: false` (RFC 7009 section 2.2.1)."""

Claims = Mapping[str, Any]
Shows = Callable[[str, str], tuple[Headers, Mapping[str, str]]]


class Asking:
    """Asks one server.  `shows` is how the client does: headers, and fields of the form.

    A yes is kept for `cache_s` seconds, by the token's whole SHA-256, and never beyond the token's end; a no is not.
    """

    def __init__(
        self, web: Web, url: str, clock: Clock, *, shows: tuple[Headers, Mapping[str, str]], cache_s: float
    ) -> None:
        self._web = web
        self._url = url
        self._clock = clock
        self._headers, self._fields = shows
        self._cache_s = cache_s
        self._room = asyncio.Semaphore(_MOST_AT_ONCE)
        self._kept: dict[bytes, tuple[float, Claims]] = {}

    async def about(self, token: bytes) -> Claims | None:
        """Give what the server says of an active token, None of another; raises `Unavailable` where it does not say."""
        digest = sha256(token).digest()
        until, claims = self._kept.get(digest, (0.0, {}))
        if self._clock.time() < until:
            return claims
        self._kept.pop(digest, None)
        asked = self._clock.time()
        answer = await self._ask(token)
        if answer.get("active") is not True:
            return None
        if self._cache_s:
            self._keep(digest, answer, asked)
        return answer

    async def _ask(self, token: bytes) -> Claims:
        form = {"token": token.decode("ascii"), "token_type_hint": "access_token", **self._fields}
        try:
            async with self._room:
                status, body = await self._web.post(self._url, self._headers, urlencode(form).encode("ascii"))
            answer = strict_object(body)
        except UpstreamError as exc:
            raise _away(exc.detail or exc.message) from None
        except ValueError as exc:
            raise _away(f"its answer cannot be read: {exc}") from None
        if status == 400 and answer.get("error") != _NOT_ITS_KIND:
            raise _away("it answered 400")
        return answer if status == 200 else {}

    def _keep(self, digest: bytes, claims: Claims, asked: float) -> None:
        end = claims.get("exp")
        until = asked + self._cache_s
        if len(self._kept) >= _MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[digest] = (min(until, end) if isinstance(end, int) else until), claims


def in_header(client_id: str, secret: str) -> tuple[Headers, Mapping[str, str]]:
    """Show the client in a header (RFC 6749 section 2.3.1, which has both parts form-encoded first)."""
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}".encode("ascii")
    return ((b"authorization", b"Basic " + base64.b64encode(pair)),), {}


def in_form(client_id: str, secret: str) -> tuple[Headers, Mapping[str, str]]:
    """Show the client in the form, for servers that know no better."""
    return (), {"client_id": client_id, "client_secret": secret}


WAYS: Mapping[str, Shows] = {"basic": in_header, "post": in_form}


def _away(why: str) -> Unavailable:
    return Unavailable(
        "the server that knows this token cannot be asked now, so the call is refused",
        code="identity_failed",
        detail=f"introspection failed: {why}",
    )
