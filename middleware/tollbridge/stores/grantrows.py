"""Between grants and the rows of what is issued for them."""

from typing import Any

from sqlalchemy import Row

from tollbridge.grants.model import Code, Device, DeviceState, Lent, NewAccess, NewCode, NewDevice, NewRefresh, Refresh
from tollbridge.stores.rows import micros, moment
from tollbridge.stores.tokenrows import Values, optional_moment


def lent_values(lent: Lent) -> Values:
    """Give the columns of what an issue is about."""
    return {
        "client_id": lent.client_id,
        "grant_id": lent.grant_id,
        "scopes": " ".join(lent.scopes),
        "audience": lent.audience,
        "confirmed_at": None if lent.confirmed_at is None else micros(lent.confirmed_at),
    }


def lent_of(row: Row[Any]) -> Lent:
    """Read what an issue is about."""
    return Lent(
        client_id=row.client_id,
        grant_id=row.grant_id,
        scopes=tuple(row.scopes.split()),
        audience=row.audience,
        confirmed_at=optional_moment(row.confirmed_at),
    )


def code_values(new: NewCode) -> Values:
    """Give the columns of a code."""
    return {
        "digest": new.digest,
        **lent_values(new.lent),
        "redirect_uri": new.redirect_uri,
        "challenge": new.challenge,
        "ends_at": micros(new.ends_at),
    }


def code_of(row: Row[Any]) -> Code:
    """Read a code."""
    return Code(lent_of(row), row.redirect_uri, row.challenge)


def refresh_values(new: NewRefresh) -> Values:
    """Give the columns of a refresh token."""
    return {
        "id": new.id,
        "digest": new.digest,
        "pepper_id": new.pepper_id,
        **lent_values(new.lent),
        "made_at": micros(new.made_at),
        "ends_at": micros(new.ends_at),
        "content": b"",
    }


def refresh_of(row: Row[Any]) -> Refresh:
    """Read a refresh token."""
    used_at = optional_moment(row.used_at)
    return Refresh(row.id, lent_of(row), moment(row.ends_at), used_at, bytes(row.content))


def access_values(new: NewAccess) -> Values:
    """Give the columns of an access token, a row of `secret`."""
    return {
        "digest": new.digest,
        "token_id": new.holder,
        "pepper_id": new.pepper_id,
        "created_at": micros(new.made_at),
        "expires_at": micros(new.ends_at),
        "hint": "",
        "use": new.use.value,
        "scopes": " ".join(new.scopes),
    }


def device_values(new: NewDevice) -> Values:
    """Give the columns of what a device asks for."""
    lent = Lent(client_id=new.client_id, grant_id="", scopes=new.scopes)
    return {
        "digest": new.digest,
        "user_code": new.user_code,
        **lent_values(lent),
        "state": DeviceState.PENDING.value,
        "interval_s": new.interval_s,
        "ends_at": micros(new.ends_at),
    }


def device_of(row: Row[Any], *, too_fast: bool = False) -> Device:
    """Read what a device asked for."""
    state = DeviceState(row.state)
    return Device(row.user_code, lent_of(row), state, row.interval_s, moment(row.ends_at), too_fast)
