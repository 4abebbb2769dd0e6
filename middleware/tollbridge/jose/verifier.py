"""Verification with keys that are fetched."""

from dataclasses import replace
from typing import Self

from tollbridge.clock import Clock
from tollbridge.jose.issuerkeys import IssuerKeys
from tollbridge.jose.policy import Issuer
from tollbridge.jose.verify import Claims, read_token


class Verifier:
    """Verifies the tokens of one issuer."""

    def __init__(self, issuer: Issuer, keys: IssuerKeys, clock: Clock) -> None:
        self.issuer = issuer
        self._keys = keys
        self._clock = clock

    async def verify(self, token: bytes) -> Claims:
        """Give the claims of a token that is valid now; raises `TokenRefused`, and `Unavailable` as `IssuerKeys.find`.

        Keys are looked for last, so that only a token that names issuer, audience and times rightly can cause a fetch.
        """
        candidate = read_token(token, self.issuer, self._clock.time())
        return candidate.signed_by(await self._keys.find(candidate.algorithm, candidate.kid))

    def meant_for(self, audience: str) -> Self:
        """Give what verifies tokens of the same issuer that are for somebody else, with the same keys."""
        return type(self)(replace(self.issuer, audience=audience), self._keys, self._clock)

    async def close(self) -> None:
        await self._keys.close()
