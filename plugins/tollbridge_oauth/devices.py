"""Devices without a browser: what they ask for, and asking whether somebody agreed (RFC 8628 section 3)."""

from authlib.oauth2.rfc8628 import AuthorizationPendingError, SlowDownError
from authlib.oauth2.rfc8628.errors import ExpiredTokenError

from tollbridge import Gateway
from tollbridge.authorizing import INTERVAL_S, DeviceState, GrantType
from tollbridge_oauth.addresses import Addresses
from tollbridge_oauth.asking import Asked
from tollbridge_oauth.known import KnownClient
from tollbridge_oauth.refusals import (
    AccessDeniedError,
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
    UnauthorizedClientError,
)

_HALF = 4


async def begin(gateway: Gateway, addresses: Addresses, client: KnownClient, scope: str | None) -> dict[str, object]:
    """Keep what a device asks for, and give what it tells its person (section 3.2); raises an `OAuth2Error`."""
    if not client.check_grant_type(GrantType.DEVICE_CODE):
        raise UnauthorizedClientError("this client has no device code's grant")
    allowed = client.get_allowed_scope(scope)
    if allowed is None:
        raise InvalidScopeError()
    lasts_s = gateway.config.oauth.device_s
    code, user_code = await gateway.grants.ask_for_device(client.id, tuple(allowed.split()), lasts_s)
    page, shown = addresses.endpoint("device"), f"{user_code[:_HALF]}-{user_code[_HALF:]}"
    return {
        "device_code": code,
        "user_code": shown,
        "verification_uri": page,
        "verification_uri_complete": f"{page}?user_code={shown}",
        "expires_in": lasts_s,
        "interval": INTERVAL_S,
    }


async def poll(asked: Asked, issuer: str) -> None:
    """Note that a device asked, and refuse unless somebody agreed (section 3.5)."""
    client, code = asked.known, asked.form.get("device_code")
    if not client.check_grant_type(GrantType.DEVICE_CODE):
        raise UnauthorizedClientError("this client has no device code's grant")
    if code is None:
        raise InvalidRequestError("send the device_code")
    device = await asked.gateway.grants.poll_device(code, client.id)
    if device is None:
        raise InvalidGrantError()
    if device.ends_at <= asked.gateway.clock.now():
        raise ExpiredTokenError()
    if device.state is DeviceState.DENIED:
        raise AccessDeniedError()
    if device.state is DeviceState.PENDING:
        raise SlowDownError() if device.too_fast else AuthorizationPendingError()
