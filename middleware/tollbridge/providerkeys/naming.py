"""Which stored secret is which provider's key.

A provider reads the one that `api_key = "stored:NAME"` names, or where it has no `api_key` the one of its own name. It
reads only what was stored for it: a secret that somebody else's configuration names too is not shown to that one.
Services read what was stored for `services`, by the name that their definitions say: a provider's key is not theirs.
"""

from collections.abc import Mapping

from tollbridge.auth import NoAuth
from tollbridge.config import ProviderConfig
from tollbridge.errors import BadRequest, ConfigError, SetupError
from tollbridge.hosts import Host, Hosts
from tollbridge.merging import LISTED_BY, near
from tollbridge.providers import Provider
from tollbridge.shownkeys import KeptKey

SERVICES = "services"
"""In the place of a provider: whose secrets those of services are."""


class KeyedProviders:
    """The providers of a configuration and those that are known anyway, whether they have a key or not."""

    def __init__(self, hosts: Hosts, known: Mapping[str, Provider], given: Mapping[str, ProviderConfig]) -> None:
        if SERVICES in known or SERVICES in given:
            raise ConfigError(f"providers.{SERVICES}: secrets of services are kept under this name; choose another")
        self._hosts = hosts
        self._known = known
        self._given = given

    def reads(self, provider: str) -> str:
        """Name the secret that is a provider's key; empty where its key is elsewhere, and for one nobody knows."""
        given = self._given.get(provider)
        if given is not None and given.api_key:
            kind, _, name = given.api_key.partition(":")
            return name if kind == "stored" else ""
        return provider if given is not None or provider in self._known else ""

    def host(self, provider: str) -> Host:
        """Give a provider without its key.

        Raises `BadRequest` with `param` for one that is not known, that no key alone would reach, or that takes none.
        """
        given, known = self._given.get(provider), self._known.get(provider)
        if given is None and known is None:
            known_names = {**self._known, **self._given}
            named = near(provider[:100], known_names, listed_by=LISTED_BY)
            raise BadRequest(f"no provider has this name{named}", param="provider")
        try:
            found = self._hosts.keyless(provider, known, given) if given is not None else self._waiting(known)
        except SetupError as exc:
            raise BadRequest(str(exc), param="provider") from exc
        if found is None:
            raise BadRequest(
                f"this provider needs a section [providers.{provider}], or a variable of its URL is not set",
                param="provider",
            )
        if isinstance(found.provider.auth, NoAuth):
            raise BadRequest("this provider takes no key", param="provider")
        return found

    def keyed(self, host: Host, key: str) -> Host:
        """Give a provider with a key; raises `BadRequest` with `param` for one that its scheme cannot use."""
        try:
            return self._hosts.keyed(host, (key,), KeptKey((1,), refused=_nothing, turned=_nothing))
        except SetupError as exc:
            raise BadRequest(str(exc), param="key") from exc

    def _waiting(self, known: Provider | None) -> Host | None:
        return None if known is None else self._hosts.waiting(known)


def _nothing(*_: int) -> None:
    """Hear of a key that is shown to try it, and do nothing."""
