"""The last link before a service: a word of the bridge on who calls, which the service can check for itself."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar

from starlette.types import ASGIApp

from tollbridge.call import Call
from tollbridge.clock import Clock
from tollbridge.errors import Unavailable
from tollbridge.jose.signing import SigningKey
from tollbridge.layers.layer import Layer
from tollbridge.tokens.model import Principal

HEADER = b"x-tollbridge-identity"
TYPE = "identity+jwt"
LASTS_S = 60


class Vouch(Layer):
    """Puts a JWT of 60 seconds into `x-tollbridge-identity` of each call to a service; models see none.

    Its claims: `iss`, `aud`, `iat`, `exp`, `jti` and `txn` (the call's id); `sub`, who answers for the token, else the
    token itself; `act` (RFC 8693 section 4.1), the token; `scope`, what it may do, with spaces between; `team` and
    `environment`. One for a published service has that in `service` and an audience of its own, never that of the
    wrapped app: whoever gets it could show it there. What a caller sends under that name never gets here: no header
    that begins with `x-tollbridge-` does.
    """

    name: ClassVar[str] = "vouch"
    needs: ClassVar[tuple[str, ...]] = ("authenticate", "authorize")

    def __init__(
        self,
        app: ASGIApp,
        *,
        key: Callable[[], Awaitable[SigningKey]],
        issuer: str,
        audience: str,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(app, clock=clock)
        self._key = key
        self._said = {"iss": issuer, "aud": audience}

    def head(self, call: Call) -> Awaitable[None] | None:
        principal = call.principal
        if principal is None or (call.operation is not None and call.operation.ai):
            return None
        return self._vouch(call, principal)

    async def _vouch(self, call: Call, principal: Principal) -> None:
        said = self._said if call.entered is None else self._of_service(call.service, call.entered.audience)
        key = await self._key()
        claims = {**said, **_claims(call, principal, int(self.clock.time()))}
        call.headers = [*call.headers, (HEADER, key.sign(claims, TYPE).encode("ascii"))]

    def _of_service(self, slug: str, audience: str | None) -> Mapping[str, Any]:
        """Give what is said to a service; its upstream must not get what the wrapped app would take."""
        if audience == self._said["aud"]:
            raise Unavailable(
                "this service cannot be called now",
                detail=f"its assertions would have the audience {audience!r}, which is that of the wrapped app",
            )
        return {**self._said, "aud": audience or self._said["aud"], "service": slug}


def _claims(call: Call, principal: Principal, now: int) -> Mapping[str, Any]:
    return {
        "iat": now,
        "exp": now + LASTS_S,
        "jti": call.id,
        "txn": call.id,
        "sub": principal.owner or principal.id,
        "act": {"sub": principal.id, "name": principal.name, "kind": principal.kind.value},
        "scope": " ".join(principal.scopes.sure()),
        "team": principal.team,
        "environment": principal.environment.value,
    }
