"""Callers that prove who they are without a bearer token: signed requests, AK/SK, and Basic.

This module only has the hooks; `[identity.signed]` is in `signed`, `[identity.aksk]` in `aksk`, `[identity.basic]` in
`basic`. Each is off until it has its section.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tollbridge import IdentitySource, hookimpl

if TYPE_CHECKING:
    from tollbridge import Gateway


@hookimpl
def register_identity_sources(register: Callable[[str, type[IdentitySource]], None]) -> None:
    """Offer all three; a request that shows two of them is refused, so their order says nothing."""
    from tollbridge_signed.aksk import AkSk
    from tollbridge_signed.basic import Basic
    from tollbridge_signed.signed import Signed

    register("signed", Signed)
    register("aksk", AkSk)
    register("basic", Basic)


@hookimpl
async def startup(gateway: "Gateway") -> None:
    """Give the sources the keys and secrets of the gateway; raises `ConfigError` for what is missing.

    What looks keys up loads here, not with the first call, which would wait for it longer than for all else together.
    """
    from tollbridge_signed.aksk import AkSk
    from tollbridge_signed.basic import Basic
    from tollbridge_signed.signed import Signed

    for _, source in gateway.sources:
        if isinstance(source, Signed | AkSk | Basic):
            source.open(gateway)
            await gateway.store.credentials()
