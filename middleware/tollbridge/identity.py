"""Other ways than a token to learn who calls: what a plugin brings for `[identity.<name>]`."""

import inspect
from typing import Any, Protocol

from tollbridge.call import Call
from tollbridge.errors import PluginError
from tollbridge.tokens.model import Principal


class IdentitySource(Protocol):
    """Learns who calls from something other than a token.

    It is asked only where the request shows no token of ours. It fails closed: what raises anything but a
    `GatewayError`, or takes longer than `[plugins] timeout_s`, refuses the call.
    """

    @property
    def headers(self) -> tuple[bytes, ...]:
        """The headers it reads credentials from, lower-case names: neither the app nor a provider sees them."""
        ...

    async def identify(self, call: Call) -> Principal | None:
        """Say who calls, or None where this is nothing it knows.

        The `id` is unique within the source; limits, budgets and the ledger know it as `<name>:<id>`. A `GatewayError`
        such as `Unauthenticated` ends the search.
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
