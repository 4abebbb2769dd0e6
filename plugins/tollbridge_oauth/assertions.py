"""Clients that prove who they are with a JWT that they sign (RFC 7523 section 2.2)."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from tollbridge import Gateway, UpstreamError, UpstreamRequest
from tollbridge.authorizing import Client, shown_digest
from tollbridge.jose import Candidate, Claims, Issuer, IssuerKeys, KeySet, Reason, TokenRefused, read_token

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = ("ES256", "ES384", "PS256", "RS256", "EdDSA")
LONGEST_LIFE_S = 3_600
"""How far ahead an assertion may end: so long it is remembered that it was shown."""
LEEWAY_S = 10.0
KEEP_S = 3_600.0
"""How long keys that were fetched are used without being fetched again; an unknown `kid` has them fetched at once."""
_LONGEST_ID = 256
_LONGEST_ANSWER = 256 * 1024
_MOST_FETCHED = 1_000
_ACCEPT = ((b"accept", b"application/json"), (b"accept-encoding", b"identity"))


class _Answer(Protocol):
    @property
    def status(self) -> int: ...
    async def read(self, limit: int) -> bytes: ...
    async def close(self) -> None: ...


class Transport(Protocol):
    """What a gateway sends with."""

    async def send(self, request: UpstreamRequest) -> _Answer:
        """Send, and wait for the head; raises `UpstreamError`."""
        ...


class Assertions:
    """Checks them.

    Such a JWT is from and about the client, for this issuer and nobody else, ends within the hour, and is shown
    once: its `jti` is remembered until then. The token endpoint's URL is no audience: with it, what is meant for
    another server can be shown here.
    """

    def __init__(self, gateway: Gateway, issuer: str) -> None:
        self._gateway = gateway
        self._issuer = issuer
        self._fetched: dict[tuple[str, str], IssuerKeys] = {}
        gateway.when_stopping(self._close)

    async def _close(self) -> None:
        """End fetches of keys that are under way."""
        for keys in self._fetched.values():
            await keys.close()

    async def fault(self, client: Client, assertion: bytes) -> str:
        """Say in a word, for the log, why this does not prove a client, empty where it does; raises `Unavailable`."""
        now = self._gateway.clock.time()
        rules = Issuer(client.id, self._issuer, ALGORITHMS, typ="", leeway_s=LEEWAY_S)
        try:
            candidate = read_token(assertion, rules, now)
            claims = await self._signed(client, candidate)
        except TokenRefused as exc:
            return exc.reason.value
        return _fault(claims, client.id, self._issuer, now) or await self._shown_before(client.id, claims)

    async def _signed(self, client: Client, candidate: Candidate) -> Claims:
        rules = client.rules
        if rules.keys:
            keys = KeySet.parse(rules.keys.encode("utf-8"))
            return candidate.signed_by(keys.find(candidate.algorithm, candidate.kid))
        found = self._keys_at(client.id, rules.keys_url)
        return candidate.signed_by(await found.find(candidate.algorithm, candidate.kid))

    def _keys_at(self, client_id: str, url: str) -> IssuerKeys:
        known = self._fetched.get((client_id, url))
        if known is None:
            if len(self._fetched) >= _MOST_FETCHED:
                del self._fetched[next(iter(self._fetched))]
            clock, for_ever = self._gateway.clock, math.inf  # nothing is fetched beside requests
            known = IssuerKeys(client_id, self._fetch, clock, url=url, refresh_s=for_ever, max_age_s=KEEP_S)
            self._fetched[client_id, url] = known
        return known

    async def _fetch(self, url: str) -> bytes:
        transport: Transport = self._gateway.transport
        private = self._gateway.config.oauth.allow_private
        answer = await transport.send(UpstreamRequest("GET", url, _ACCEPT, b"", private))
        try:
            body = await answer.read(_LONGEST_ANSWER)
        finally:
            await answer.close()
        if answer.status != 200:
            raise UpstreamError("the keys of a client cannot be had", detail=f"their server answered {answer.status}")
        return body

    async def _shown_before(self, client_id: str, claims: Claims) -> str:
        ends_at = datetime.fromtimestamp(claims["exp"] + LEEWAY_S, UTC)
        replays = await self._gateway.store.replays()
        first = await replays.first(shown_digest("client assertion", client_id, claims["jti"]), ends_at)
        return "" if first else "shown_before"


def _fault(claims: Mapping[str, Any], client_id: str, issuer: str, now: float) -> str:
    """Say what is wrong with claims whose signature, issuer and times were checked, of an assertion for here."""
    jti = claims.get("jti")
    holds = {
        Reason.SUBJECT: claims["sub"] == client_id,
        Reason.AUDIENCE: claims["aud"] in ([issuer], issuer),
        Reason.TIME: claims["exp"] <= now + LONGEST_LIFE_S + LEEWAY_S,
        Reason.BAD_CLAIMS: isinstance(jti, str) and 0 < len(jti) <= _LONGEST_ID,
    }
    return next((reason.value for reason, held in holds.items() if not held), "")
