"""Token exchange (RFC 8693): a client that was shown a token of ours gets one of its own for the same subject.

What it gets is bound by the token that was shown and by the client itself, now and later: it hangs on a grant below
both, ends with either, and at the latest when the token that was shown does. Nobody has to have named the client in
`may_act` (section 4.4): whoever lets a client have this grant says that it may act for those who show it their tokens.
A client of a team does so for that team's tokens alone.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from authlib.oauth2.rfc6749 import BaseGrant, TokenEndpointMixin

from tollbridge import Actor, GatewayError, Principal, ScopeSet
from tollbridge.authorizing import Consent, GrantType, Issued, Lent, SecretUse, check_depth
from tollbridge.jose import TokenRefused, read_compact
from tollbridge_oauth.asking import Answer, Asked, Exchanged
from tollbridge_oauth.grants import Issuing
from tollbridge_oauth.known import KnownClient, scopes_of
from tollbridge_oauth.minting import subject_of
from tollbridge_oauth.refusals import (
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
    InvalidTarget,
    UnauthorizedClientError,
)

ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
_JWT = "urn:ietf:params:oauth:token-type:jwt"


class TokenExchange(Issuing, BaseGrant, TokenEndpointMixin):  # type: ignore[misc]  # Authlib has no types
    """The grant; `prepare` has found what is exchanged."""

    GRANT_TYPE = GrantType.TOKEN_EXCHANGE

    def validate_token_request(self) -> None:
        """Find the grant that what is issued hangs on; raises `InvalidGrantError` where it ended meanwhile."""
        asked = self.request
        asked.client = self.authenticate_token_endpoint_client()
        exchanged = asked.exchanged
        asked.user = None if exchanged is None else asked.find_holder(exchanged.lent.grant_id)
        if exchanged is None or asked.user is None:
            raise InvalidGrantError()
        asked.lent = exchanged.lent

    def create_token_response(self) -> tuple[int, Answer, Any]:
        """Answer with the token, and say of which kind it is (section 2.2.1)."""
        exchanged = self._exchanged()
        answer = self.generate_token(user=self.request.user, scope=" ".join(exchanged.lent.scopes))
        answer["issued_token_type"] = ACCESS_TOKEN
        return 200, answer, self.TOKEN_RESPONSE_HEADER

    def _exchanged(self) -> Exchanged:
        if self.request.exchanged is None:
            raise InvalidGrantError()
        return self.request.exchanged

    def _most_s(self, client: KnownClient) -> int:
        ends_at = self._exchanged().issued.ends_at
        if ends_at is None:
            return client.client.rules.access_s
        left = ends_at - self.request.gateway.clock.now()
        return max(0, min(client.client.rules.access_s, int(left.total_seconds())))

    def _acting(self, client: KnownClient) -> Mapping[str, Any]:
        before = self._exchanged().acting
        return {"sub": client.id, **({"act": before} if before else {})}


async def prepare(asked: Asked, issuer: str) -> None:
    """Find what is exchanged, and the grant for it; raises an `OAuth2Error`."""
    client, form = asked.known, asked.form
    if not client.check_grant_type(GrantType.TOKEN_EXCHANGE):
        raise UnauthorizedClientError("this client exchanges no tokens")
    _check_kinds(form)
    shown = form.get("subject_token", "").encode("utf-8", "replace")
    issued = await asked.gateway.grants.about(shown)
    claims = claims_of(shown)
    if issued is None or not _may_use(client, issued, claims) or not _opens(asked, issued.principal):
        raise InvalidRequestError("the subject_token is no token that this client may exchange")
    scopes = scopes_of(form.get("scope"))
    if not scopes or ScopeSet(issued.scopes).lacking(scopes) or client.holder.scopes.lacking(scopes):
        raise InvalidScopeError()
    audience = _audience(asked, issuer)
    lent = Lent(
        client_id=client.id,
        grant_id=await _grant(asked, issued.principal, tuple(scopes)),
        scopes=tuple(scopes),
        audience=audience,
        confirmed_at=_moment(claims.get("auth_time")),
    )
    acting = claims.get("act")
    asked.exchanged = Exchanged(issued, lent, acting if isinstance(acting, dict) else {})


def claims_of(token: bytes) -> Mapping[str, Any]:
    """Read the claims of an access token of ours, which was found by its digest; none of an API token."""
    try:
        return read_compact(token).claims
    except TokenRefused:
        return {}


def _check_kinds(form: Mapping[str, str]) -> None:
    if form.get("subject_token_type") not in (ACCESS_TOKEN, _JWT):
        raise InvalidRequestError(f"the subject_token_type must be {ACCESS_TOKEN}")
    if form.get("requested_token_type", ACCESS_TOKEN) not in (ACCESS_TOKEN, _JWT):
        raise InvalidRequestError("only access tokens are issued")
    if "actor_token" in form or "actor_token_type" in form:
        raise InvalidRequestError("the client itself is the actor; send no actor_token")


def _may_use(client: KnownClient, issued: Issued, claims: Mapping[str, Any]) -> bool:
    """Whether a client may act by a token: one for another service only where it is that service."""
    its_team = not client.holder.team or client.holder.team == issued.principal.team
    for_it = issued.use is not SecretUse.ELSEWHERE or claims.get("aud") == client.id
    return its_team and for_it


def _opens(asked: Asked, holder: Principal) -> bool:
    """Whether a token opens from where and when it is shown; what is made for another service is not asked again."""
    now = asked.gateway.clock.now()
    return all(conditions.refusal(asked.address, now) is None for conditions in holder.conditions)


def _audience(asked: Asked, issuer: str) -> str:
    """Give whom the token is to be for, empty for this gateway; raises `InvalidTarget`."""
    named = [asked.form[name] for name in ("audience", "resource") if name in asked.form]
    wanted = [name for name in named if name not in (issuer, f"{issuer}/")]
    if len(named) > 1 or not set(wanted) <= set(asked.gateway.config.oauth.audiences):
        raise InvalidTarget()
    return wanted[0] if wanted else ""


async def _grant(asked: Asked, holder: Principal, scopes: tuple[str, ...]) -> str:
    client = asked.known
    consent = Consent(
        holder=holder.id,
        client_id=client.id,
        scopes=scopes,
        owner=subject_of(holder),
        team=holder.team,
        name=client.client.token.name,
    )
    try:
        check_depth(holder)
        return await asked.gateway.grants.agree(consent, by=Actor(client.id, "oauth", asked.address))
    except GatewayError as exc:
        if exc.status >= 500:
            raise
        raise InvalidRequestError("nothing can be lent below this token any more") from exc


def _moment(seconds: object) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if type(seconds) is int else None
