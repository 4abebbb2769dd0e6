"""`[identity.jwt]`: JWTs of outside issuers, verified here.

No verdict is kept: checking one takes some tens of microseconds, and whatever is kept outlives the withdrawal of a key.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from tollbridge import Call, Gateway, IdentitySource, Principal
from tollbridge.authorizing import issuer_of
from tollbridge.jose import ALGORITHMS, Claims, Issuer, IssuerKeys, Reason, TokenRefused, Verifier, claimed_issuer
from tollbridge_jwt.grants import Grants
from tollbridge_jwt.showing import HEADERS, caller_id, refused, server_of, shown
from tollbridge_jwt.web import Web, check_url

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideIssuer(Grants):
    """`[identity.jwt.issuers.<name>]`: one issuer.

    `issuer` is what its tokens have as `iss`, and `audience` what they have in `aud`: this gateway, by the name it has
    there. Without `jwks_url` the issuer is asked where its keys are. `typ` is the type in the header, empty for any.
    `allow_private`: it may be on a loopback or private address, and speak `http`.
    """

    issuer: str
    audience: str
    jwks_url: str = ""
    algorithms: tuple[str, ...] = ALGORITHMS
    typ: str = "at+jwt"
    leeway_s: float = 10.0
    allow_private: bool = False

    def __post_init__(self) -> None:
        Grants.__post_init__(self)  # a class with slots is another one than `super()` would know
        check_url(self.jwks_url or self.issuer, allow_private=self.allow_private)
        self.rules()

    def rules(self) -> Issuer:
        """Give what its tokens are checked by; raises `ValueError`."""
        return Issuer(self.issuer, self.audience, self.algorithms, self.typ, self.leeway_s)


@dataclass(frozen=True, slots=True)
class OutsideIssuers:
    """Knows the callers of some issuers by their JWTs, wherever an SDK puts its key.

    A call of an MCP server may show a token for that server alone: its clients ask for one by its URL.
    """

    headers: ClassVar[tuple[bytes, ...]] = HEADERS

    issuers: Mapping[str, OutsideIssuer]
    _open: dict[str, tuple[str, str, Verifier]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.issuers or not all(map(_NAME.fullmatch, self.issuers)):
            raise ValueError("issuers has a table for each issuer, named in small letters, digits, - and _")
        if len({options.issuer for options in self.issuers.values()}) < len(self.issuers):
            raise ValueError("two of the issuers have the same 'issuer'; a token would be of both")

    @property
    def authorization_servers(self) -> tuple[str, ...]:
        """The issuers, for clients that look for who gives tokens."""
        return tuple(options.issuer for options in self.issuers.values())

    def open(self, gateway: Gateway) -> None:
        """Get ready to verify; nothing is fetched yet."""
        url = issuer_of(gateway.config)
        for name, options in self.issuers.items():
            web = Web(gateway.transport, allow_private=options.allow_private)
            keys = IssuerKeys(options.issuer, web.get, gateway.clock, url=options.jwks_url)
            self._open[options.issuer] = name, url, Verifier(options.rules(), keys, gateway.clock)

    async def close(self) -> None:
        """End what is being fetched."""
        for _, _, verifier in self._open.values():
            await verifier.close()
        self._open.clear()

    async def identify(self, call: Call) -> Principal | None:
        """Say who calls; None for what claims to be of no issuer here, `Unauthenticated` for what does and is not.

        Raises `Unavailable` where an issuer's keys are needed and cannot be had.
        """
        token = shown(call)
        name, url, verifier = self._open.get(claimed_issuer(token) or "", ("", "", None))
        if verifier is None:
            return None
        try:
            claims = await _verified(verifier, token, server_of(call, url))
        except TokenRefused as exc:
            raise refused(f"the issuer {name!r}", exc.reason) from None
        issuer = self.issuers[name]
        return issuer.principal(caller_id(name, claims["sub"]), claims, issuer.leeway_s)


async def _verified(verifier: Verifier, token: bytes, server: str) -> Claims:
    """Give the claims of a token that is for this gateway, or for the `server` that is called, if any is."""
    try:
        return await verifier.verify(token)
    except TokenRefused as exc:
        if exc.reason is not Reason.AUDIENCE or not server:
            raise
    return await verifier.meant_for(server).verify(token)


_: type[IdentitySource] = OutsideIssuers
