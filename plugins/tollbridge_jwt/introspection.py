"""`[identity.introspection]`: opaque tokens of an outside server, which is asked about each (RFC 7662)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from tollbridge import Call, Clock, Gateway, IdentitySource, Principal
from tollbridge.authorizing import issuer_of
from tollbridge.jose import LONGEST_TOKEN, TokenRefused, check_times, is_for
from tollbridge_jwt.asking import WAYS, Asking
from tollbridge_jwt.grants import Grants
from tollbridge_jwt.showing import HEADERS, caller_id, refused, server_of, shown
from tollbridge_jwt.web import Web, check_url

_REFERENCE = re.compile(r"(?:env|file|stored):.+")
_TOKEN = re.compile(rb"[\x21-\x7e]{1,%d}" % LONGEST_TOKEN)
_OWN = b"tb_"
_MOST_CACHE_S = 60.0
_LEEWAY_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Introspection(Grants):
    """Asks a server about every bearer token that is no other's.

    `client_secret` is `env:NAME`, `file:PATH` or `stored:NAME`; `auth` says whether it goes into a header or the form.
    `audience` must be in the answer's `aud`, or the URL of the MCP server that is called; empty, the server alone
    decides whom a token is for. `issuer`, where given, is the answer's `iss`, and `token_type` its type, without which
    a refresh token would do too; empty, any will. Only tokens that begin with `token_prefix` are sent. A yes is kept
    for `cache_s` seconds, 60 at most: so long a revoked token goes on working.
    """

    headers: ClassVar[tuple[bytes, ...]] = HEADERS

    url: str
    client_id: str
    client_secret: str
    audience: str
    issuer: str = ""
    token_type: str = "Bearer"
    token_prefix: str = ""
    auth: Literal["basic", "post"] = "basic"
    cache_s: float = 0.0
    allow_private: bool = False
    _open: list[tuple[Asking, Clock, str]] = field(default_factory=list, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        Grants.__post_init__(self)  # a class with slots is another one than `super()` would know
        check_url(self.url, allow_private=self.allow_private)
        if not _REFERENCE.fullmatch(self.client_secret):
            raise ValueError("client_secret must be env:NAME, file:PATH or stored:NAME, never the secret itself")
        if not 0 <= self.cache_s <= _MOST_CACHE_S:
            raise ValueError(f"cache_s must be 0 to {_MOST_CACHE_S:g}")

    @property
    def authorization_servers(self) -> tuple[str, ...]:
        """The issuer, where it is said."""
        return (self.issuer,) if self.issuer else ()

    def check(self, gateway: Gateway) -> None:
        """Raise `ConfigError` where the secret is not there."""
        self._secret(gateway)

    def open(self, gateway: Gateway) -> None:
        """Get ready to ask; raises `ConfigError` where the secret is not there."""
        secret = self._secret(gateway)
        web = Web(gateway.transport, allow_private=self.allow_private)
        shows = WAYS[self.auth](self.client_id, secret)
        asking = Asking(web, self.url, gateway.clock, shows=shows, cache_s=self.cache_s)
        self._open[:] = [(asking, gateway.clock, issuer_of(gateway.config))]

    async def identify(self, call: Call) -> Principal | None:
        """Say who calls; None for a token that its server does not call active.

        Raises `Unauthenticated` for one that is not for us, and `Unavailable` where the server does not say.
        """
        token = shown(call)
        if not _TOKEN.fullmatch(token) or not token.startswith(self.token_prefix.encode()) or token.startswith(_OWN):
            return None
        asking, clock, url = self._open[0]
        claims = await asking.about(token)
        if claims is None:
            return None
        try:
            check_times(claims, clock.time(), _LEEWAY_S)
        except TokenRefused as exc:
            raise refused("the introspection server", exc.reason) from None
        if wrong := self._wrong(claims, server_of(call, url)):
            raise refused("the introspection server", wrong)
        return self.principal(_id(claims), claims, _LEEWAY_S)

    def _secret(self, gateway: Gateway) -> str:
        return gateway.read_key(self.client_secret, "identity.introspection.client_secret")

    def _wrong(self, claims: Mapping[str, Any], server: str) -> str:
        """Say what of an active token does not fit, in the words of `Reason`; empty where all does."""
        kind = claims.get("token_type")
        checks = {
            "wrong_issuer": not self.issuer or claims.get("iss") == self.issuer,
            "wrong_audience": not self.audience
            or any(is_for(claims.get("aud"), name) for name in (self.audience, server) if name),
            "wrong_type": not self.token_type or (isinstance(kind, str) and kind.lower() == self.token_type.lower()),
            "bound_to_a_key": "cnf" not in claims,
            "bad_subject": bool(_id(claims)),
        }
        return next((name for name, holds in checks.items() if not holds), "")


def _id(claims: Mapping[str, Any]) -> str:
    """Name the caller: a person by `sub`, an application without one by its `client_id`; empty for neither."""
    for claim, realm in (("sub", "sub"), ("client_id", "client")):
        found = claims.get(claim)
        if isinstance(found, str) and found:
            return caller_id(realm, found)
    return ""


_: type[IdentitySource] = Introspection
