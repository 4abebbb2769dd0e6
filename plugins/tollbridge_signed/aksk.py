"""`[identity.aksk]`: an access key and a secret key, for callers that come from another gateway.

The way of Kong's plugin hmac-auth, of which APISIX and others have relatives (https://developer.konghq.com/plugins/
hmac-auth, read 2026-11): an HMAC over headers that the caller names. It is stricter here than there: what must be
signed is, the body too, and no request is taken twice.
"""

from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar

from tollbridge import Call, Gateway, Holder, IdentitySource, Unauthenticated
from tollbridge.credentials import CredentialKind, OpenedCredential
from tollbridge_signed.age import Ages, check_ages
from tollbridge_signed.hmacs import HmacSigned, Wrong, body_check, made_s, read_signed, verify
from tollbridge_signed.refusing import refused

_SCHEME = b"hmac"
_SAID = (
    'this request is not signed as it must be, or was sent before: send Authorization: hmac username="<access key>", '
    'algorithm="hmac-sha256", headers="date @request-target digest", signature="<base64>"; with x-date for date where '
    "that cannot be set, and with digest where there is a body"
)
_CHALLENGE = {"www-authenticate": 'hmac realm="tollbridge"'}


@dataclass(frozen=True, slots=True, kw_only=True)
class AkSk:
    """Knows who signed a request, by the access key.

    A signature is taken for `max_age_s` seconds from the request's date, and once; clocks may differ by `clock_skew_s`.
    """

    headers: ClassVar[tuple[bytes, ...]] = (b"authorization",)

    max_age_s: float = 300.0
    clock_skew_s: float = 30.0
    _open: list[tuple[Gateway, Ages]] = field(default_factory=list, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_ages(self.max_age_s, self.clock_skew_s)

    def open(self, gateway: Gateway) -> None:
        """Get ready to check."""
        self._open[:] = [(gateway, Ages(gateway, self.max_age_s, self.clock_skew_s))]

    def shows(self, call: Call) -> bool:
        """Whether there is a signature of this kind."""
        return (call.header(b"authorization") or b"").partition(b" ")[0].lower() == _SCHEME

    async def identify(self, call: Call) -> Holder | None:
        """Say who signed; None where nobody did in this way, `Unauthenticated` where it does not hold.

        Raises `Unavailable` where keys cannot be looked up.
        """
        if not self.shows(call):
            return None
        gateway, ages = self._open[0]
        try:
            signed = read_signed(call)
            opened = await _opened(gateway, ages, signed)
            verify(signed, opened)
        except Wrong as exc:
            raise _refused(str(exc)) from None
        call.body_check = body_check(signed, _refused)
        mine = opened.credential
        ends_s = None if mine.ends_at is None else mine.ends_at.timestamp()
        refusal = _refused("the token of the key is not live")
        return Holder(mine.token_id, ends_s, refusal, key=mine.id, confirm=partial(_confirm, ages, signed))


async def _opened(gateway: Gateway, ages: Ages, signed: HmacSigned) -> OpenedCredential:
    """Give the key of a signature that is neither too old nor too new; raises `Wrong`."""
    if wrong := ages.wrong(made_s(signed)):
        raise Wrong(f"it is {wrong}")
    opened = await gateway.credentials.open(signed.access_key)
    if opened is None or opened.credential.kind is not CredentialKind.AKSK:
        raise Wrong("there is no such access key")
    return opened


async def _confirm(ages: Ages, signed: HmacSigned) -> None:
    """Refuse a signature that was shown before."""
    if not await ages.is_first(made_s(signed), "aksk", signed.access_key, signed.signature.hex()):
        raise _refused("it was shown before")


def _refused(why: str) -> Unauthenticated:
    return refused(_SAID, f"a signature was refused: {why}", _CHALLENGE)


_: type[IdentitySource] = AkSk
