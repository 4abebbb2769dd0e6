"""OpenID providers: asking one who somebody is, and checking its answer (OpenID Connect Core 1.0, section 3.1).

Authlib's client writes the requests. The ID token is verified by the rules that all JWTs are verified by here.
"""

import hmac
import math
from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client

from tollbridge import Clock, Gateway
from tollbridge.jose import Issuer, IssuerKeys, TokenRefused, Verifier, strict_object
from tollbridge.sessions import OidcConfig
from tollbridge_signin.attempts import Attempt
from tollbridge_signin.identities import Identity, claim, identity
from tollbridge_signin.metadata import KEEP_S, Discovery, Metadata
from tollbridge_signin.refusals import SignInRefused, Why
from tollbridge_signin.web import GuardedTransport, Transport, away

LEEWAY_S = 30.0
"""How far the provider's clock may differ from ours."""


def secret_of(name: str, options: OidcConfig, gateway: Gateway) -> str:
    """Give the secret of a provider, empty for a public client; raises `ConfigError` where it is not there."""
    where = f"signin.oidc.{name}.client_secret"
    return gateway.read_key(options.client_secret, where) if options.client_secret else ""


class OpenIdProvider:
    """One of `[signin.oidc]`; nothing is asked before somebody signs in with it.

    `secret` is empty for a public client.
    """

    def __init__(self, name: str, options: OidcConfig, transport: Transport, clock: Clock, *, secret: str) -> None:
        self.name = name
        self.title = options.title or name
        self.options = options
        self._clock = clock
        self._secret = secret
        self._transport = GuardedTransport(transport, allow_private=options.allow_private)
        self._discovery = Discovery(options.issuer, self._get, clock, allow_private=options.allow_private)
        self._keys: dict[str, IssuerKeys] = {}

    @classmethod
    def of(cls, name: str, options: OidcConfig, gateway: Gateway) -> "OpenIdProvider":
        """Make one for a gateway; raises `ConfigError` where its secret is not there."""
        made = cls(name, options, gateway.transport, gateway.clock, secret=secret_of(name, options, gateway))
        gateway.when_stopping(made.close)
        return made

    async def close(self) -> None:
        """End a fetch of its keys that is under way."""
        for keys in self._keys.values():
            await keys.close()

    async def address(self, attempt: Attempt, redirect_uri: str) -> str:
        """Give the address that somebody goes to; raises `Unavailable`.

        Who proves again who they are does so anew (`max_age`, section 3.1.2.1).
        """
        metadata = await self._discovery.metadata()
        again = {"prompt": "login", "max_age": "0"} if attempt.person_id else {}
        async with self._client(metadata) as client:
            url, _ = client.create_authorization_url(
                metadata.authorization_endpoint,
                state=attempt.state,
                code_verifier=attempt.verifier,
                nonce=attempt.nonce,
                redirect_uri=redirect_uri,
                scope=" ".join(self.options.scopes),
                **again,
            )
        return str(url)

    async def check_sender(self, said: str | None) -> None:
        """Check who an answer says it is from (RFC 9207, section 2.4); raises `SignInRefused`."""
        required = (await self._discovery.metadata()).names_itself
        if said != self.options.issuer and (said is not None or required):
            raise SignInRefused(Why.ANSWER, "the answer is another issuer's")

    async def identify(self, attempt: Attempt, code: str, redirect_uri: str) -> Identity:
        """Find who somebody is by a code; raises `SignInRefused`, and `Unavailable` where nobody says."""
        metadata = await self._discovery.metadata()
        async with self._client(metadata) as client:
            try:
                answer = await client.fetch_token(
                    metadata.token_endpoint,
                    grant_type="authorization_code",
                    code=code,
                    redirect_uri=redirect_uri,
                    code_verifier=attempt.verifier,
                )
            except OAuthError as exc:
                raise SignInRefused(Why.ANSWER, "the code was not taken") from exc
            except (httpx2.HTTPError, ValueError) as exc:
                raise away(self.name, f"its token endpoint failed: {type(exc).__name__}") from None
        claims = await self._verified(metadata, answer.get("id_token"), attempt)
        return self._read(await self._completed(metadata, claims, answer.get("access_token")))

    def _client(self, metadata: Metadata) -> AsyncOAuth2Client:
        client = AsyncOAuth2Client(
            client_id=self.options.client_id,
            client_secret=self._secret or None,
            token_endpoint_auth_method=metadata.auth_method if self._secret else "none",
            code_challenge_method="S256",
            transport=self._transport,
        )
        client.register_client_auth_method(("client_secret_basic", _basic))
        return client

    async def _verified(self, metadata: Metadata, token: object, attempt: Attempt) -> Mapping[str, Any]:
        """Verify an ID token (section 3.1.3.7)."""
        options, keys = self.options, self._keys.get(metadata.jwks_uri)
        if keys is None:
            # Nothing is fetched beside sign-ins: a key that has got old is waited for.
            keys = IssuerKeys(
                options.issuer,
                self._get,
                self._clock,
                url=metadata.jwks_uri,
                refresh_s=math.inf,
                max_age_s=KEEP_S,
            )
            self._keys = {metadata.jwks_uri: keys}
        rules = Issuer(options.issuer, options.client_id, metadata.algorithms, typ="", leeway_s=LEEWAY_S)
        if not isinstance(token, str) or not token.isascii():
            raise SignInRefused(Why.ANSWER, "there is no ID token")
        try:
            claims = await Verifier(rules, keys, self._clock).verify(token.encode("ascii"))
        except TokenRefused as exc:
            raise SignInRefused(Why.ANSWER, f"the ID token was refused: {exc.reason}") from None
        if wrong := _wrong(claims, attempt, options.client_id):
            raise SignInRefused(Why.ANSWER, f"the ID token was refused: {wrong}")
        return claims

    async def _completed(self, metadata: Metadata, claims: Mapping[str, Any], access: object) -> Mapping[str, Any]:
        """Add what the provider tells only at another place (section 5.3)."""
        options = self.options
        wanted = filter(None, (options.email_claim, options.name_claim, options.groups_claim))
        complete = all(claim(claims, name) is not None for name in wanted)
        if complete or not metadata.userinfo_endpoint or not isinstance(access, str):
            return claims
        body = await self._get(metadata.userinfo_endpoint, f"Bearer {access}")
        try:
            more = strict_object(body)
        except ValueError as exc:
            raise SignInRefused(Why.ANSWER, f"its userinfo cannot be read: {exc}") from None
        if more.get("sub") != claims["sub"]:  # section 5.3.2: else one token could be told as another's
            raise SignInRefused(Why.ANSWER, "its userinfo is somebody else's")
        return {**more, **claims}

    def _read(self, claims: Mapping[str, Any]) -> Identity:
        options = self.options
        named = {"email": options.email_claim, "name": options.name_claim, "groups": options.groups_claim}
        return identity(claims, **named, trusting=options.trust_email)

    async def _get(self, url: str, authorization: str = "") -> bytes:
        """Get a document; raises `Unavailable` for any answer but 200."""
        shown = {"authorization": authorization} if authorization else {}
        async with httpx2.AsyncClient(transport=self._transport) as client:
            answer = await client.get(url, headers={"accept": "application/json", **shown})
        if answer.status_code != 200:
            raise away(self.name, f"it answered {answer.status_code}")
        return answer.content


def _wrong(claims: Mapping[str, Any], attempt: Attempt, client_id: str) -> str:
    """Say what of a verified ID token does not fit; empty where all does."""
    nonce, aud, proved = claims.get("nonce"), claims.get("aud"), claims.get("auth_time")
    alone = isinstance(aud, str) or aud == [client_id]
    fresh = type(proved) is int and proved >= attempt.begun - LEEWAY_S
    checks = {
        "wrong_nonce": isinstance(nonce, str) and hmac.compare_digest(nonce.encode(), attempt.nonce.encode()),
        "wrong_party": claims.get("azp", client_id if alone else None) == client_id,
        "not_proved_anew": fresh or not attempt.person_id,
    }
    return next((name for name, holds in checks.items() if not holds), "")


def _basic(client: Any, method: str, uri: str, headers: dict[str, str], body: str) -> tuple[str, dict[str, str], str]:
    """Show the client in a header, both parts form-encoded first (RFC 6749, section 2.3.1), as Authlib does not."""
    pair = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"
    headers["Authorization"] = f"Basic {b64encode(pair.encode('ascii')).decode('ascii')}"
    return uri, headers, body
