"""The ways in that one gateway has."""

from collections.abc import Sequence

from tollbridge import ConfigError, Gateway
from tollbridge_signin.providers import OpenIdProvider, secret_of
from tollbridge_signin.web import check_url


class Ways:
    """The OpenID providers of `[signin.oidc]`, and passwords, where anybody has one."""

    def __init__(self, gateway: Gateway) -> None:
        """Make them; raises `ConfigError` for what cannot be used."""
        check_providers(gateway)
        self._gateway = gateway
        oidc = gateway.config.signin.oidc
        self.providers: Sequence[OpenIdProvider] = [
            OpenIdProvider.of(name, options, gateway) for name, options in oidc.items()
        ]

    def provider(self, name: str) -> OpenIdProvider | None:
        """Find a provider by its name."""
        return next((one for one in self.providers if one.name == name), None)

    async def have_passwords(self) -> bool:
        """Whether somebody could sign in with a password; raises `Unavailable`."""
        allowed = self._gateway.config.signin.passwords
        return allowed and await (await self._gateway.store.sessions()).anybody_has_a_password()


def check_providers(gateway: Gateway) -> None:
    """Refuse providers that cannot be used, before anything is opened; raises `ConfigError`."""
    oidc = gateway.config.signin.oidc
    if oidc and not gateway.config.server.public_url:
        raise ConfigError("signin.oidc: it needs server.public_url, which providers send people back to")
    for name, options in oidc.items():
        try:
            check_url(options.issuer, allow_private=options.allow_private)
        except ValueError as exc:
            raise ConfigError(f"signin.oidc.{name}: {exc}") from exc
        secret_of(name, options, gateway)
