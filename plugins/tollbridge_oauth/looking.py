"""Introspection (RFC 7662) and revocation (RFC 7009), for clients that hold a token of ours or serve behind us."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from tollbridge import Actor, Gateway
from tollbridge.authorizing import Issued, SecretUse
from tollbridge_oauth.answers import answer, refusal
from tollbridge_oauth.authentication import Authentication
from tollbridge_oauth.exchange import claims_of
from tollbridge_oauth.forms import Form, read_form
from tollbridge_oauth.known import KnownClient
from tollbridge_oauth.minting import subject_of
from tollbridge_oauth.refusals import InvalidGrantError, InvalidRequestError, OAuth2Error
from tollbridge_oauth.tokens import address_of

READ = "admin:tokens:read"
"""The scope of clients that may look at any token, of a team's clients at any of that team."""
_INACTIVE: Mapping[str, Any] = {"active": False}
_TOLD = ("client_id", "jti", "aud", "act", "auth_time")


class Looking:
    """Answers for both."""

    def __init__(self, gateway: Gateway, authentication: Authentication, issuer: str) -> None:
        self._gateway = gateway
        self._authentication = authentication
        self._issuer = issuer

    async def introspect(self, request: Request) -> Response:
        """Say what a token is worth; one that the client may not ask about is like one that is not there."""
        try:
            client, form = await self._client(request)
        except OAuth2Error as exc:
            return refusal(exc)
        token = form["token"].encode("utf-8", "replace")
        issued = None if client.is_public else await self._gateway.grants.about(token)
        if issued is not None:
            return answer(self._about(client, issued, claims_of(token)))
        return answer(_INACTIVE if client.is_public else await self._about_refresh(client, token))

    async def revoke(self, request: Request) -> Response:
        """End an access token, or with a refresh token the whole grant, at once.  Unknown ones have ended already."""
        try:
            client, form = await self._client(request)
            await self._end(client, form["token"].encode("utf-8", "replace"), address_of(request))
        except OAuth2Error as exc:
            return refusal(exc)
        return answer({})

    async def _client(self, request: Request) -> tuple[KnownClient, Form]:
        form = await read_form(request)
        client = await self._authentication.client(request.headers.get("authorization"), form, address_of(request))
        if "token" not in form:
            raise InvalidRequestError("send the token")
        return client, form

    async def _end(self, client: KnownClient, token: bytes, address: str) -> None:
        grants = self._gateway.grants
        issued = await grants.about(token)
        if issued is not None:
            if claims_of(token).get("client_id") != client.id:
                raise InvalidGrantError("this token was not issued to this client")
            await grants.drop_access(token)
            return
        found = await grants.about_refresh(token)
        if found is not None:
            refresh, grant = found
            if refresh.lent.client_id != client.id:
                raise InvalidGrantError("this token was not issued to this client")
            await grants.end(grant.id, by=Actor(client.id, "oauth", address))

    def _about(self, client: KnownClient, issued: Issued, claims: Mapping[str, Any]) -> Mapping[str, Any]:
        principal = issued.principal
        named = client.id in (claims.get("client_id"), claims.get("aud"))
        if not named and not _may_look(client, principal.team):
            return _INACTIVE
        told = {name: claims[name] for name in _TOLD if name in claims}
        if issued.use is SecretUse.BEARER:
            told = {"aud": self._issuer, "jti": principal.id}
        return {
            "active": True,
            "token_type": "Bearer",
            "scope": " ".join(issued.scopes),
            "iss": self._issuer,
            "sub": subject_of(principal),
            "iat": _seconds(issued.made_at),
            **({} if issued.ends_at is None else {"exp": _seconds(issued.ends_at)}),
            **({"team": principal.team} if principal.team else {}),
            **told,
        }

    async def _about_refresh(self, client: KnownClient, token: bytes) -> Mapping[str, Any]:
        found = await self._gateway.grants.about_refresh(token)
        if found is None:
            return _INACTIVE
        refresh, grant = found
        if refresh.lent.client_id != client.id and not _may_look(client, grant.team):
            return _INACTIVE
        return {
            "active": True,
            "scope": " ".join(refresh.lent.scopes),
            "client_id": refresh.lent.client_id,
            "iss": self._issuer,
            "sub": subject_of(grant),
            "exp": _seconds(refresh.ends_at),
        }


def _may_look(client: KnownClient, team: str) -> bool:
    return READ in client.holder.scopes and client.holder.team in ("", team)


def _seconds(at: datetime) -> int:
    return int(at.timestamp())
