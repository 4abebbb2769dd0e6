"""What a sign-in with a provider needs to remember until the browser comes back: a sealed cookie, good for once.

It binds the answer to the browser that asked (RFC 9700, section 4.7), and to the provider that was asked (4.4).
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from datetime import UTC, datetime, timedelta

import msgspec

from tollbridge import Clock
from tollbridge.administering import Box, Place

COOKIE = "tollbridge_attempt"
LIFE_S = 600
_PLACE = Place("sign-in attempt")
_BYTES = 32


class Attempt(msgspec.Struct, frozen=True):
    """One sign-in that was begun with a provider.

    `person_id` is who has to come back, where somebody proves who they are again; `begun` is in seconds since the
    epoch.
    """

    provider: str
    state: str
    nonce: str
    verifier: str
    back: str
    begun: int
    person_id: str = ""

    def __repr__(self) -> str:
        return f"Attempt({self.provider})"

    def matches(self, provider: str, state: str) -> bool:
        """Whether this is what a provider answers to."""
        return self.provider == provider and hmac.compare_digest(self.state.encode(), state.encode())

    @property
    def digest(self) -> bytes:
        """What is remembered once it was answered."""
        return hashlib.sha256(b"tollbridge sign-in\0" + self.state.encode()).digest()

    @property
    def ends_at(self) -> datetime:
        """When nothing answers to it any more."""
        return datetime.fromtimestamp(self.begun, UTC) + timedelta(seconds=LIFE_S)


class Attempts:
    """Makes, seals and opens them."""

    def __init__(self, box: Box, clock: Clock) -> None:
        self._box = box
        self._clock = clock

    def begin(self, provider: str, back: str, person_id: str = "") -> Attempt:
        """Make one, all of it fresh."""
        state, nonce, verifier = (secrets.token_urlsafe(_BYTES) for _ in range(3))
        return Attempt(provider, state, nonce, verifier, back, int(self._clock.time()), person_id)

    def seal(self, attempt: Attempt) -> str:
        """Give what the cookie holds."""
        sealed = self._box.shut(msgspec.json.encode(attempt), _PLACE)
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode("ascii")

    async def open(self, text: str) -> Attempt | None:
        """Read a cookie; None for what is none of ours, or too old."""
        try:
            sealed = base64.b64decode(text.encode("ascii") + b"==", b"-_", validate=True)
            await self._box.meet([sealed])
            attempt = msgspec.json.decode(self._box.open(sealed, _PLACE), type=Attempt)
        except (ValueError, binascii.Error, UnicodeError):
            return None
        return attempt if attempt.begun <= self._clock.time() < attempt.begun + LIFE_S else None
