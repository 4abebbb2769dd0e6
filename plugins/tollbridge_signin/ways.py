"""The ways in that one gateway has."""

from collections.abc import Sequence

from tollbridge import ConfigError, Gateway
from tollbridge_signin.providers import OpenIdProvider


class Ways:
    """The OpenID providers of `[signin.oidc]`, and passwords, where anybody has one."""

    def __init__(self, gateway: Gateway) -> None:
        """Make them; raises `ConfigError` for what cannot be used."""
        self._gateway = gateway
        configured = gateway.config.signin.oidc
        if configured and not gateway.config.server.public_url:
            raise ConfigError("signin.oidc: it needs server.public_url, which providers send people back to")
        self.providers: Sequence[OpenIdProvider] = [_made(name, gateway) for name in configured]

    def provider(self, name: str) -> OpenIdProvider | None:
        """Find a provider by its name."""
        return next((one for one in self.providers if one.name == name), None)

    async def have_passwords(self) -> bool:
        """Whether somebody could sign in with a password; raises `Unavailable`."""
        allowed = self._gateway.config.signin.passwords
        return allowed and await (await self._gateway.store.sessions()).anybody_has_a_password()


def _made(name: str, gateway: Gateway) -> OpenIdProvider:
    try:
        return OpenIdProvider.of(name, gateway.config.signin.oidc[name], gateway)
    except ValueError as exc:
        raise ConfigError(f"signin.oidc.{name}: {exc}") from exc
