"""`[identity.basic]`: the id of a token or a client and its secret, as Basic has it (RFC 7617)."""

import base64
import re
from dataclasses import dataclass, field
from typing import ClassVar

from tollbridge import Call, Gateway, Holder, IdentitySource, Unauthenticated
from tollbridge.authorizing import GrantType, SecretUse
from tollbridge.credentials import ShownSecret
from tollbridge_signed.refusing import refused

_SCHEME = b"basic"
_SAID = "this is no id and secret of a token or a client; send them as 'Authorization: Basic base64(id:secret)'"
_CHALLENGE = {"www-authenticate": 'Basic realm="tollbridge", charset="UTF-8"'}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_LONGEST = 1024


@dataclass(frozen=True, slots=True)
class Basic:
    """Knows tokens by their ids and secrets, and those clients that may act for themselves (`client_credentials`)."""

    headers: ClassVar[tuple[bytes, ...]] = (b"authorization",)

    _open: list[Gateway] = field(default_factory=list, init=False, repr=False, compare=False)

    def open(self, gateway: Gateway) -> None:
        """Get ready to check."""
        self._open[:] = [gateway]

    def shows(self, call: Call) -> bool:
        """Whether there are an id and a secret."""
        return (call.header(b"authorization") or b"").partition(b" ")[0].lower() == _SCHEME

    async def identify(self, call: Call) -> Holder | None:
        """Say who calls; None where no Basic is shown, `Unauthenticated` for what is no id and its secret."""
        if not self.shows(call):
            return None
        pair = read_pair((call.header(b"authorization") or b"").partition(b" ")[2].strip())
        found = None if pair is None else await self._open[0].credentials.prove(*pair)
        if pair is None or found is None or not await self._acts_for_itself(pair[0], found):
            raise _refused()
        ends_s = None if found.ends_at is None else found.ends_at.timestamp()
        return Holder(pair[0], ends_s, _refused(), secret_made_us=found.made_us)

    async def _acts_for_itself(self, id: str, found: ShownSecret) -> bool:
        if found.use is not SecretUse.CLIENT:
            return True
        client = await self._open[0].clients.get(id)
        return client is not None and GrantType.CLIENT_CREDENTIALS in client.rules.grants


def read_pair(shown: bytes) -> tuple[str, str] | None:
    """Give the id and the secret, None for what is none: the first colon parts them (RFC 7617 section 2)."""
    if len(shown) > _LONGEST:
        return None
    try:
        text = base64.b64decode(shown, validate=True).decode("utf-8")
    except ValueError:
        return None
    id, colon, secret = text.partition(":")
    return (id, secret) if colon and not _CONTROL.search(text) else None


def _refused() -> Unauthenticated:
    return refused(_SAID, "an id and a secret were refused", _CHALLENGE)


_: type[IdentitySource] = Basic
