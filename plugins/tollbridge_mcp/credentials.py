"""What the gateway shows outside servers: headers with secrets filled in, and access tokens of its own."""

import asyncio
import base64
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import quote_plus, urlencode

import msgspec

from tollbridge import AccessToken, Clock, KeptToken, UpstreamError, UpstreamRequest
from tollbridge_mcp.carrying import Transport
from tollbridge_mcp.definition import ClientCredentials, McpDefinition, split_reference

Read = Callable[[str], Awaitable[str]]
"""Gives the secret behind a reference, as it is now; raises `Unavailable`."""
PATIENCE_S = 15.0
_LARGEST = 64 * 1024
_LIFETIME_S = 300.0
"""Where none is said."""
_LONGEST_LIFETIME_S = 86_400.0
_PAUSE_S = 10.0
"""Seconds between two tokens that are forgotten: a server that takes none must not have one fetched for each call."""


class Shown:
    """The headers for one outside server.  Secrets are read for each call, so the next one uses what was changed."""

    def __init__(
        self, definition: McpDefinition, read: Read, transport: Transport, clock: Clock, *, allow_private: bool
    ) -> None:
        self._headers = definition.headers
        self._read = read
        self._oauth = definition.oauth
        self._clock = clock
        self._kept = KeptToken(clock, early_s=60.0)
        self._token = ""
        self._forgot = float("-inf")
        self._transport = transport
        self._allow_private = allow_private

    async def __call__(self) -> Mapping[str, str]:
        """Give them; raises `UpstreamError` where a token cannot be had, `Unavailable` for a secret that is missing."""
        headers = {name: await self._filled(value) for name, value in self._headers.items()}
        if self._oauth is None:
            return headers
        self._token = await self._kept.get(self._fetch)
        return {**headers, "authorization": f"Bearer {self._token}"}

    def renew(self, shown: Mapping[str, str]) -> bool:
        """Forget the access token among headers that a server refuses; says whether there may be another one."""
        if self._oauth is None:
            return False
        if shown.get("authorization") != f"Bearer {self._token}":
            return True  # another caller was here first
        now = self._clock.monotonic()
        if now < self._forgot + _PAUSE_S:
            return False
        self._forgot, self._kept = now, KeptToken(self._clock, early_s=60.0)
        return True

    async def _fetch(self) -> AccessToken:
        oauth = self._oauth
        if oauth is None:
            raise UpstreamError("there is no authorization server")
        if not oauth.token_url.startswith("https://") and not self._allow_private:
            raise UpstreamError("an authorization server is called by https:// alone")
        secret = await self._read(oauth.client_secret)
        request = token_request(oauth, secret, allow_private=self._allow_private)
        try:
            async with asyncio.timeout(PATIENCE_S):
                answer = await self._transport.send(request)
                try:
                    content = bytearray()
                    while chunk := await answer.next_chunk():
                        content += chunk
                        if len(content) > _LARGEST:
                            raise UpstreamError("the authorization server's answer is too large")
                finally:
                    await answer.close()
        except TimeoutError:
            raise UpstreamError("the authorization server of the MCP server did not answer in time") from None
        return read_token(answer.status, bytes(content))

    async def _filled(self, value: str) -> str:
        before, reference = split_reference(value)
        return before + await self._read(reference) if reference else value


def token_request(oauth: ClientCredentials, secret: str, *, allow_private: bool) -> UpstreamRequest:
    """Write the request for a token (RFC 6749, sections 2.3.1 and 4.4.2; RFC 8707, section 2)."""
    form = {"grant_type": "client_credentials", "scope": oauth.scope, "resource": oauth.resource}
    pair = f"{quote_plus(oauth.client_id)}:{quote_plus(secret)}".encode("ascii")
    headers = [
        (b"authorization", b"Basic " + base64.b64encode(pair)),
        (b"content-type", b"application/x-www-form-urlencoded"),
        (b"accept", b"application/json"),
        (b"accept-encoding", b"identity"),
    ]
    body = urlencode({name: value for name, value in form.items() if value}).encode("ascii")
    return UpstreamRequest("POST", oauth.token_url, headers, body, allow_private, tls_outside=True)


def read_token(status: int, content: bytes) -> AccessToken:
    """Read the answer of a token endpoint (RFC 6749, section 5.1); raises `UpstreamError`."""
    try:
        found: Any = msgspec.json.decode(content)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        found = None
    token = found.get("access_token") if status == 200 and isinstance(found, dict) else None
    if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
        raise UpstreamError(
            "the authorization server of the MCP server gives the gateway no token", detail=f"it answered {status}"
        )
    if str(found.get("token_type", "bearer")).lower() != "bearer":
        raise UpstreamError("the authorization server of the MCP server gives tokens that are no bearer tokens")
    lifetime = found.get("expires_in")
    plain = isinstance(lifetime, int | float) and not isinstance(lifetime, bool) and lifetime > 0
    return AccessToken(token, min(float(lifetime), _LONGEST_LIFETIME_S) if plain else _LIFETIME_S)
