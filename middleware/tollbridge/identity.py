"""Other ways than a token to learn who calls: what a plugin brings for `[identity.<name>]`."""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

import msgspec

from tollbridge.call import Call
from tollbridge.errors import PluginError, Unauthenticated
from tollbridge.tokens.model import Principal


class Holder(msgspec.Struct, frozen=True):
    """Who calls is a token of ours, known by its id: the gateway finds what it may do, if it is live.

    `ends_s` is when the key or secret that was shown ends (seconds since the epoch), None for no end. `refusal` is
    raised where the token is not live, in place of the plain one. `key` is the id of the credential that signed, or
    `secret_made_us` when the secret that was shown was made (microseconds since the epoch): a running call ends with it
    where such calls are cut. `confirm` is awaited once the token is known to be live, and may still refuse: what is
    written of a proof, so that nobody shows it again, is written then.
    """

    id: str
    ends_s: float | None = None
    refusal: Unauthenticated | None = None
    key: str = ""
    secret_made_us: int = 0
    confirm: Callable[[], Awaitable[None]] | None = None


class IdentitySource(Protocol):
    """Learns who calls from something other than a token.

    It is asked only where the request shows no token of ours. It fails closed: what raises anything but a
    `GatewayError`, or takes longer than `[plugins] timeout_s`, refuses the call.

    One that needs a secret may have a plain function `check(gateway)` for `tollbridge check`: it raises `ConfigError`
    where that is not there. One that reads what is no bearer token may have a plain function `shows(call)`: whether the
    request shows what it knows, true or not. A request that shows two credentials is refused. One whose tokens are
    those of authorization servers may name these as a tuple of issuers, `authorization_servers`: clients of MCP are
    told.
    """

    @property
    def headers(self) -> tuple[bytes, ...]:
        """The headers it reads credentials from, lower-case names: neither the app nor a provider sees them.

        Of a source with `shows` they are taken out where it says that they are its own; else they are somebody else's,
        and cross as they came.
        """
        ...

    async def identify(self, call: Call) -> Principal | Holder | None:
        """Say who calls, or None where this is nothing it knows.

        The `id` is unique within the source; limits, budgets and the ledger know it as `<name>:<id>`, and a `Holder` as
        the token it is. A `GatewayError` such as `Unauthenticated` ends the search. Where who calls is only known with
        the body, set `call.body_check`.
        """
        ...


def check_source(name: str, source: Any) -> None:
    """Refuse what is no `IdentitySource`; raises `PluginError` naming it."""
    headers = getattr(source, "headers", None)
    if not isinstance(headers, tuple) or not all(isinstance(h, bytes) and h and h == h.lower() for h in headers):
        raise PluginError(
            f"the identity source {name!r} must name the headers it reads, in lower case: headers = (b'cookie',)"
        )
    if not inspect.iscoroutinefunction(getattr(source, "identify", None)):
        raise PluginError(f"the identity source {name!r} must have: async def identify(self, call)")
    shows = getattr(source, "shows", None)
    if shows is not None and (not callable(shows) or inspect.iscoroutinefunction(shows)):
        raise PluginError(f"the identity source {name!r}: shows must be a plain function: def shows(self, call)")
