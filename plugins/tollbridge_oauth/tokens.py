"""The token endpoint (RFC 6749 section 3.2): one request, one transaction.

Whatever is refused leaves nothing behind, but for what must not depend on it: an assertion that was shown cannot be
shown again, a grant whose code or refresh token was used twice ends, and what `_PREPARE` names is done.
"""

from collections.abc import Awaitable, Callable, Mapping

import structlog
from starlette.requests import Request
from starlette.responses import Response

from tollbridge import Gateway, Unavailable
from tollbridge.authorizing import GrantType
from tollbridge_oauth import devices, exchange
from tollbridge_oauth.answers import answer, refusal
from tollbridge_oauth.asking import Asked
from tollbridge_oauth.authentication import Authentication
from tollbridge_oauth.forms import names_another, read_form
from tollbridge_oauth.minting import Mint
from tollbridge_oauth.refusals import InvalidTarget, OAuth2Error, UnknownGrant
from tollbridge_oauth.server import Raw, Server

log = structlog.get_logger("tollbridge")

_PREPARE: Mapping[str, Callable[[Asked, str], Awaitable[None]]] = {
    GrantType.DEVICE_CODE: devices.poll,
    GrantType.TOKEN_EXCHANGE: exchange.prepare,
}
"""What is done before the transaction: it writes by itself, or waits for others."""
_GRANTS = frozenset(grant.value for grant in GrantType)


class TokenEndpoint:
    """Answers for tokens."""

    def __init__(self, gateway: Gateway, authentication: Authentication, mint: Mint) -> None:
        self._gateway = gateway
        self._authentication = authentication
        self._mint = mint

    async def __call__(self, request: Request) -> Response:
        """Answer one request; raises `GatewayError` where the gateway cannot."""
        try:
            asked = await self._asked(request)
            prepare = _PREPARE.get(asked.form["grant_type"])
            if prepare is not None:
                await prepare(asked, self._mint.issuer)
        except OAuth2Error as exc:
            return refusal(exc)
        status, body, headers = await self._answered(asked)
        shown = {name: value for name, value in headers if name.lower() == "www-authenticate"}
        return answer(body, status, shown)

    async def _asked(self, request: Request) -> Asked:
        form, address = await read_form(request), address_of(request)
        if form.get("grant_type") not in _GRANTS:
            raise UnknownGrant()
        if form["grant_type"] != GrantType.TOKEN_EXCHANGE and names_another(form, self._mint.issuer):
            raise InvalidTarget()
        known = await self._authentication.client(request.headers.get("authorization"), form, address)
        return Asked(form, known, self._gateway, address=address)

    async def _answered(self, asked: Asked) -> Raw:
        gateway, server = self._gateway, Server(asked.known, self._mint)
        if gateway.issuing is None:
            raise Unavailable("the authorization server is switched off")
        asked.key = await gateway.issuing.current()
        try:
            async with gateway.grants.transaction() as granting:
                asked.granting = granting
                raw: Raw = await granting.run(lambda: server.create_token_response(asked))
                if raw[0] >= 400:
                    raise _Refused(raw)
        except _Refused as exc:
            raw = exc.raw
        if asked.reused:
            log.warning("grant_reused", client_id=asked.known.id, grant_id=asked.reused)
            await gateway.grants.end(asked.reused)
        elif raw[0] == 200:
            self._note(asked)
        return raw

    def _note(self, asked: Asked) -> None:
        client, grant = asked.known.id, asked.form["grant_type"].rpartition(":")[2]
        grant_id = asked.lent.grant_id if asked.lent is not None else ""
        self._gateway.store.touch(client, self._gateway.clock.now(), asked.address, f"oauth:{grant}")
        log.info("access_token_issued", client_id=client, grant_id=grant_id, grant=grant)


class _Refused(Exception):
    """Undoes the transaction."""

    def __init__(self, raw: Raw) -> None:
        super().__init__("refused")
        self.raw = raw


def address_of(request: Request) -> str:
    """Give the address a request came from."""
    return request.client.host if request.client is not None else ""
