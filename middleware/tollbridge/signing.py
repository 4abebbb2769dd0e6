"""Signing each request to a provider, where its auth scheme asks for that.  It fails closed, and names no key."""

import asyncio
from dataclasses import dataclass, field

import msgspec

from tollbridge.auth import Signer, sendable
from tollbridge.errors import SetupError, UpstreamError, without_words
from tollbridge.transport.base import UpstreamRequest


@dataclass(frozen=True, slots=True)
class Signing:
    """A scheme with the key of one provider at hand."""

    provider: str
    signer: Signer
    key: str = field(repr=False)
    timeout_s: float

    async def signed(self, request: UpstreamRequest) -> UpstreamRequest:
        """Give the request with its signature; raises `UpstreamError` where the scheme gives none that can be sent."""
        try:
            async with asyncio.timeout(self.timeout_s):
                shown = await self.signer.sign(self.key, request)
        except SetupError as exc:  # a sentence for the operator, as at start
            said = str(exc)
            raise self._failed(without_words(exc) if self.key and self.key in said else said) from None
        except Exception as exc:
            raise self._failed(without_words(exc)) from None
        if not sendable(shown):
            raise self._failed("it gave a header that cannot be sent")
        ours = {name for name, _ in shown}
        kept = [pair for pair in request.headers if pair[0] not in ours]
        return msgspec.structs.replace(request, headers=[*kept, *shown])

    def _failed(self, why: str) -> UpstreamError:
        return UpstreamError(
            "the gateway could not show the provider its credential; tell its operator",
            code="upstream_credential",
            detail=f"providers.{self.provider}: the auth scheme {type(self.signer).__name__} failed: {why}",
        )
