"""Programs that make a client of their own (RFC 7591), for whoever was given the token for that.  Off by default.

Such a client never acts for itself: it has no rights but those that people lend it, and is never trusted.
"""

import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from tollbridge import Actor, BadRequest, Gateway, ScopeSet
from tollbridge.authorizing import AuthMethod, ClientRules, GrantType, IssuedClient
from tollbridge_oauth.answers import answer, refusal
from tollbridge_oauth.known import scopes_of
from tollbridge_oauth.refusals import OAuth2Error, Refused
from tollbridge_oauth.tokens import address_of

LARGEST = 32 * 1024
"""Bytes of a registration."""
REGISTERED = "dynamic"
"""By which way such a client came."""
GRANTS = (GrantType.AUTHORIZATION_CODE, GrantType.REFRESH_TOKEN, GrantType.DEVICE_CODE)


class Metadata(msgspec.Struct, frozen=True):
    """What a program says of itself (section 2); what is not known here is ignored, as that section has it."""

    redirect_uris: tuple[str, ...] = ()
    token_endpoint_auth_method: str = AuthMethod.BASIC.value
    grant_types: tuple[str, ...] = (GrantType.AUTHORIZATION_CODE.value,)
    response_types: tuple[str, ...] = ("code",)
    client_name: str = "a program that registered itself"
    client_uri: str = ""
    scope: str = ""
    jwks: Mapping[str, Any] | None = None
    jwks_uri: str = ""


class NotAllowed(Refused):
    """The token for registering was not shown."""

    error = "invalid_token"
    description = "show the token for registering clients, as a bearer token"
    status_code = 401

    def get_headers(self) -> list[tuple[str, str]]:
        """Give the headers, with the challenge that a 401 needs."""
        return [*super().get_headers(), ("WWW-Authenticate", 'Bearer realm="tollbridge"')]


class BadMetadata(Refused):
    """What the program says of itself cannot be used (section 3.2.2)."""

    error = "invalid_client_metadata"


class BadRedirect(Refused):
    """An address to send people back to cannot be used."""

    error = "invalid_redirect_uri"


class Registration:
    """Answers for it."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._options = gateway.config.oauth
        self._token = gateway.read_key(self._options.registration_token, "oauth.registration_token").encode("utf-8")

    async def __call__(self, request: Request) -> Response:
        """Make a client; its secret is in the answer, this once (section 3.2.1)."""
        try:
            self._check(request.headers.get("authorization", ""), address_of(request))
            said = await _read(request)
            made = await self._made(said, request)
        except OAuth2Error as exc:
            return refusal(exc)
        except BadRequest as exc:
            return refusal(_refused(exc))
        return answer(_told(made), 201)

    def _check(self, authorization: str, address: str) -> None:
        """Check the token for registering: the right one crosses, whatever wrong ones came from the same address."""
        throttle = self._gateway.throttle
        scheme, _, shown = authorization.partition(" ")
        token = shown.strip().encode("utf-8", "replace")
        if scheme.lower() == "bearer" and hmac.compare_digest(token, self._token):
            throttle.ask(address)
            return
        try:
            throttle.check(address, REGISTERED)
        finally:
            throttle.failed(address, REGISTERED)
        raise NotAllowed()

    async def _made(self, said: Metadata, request: Request) -> IssuedClient:
        grants = tuple(grant for grant in GRANTS if grant.value in said.grant_types)
        known = set(said.grant_types) <= {grant.value for grant in grants}
        if not known or set(said.response_types) != {"code"}:
            raise BadMetadata(f"grant_types are some of {' '.join(GRANTS)}, and response_types is code")
        if said.token_endpoint_auth_method not in list(AuthMethod):
            raise BadMetadata(f"token_endpoint_auth_method is one of {' '.join(AuthMethod)}")
        allowed = self._options.registration_scopes
        scopes: Sequence[str] = scopes_of(said.scope) if said.scope else allowed
        if not scopes or ScopeSet(allowed).lacking(scopes):
            raise BadMetadata("the scope reaches beyond what such clients may do at most")
        rules = ClientRules(
            auth_method=AuthMethod(said.token_endpoint_auth_method),
            grants=grants,
            redirect_uris=said.redirect_uris,
            keys=json.dumps(said.jwks) if said.jwks is not None else "",
            keys_url=said.jwks_uri,
            about_url=said.client_uri,
        )
        return await self._gateway.clients.add(
            rules,
            name=said.client_name,
            scopes=scopes,
            registered=REGISTERED,
            by=Actor("registration", "oauth", address_of(request)),
        )


async def _read(request: Request) -> Metadata:
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > LARGEST:
                raise BadMetadata("it is too long")
        return msgspec.json.decode(bytes(body), type=Metadata)
    except (msgspec.DecodeError, ClientDisconnect, UnicodeDecodeError, RecursionError):
        raise BadMetadata("it is no JSON object whose members are of the types of RFC 7591") from None


def _refused(exc: BadRequest) -> OAuth2Error:
    kind = BadRedirect if exc.param == "redirect_uris" else BadMetadata
    plain = "".join(char for char in exc.message if " " <= char <= "~" and char not in '"\\')
    return kind(plain)


def _told(made: IssuedClient) -> dict[str, Any]:
    client, rules = made.client, made.client.rules
    (secret,) = client.token.secrets or (None,)
    ends = 0 if secret is None or secret.expires_at is None else int(secret.expires_at.timestamp())
    told: dict[str, Any] = {
        "client_id": client.id,
        "client_id_issued_at": int(client.created_at.timestamp()),
        "client_name": client.token.name,
        "redirect_uris": rules.redirect_uris,
        "grant_types": [grant.value for grant in rules.grants],
        "response_types": ["code"],
        "token_endpoint_auth_method": rules.auth_method.value,
        "scope": " ".join(client.token.scopes),
    }
    more = {"client_uri": rules.about_url, "jwks_uri": rules.keys_url}
    told |= {name: value for name, value in more.items() if value}
    if made.secret:
        told |= {"client_secret": made.secret, "client_secret_expires_at": ends}
    if rules.keys:
        told["jwks"] = msgspec.Raw(rules.keys.encode("utf-8"))
    return told
