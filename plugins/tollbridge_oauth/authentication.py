"""Which client asks: found and proved before anything is done for it (RFC 6749 section 2.3).

This is not Authlib's: keys may have to be fetched, which nobody waits for inside a transaction, and whatever a header
holds must be refused rather than raise.
"""

import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote_plus

import structlog

from tollbridge import Gateway
from tollbridge.authorizing import AuthMethod, Client
from tollbridge.jose import TokenRefused, read_compact
from tollbridge_oauth.assertions import ASSERTION, Assertions
from tollbridge_oauth.forms import Form
from tollbridge_oauth.known import KnownClient
from tollbridge_oauth.refusals import BadClient, InvalidRequestError, UnauthorizedClientError

log = structlog.get_logger("tollbridge")


@dataclass(frozen=True, slots=True)
class Shown:
    """What a request shows of its client, none of it checked."""

    client_id: str
    method: AuthMethod
    secret: str = field(default="", repr=False)


class Authentication:
    """Finds and proves clients."""

    def __init__(self, gateway: Gateway, issuer: str) -> None:
        self._gateway = gateway
        self._assertions = Assertions(gateway, issuer)
        self._faults: Mapping[AuthMethod, Callable[[Client, str], Awaitable[str]]] = {
            AuthMethod.BASIC: self._fault_of_secret,
            AuthMethod.POST: self._fault_of_secret,
            AuthMethod.PRIVATE_KEY: self._fault_of_assertion,
            AuthMethod.NONE: self._no_fault,
        }

    async def client(self, authorization: str | None, form: Form, address: str) -> KnownClient:
        """Give the client of a request that came from an address; raises an `OAuth2Error`.

        Raises `Throttled` where too many wrong ones came from there. Who asks is not told what is wrong; the log is.
        """
        shown = shown_by(authorization, form)
        client = await self._gateway.clients.get(shown.client_id)
        fault = "unknown" if client is None else await self._fault(client, shown)
        if client is None or fault:
            self._count_bad(address, shown.client_id)
            if client is not None:
                log.warning("client_not_proved", client_id=client.id, method=shown.method.value, reason=fault)
            raise BadClient()
        return await self._on(client, address)

    async def _fault(self, client: Client, shown: Shown) -> str:
        if client.rules.auth_method is not shown.method:
            return "not_its_way"
        return await self._faults[shown.method](client, shown.secret)

    def _count_bad(self, address: str, client_id: str) -> None:
        """Count a wrong proof; raises `Throttled` where too many came before.

        The right one crosses all the same: a `client_id` is no secret, and behind a proxy all have one address.
        """
        try:
            self._gateway.throttle.check(address, client_id)
        finally:
            self._gateway.throttle.failed(address, client_id)

    async def find(self, client_id: str, address: str) -> KnownClient | None:
        """Give a client that is on, for a page that its program sent somebody to; raises an `OAuth2Error`."""
        client = await self._gateway.clients.get(client_id)
        return None if client is None else await self._on(client, address, checked=False)

    async def _on(self, client: Client, address: str, *, checked: bool = True) -> KnownClient:
        holder = await self._gateway.store.find_holder(client.id)
        if holder is None:
            raise BadClient()
        for conditions in holder.conditions if checked else ():
            if conditions.refusal(address, self._gateway.clock.now()) is not None:
                raise UnauthorizedClientError("this client may not be used from this address, or at this time")
        return KnownClient(client, holder)

    async def _fault_of_secret(self, client: Client, secret: str) -> str:
        return "" if await self._gateway.credentials.prove(client.id, secret) is not None else "wrong_secret"

    async def _fault_of_assertion(self, client: Client, assertion: str) -> str:
        return await self._assertions.fault(client, assertion.encode("utf-8", "replace"))

    async def _no_fault(self, client: Client, secret: str) -> str:
        return ""


def shown_by(authorization: str | None, form: Form) -> Shown:
    """Say how a request shows its client; raises `BadClient`, or `InvalidRequestError` for more than one way."""
    ways = {
        AuthMethod.BASIC: authorization is not None,
        AuthMethod.POST: "client_secret" in form,
        AuthMethod.PRIVATE_KEY: "client_assertion" in form or "client_assertion_type" in form,
    }
    used = [method for method, is_used in ways.items() if is_used]
    if len(used) > 1:
        raise InvalidRequestError("the client shows who it is in more than one way")
    method = used[0] if used else AuthMethod.NONE
    shown = _READ[method](authorization or "", form)
    named = form.get("client_id", shown.client_id)
    if not shown.client_id or named != shown.client_id:
        raise BadClient()
    return shown


def _basic(authorization: str, form: Form) -> Shown:
    """Read the header; both parts are form-encoded in it (RFC 6749 section 2.3.1)."""
    scheme, _, pair = authorization.partition(" ")
    try:
        text = base64.b64decode(pair.strip().encode("ascii"), validate=True).decode("utf-8")
        client_id, colon, secret = text.partition(":")
        parts = [unquote_plus(part, errors="strict") for part in (client_id, secret)]
    except (binascii.Error, ValueError):
        raise BadClient() from None
    if scheme.lower() != "basic" or not colon:
        raise BadClient()
    return Shown(parts[0], AuthMethod.BASIC, parts[1])


def _post(authorization: str, form: Form) -> Shown:
    return Shown(form.get("client_id", ""), AuthMethod.POST, form["client_secret"])


def _signed(authorization: str, form: Form) -> Shown:
    """Read the assertion; who it says it is from is looked up, and checked with that client's keys."""
    assertion = form.get("client_assertion", "")
    if form.get("client_assertion_type") != ASSERTION:
        raise BadClient()
    try:
        subject = read_compact(assertion.encode("utf-8", "replace")).claims.get("sub")
    except TokenRefused:
        raise BadClient() from None
    return Shown(subject if isinstance(subject, str) else "", AuthMethod.PRIVATE_KEY, assertion)


def _nothing(authorization: str, form: Form) -> Shown:
    return Shown(form.get("client_id", ""), AuthMethod.NONE)


_READ: Mapping[AuthMethod, Callable[[str, Form], Shown]] = {
    AuthMethod.BASIC: _basic,
    AuthMethod.POST: _post,
    AuthMethod.PRIVATE_KEY: _signed,
    AuthMethod.NONE: _nothing,
}
