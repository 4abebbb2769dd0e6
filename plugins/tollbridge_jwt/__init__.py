"""Callers of outside issuers: JWTs that are verified here, and opaque tokens that their server is asked about.

This module only has the hooks; `[identity.jwt]` is in `issuers`, `[identity.introspection]` in `introspection`.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tollbridge import IdentitySource, hookimpl

if TYPE_CHECKING:
    from tollbridge import Gateway


@hookimpl
def register_identity_sources(register: Callable[[str, type[IdentitySource]], None]) -> None:
    """Offer both, JWTs first: none of an issuer that is known here is shown to another server."""
    from tollbridge_jwt.introspection import Introspection
    from tollbridge_jwt.issuers import OutsideIssuers

    register("jwt", OutsideIssuers)
    register("introspection", Introspection)


@hookimpl
def startup(gateway: "Gateway") -> None:
    """Give the sources their way out.  Nothing is fetched before a call needs it."""
    from tollbridge_jwt.introspection import Introspection
    from tollbridge_jwt.issuers import OutsideIssuers

    for _, source in gateway.sources:
        if isinstance(source, OutsideIssuers | Introspection):
            source.open(gateway)


@hookimpl
async def shutdown(gateway: "Gateway") -> None:
    """End what is being fetched."""
    from tollbridge_jwt.issuers import OutsideIssuers

    for _, source in gateway.sources:
        if isinstance(source, OutsideIssuers):
            await source.close()
