"""`[identity.signed]`: requests that are signed (RFC 9421), by a key that a token or a client has here."""

from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import ClassVar, Protocol

from tollbridge import Call, ConfigError, Gateway, Holder, IdentitySource
from tollbridge_signed.age import Ages, check_ages
from tollbridge_signed.wanted import TAG

_INPUT = b"signature-input"
_OURS = f'"{TAG}"'.encode("ascii")


class Checks(Protocol):
    """What checks requests, once the library for it is there."""

    async def holder(self, call: Call) -> Holder:
        """Give the token whose key signed a request."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """Knows who signed a request, by the key's id.

    A signature is taken for `max_age_s` seconds from when it was made, and once; clocks may differ by `clock_skew_s`.
    """

    headers: ClassVar[tuple[bytes, ...]] = (_INPUT, b"signature")

    max_age_s: float = 300.0
    clock_skew_s: float = 30.0
    _open: list[Checks] = field(default_factory=list, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_ages(self.max_age_s, self.clock_skew_s)

    def check(self, gateway: Gateway) -> None:
        """Raise `ConfigError` where something that it checks with is missing."""
        if not gateway.config.server.public_url:
            raise ConfigError(
                "identity.signed needs [server] public_url, such as https://gw.example.com: callers sign the whole URL"
            )
        if find_spec("http_message_signatures") is None:
            raise ConfigError("identity.signed needs http-message-signatures; run: pip install 'tollbridge[signed]'")

    def open(self, gateway: Gateway) -> None:
        """Get ready to check; raises as `check`."""
        self.check(gateway)
        from tollbridge_signed.checking import Checking

        ages = Ages(gateway, self.max_age_s, self.clock_skew_s)
        self._open[:] = [Checking(gateway, gateway.config.server.public_url, ages)]

    def shows(self, call: Call) -> bool:
        """Whether there is a signature for us."""
        return any(name == _INPUT and _OURS in value for name, value in call.headers)

    async def identify(self, call: Call) -> Holder | None:
        """Say who signed; None where nobody did for us, `Unauthenticated` where it does not hold.

        What is signed of the body is checked once it is here. Raises `Unavailable` where keys cannot be looked up.
        """
        return await self._open[0].holder(call) if self.shows(call) else None


_: type[IdentitySource] = Signed
