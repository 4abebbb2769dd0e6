"""What an OpenID provider says of itself (OpenID Connect Discovery 1.0, section 4), kept for a while."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tollbridge import Clock, GatewayError
from tollbridge.jose import ALGORITHMS, strict_object
from tollbridge_signin.web import away, check_url

KEEP_S = 600.0
"""How long it is believed without asking again; longer where the provider does not answer."""
PAUSE_S = 10.0
"""The least between two questions, whoever wants to sign in."""

Fetch = Callable[[str], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class Metadata:
    """Where a provider is asked what, and how."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    auth_method: str = "client_secret_basic"
    algorithms: tuple[str, ...] = ALGORITHMS
    names_itself: bool = False
    """Whether its answers say who gives them (RFC 9207, section 3)."""


class Discovery:
    """Asks one provider.  A failure leaves what is known."""

    def __init__(self, issuer: str, fetch: Fetch, clock: Clock, *, allow_private: bool) -> None:
        self._issuer = issuer
        self._fetch = fetch
        self._clock = clock
        self._allow_private = allow_private
        self._found: Metadata | None = None
        self._renew_at = self._next_at = clock.monotonic()
        self._asking = asyncio.Lock()

    async def metadata(self) -> Metadata:
        """Give it; raises `Unavailable` where it is not known and cannot be asked for."""
        async with self._asking:
            now = self._clock.monotonic()
            if now >= max(self._renew_at, self._next_at):
                self._next_at = now + PAUSE_S
                await self._renew(now)
        if self._found is None:
            raise away(self._issuer, "its metadata could not be had, less than some seconds ago")
        return self._found

    async def _renew(self, now: float) -> None:
        try:
            document = await self._fetch(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
            self._found = read_metadata(document, self._issuer, allow_private=self._allow_private)
        except (GatewayError, ValueError) as exc:
            if self._found is None:
                raise away(self._issuer, getattr(exc, "detail", None) or str(exc)) from None
            return
        self._renew_at = now + KEEP_S


def read_metadata(document: bytes, issuer: str, *, allow_private: bool) -> Metadata:
    """Read a metadata document; raises `ValueError` for one that cannot be trusted.

    The issuer in it is this one, character by character (section 4.3): else one that can write a single path of a host
    could pass as another.
    """
    said = strict_object(document)
    if said.get("issuer") != issuer:
        raise ValueError("its metadata is another issuer's")
    urls: dict[str, str] = {}
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"):
        url = said.get(name, "")
        if not isinstance(url, str) or (not url and name != "userinfo_endpoint"):
            raise ValueError(f"its metadata names no {name}")
        if url:
            check_url(url, allow_private=allow_private)
        urls[name] = url
    signed = said.get("id_token_signing_alg_values_supported", [])
    algorithms = tuple(name for name in ALGORITHMS if isinstance(signed, list) and name in signed)
    methods = said.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    by_form = isinstance(methods, list) and "client_secret_basic" not in methods and "client_secret_post" in methods
    return Metadata(
        **urls,
        auth_method="client_secret_post" if by_form else "client_secret_basic",
        algorithms=algorithms or ALGORITHMS,
        names_itself=said.get("authorization_response_iss_parameter_supported") is True,
    )
