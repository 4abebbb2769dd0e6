"""Providers as those see them who administer the gateway: where each is, what it needs, and whether it has that."""

from collections.abc import Container, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from tollbridge.auth import Auth, Header, NoAuth, needs_key
from tollbridge.config import ProviderConfig
from tollbridge.hosts import url_variables
from tollbridge.logs import clean
from tollbridge.merging import merged_provider
from tollbridge.providers import Provider

if TYPE_CHECKING:
    from tollbridge.gateway import Gateway

State = Literal["serving", "waiting", "known"]
"""`waiting`: the configuration has it, and its key is not there; `known`: it could be added."""


class Variable(msgspec.Struct, frozen=True):
    """A variable of the environment, and whether it is set."""

    name: str
    is_set: bool


class KeyPlace(msgspec.Struct, frozen=True):
    """Where a provider's key is read: `env:NAME`, `file:PATH` or `stored:NAME`, empty where it takes none.

    `needed`: it serves nobody without. `variables` are those that may hold it, the first that is set does, unless the
    configuration names another place.
    """

    reference: str
    is_set: bool
    needed: bool
    variables: tuple[Variable, ...]


class ProviderSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A provider.  `base_urls` are by dialect, with the variables filled in where it serves.

    `configured`: it has a section. `private`: it may be at a loopback or private address, and always needs a section.
    `scheme` is how it is shown its key, `header` in which header, where it is one.
    """

    name: str
    title: str
    homepage: str
    source: str
    state: State
    configured: bool
    private: bool
    base_urls: dict[str, str]
    variables: tuple[Variable, ...]
    scheme: str
    header: str
    key: KeyPlace


def provider_names(gateway: "Gateway") -> list[str]:
    """List all providers, those of the configuration and those that plugins registered."""
    return sorted({**gateway.registry.providers, **gateway.config.providers})


def provider_seen(gateway: "Gateway", name: str, kept: Container[str]) -> ProviderSeen | None:
    """Look at a provider; None where nobody knows it.  `kept` are the names of the database's live keys of it.

    May look for a file, so not on an event loop.
    """
    provider = _provider(gateway, name)
    if provider is None:
        return None
    given, host = gateway.config.providers.get(name), gateway.routes.hosts.get(name)
    urls = provider.base_urls if host is None else host.base_urls
    return ProviderSeen(
        name=name,
        title=provider.display_name,
        homepage=provider.homepage,
        source=provider.source,
        state=_state(gateway, name),
        configured=given is not None,
        private=provider.allow_private or (given is not None and given.allow_private),
        base_urls={dialect: clean(url) for dialect, url in urls.items()},
        variables=tuple(_variable(gateway, one) for one in url_variables(provider.base_urls.values())),
        scheme=_scheme(gateway, provider.auth),
        header=provider.auth.name.lower() if isinstance(provider.auth, Header) else "",
        key=_key_place(gateway, provider, kept),
    )


def _provider(gateway: "Gateway", name: str) -> Provider | None:
    registry, given = gateway.registry, gateway.config.providers.get(name)
    known = registry.providers.get(name)
    if given is None:
        return known
    return merged_provider(name, known, given, dialects=registry.dialects, schemes=registry.auth_schemes)


def _state(gateway: "Gateway", name: str) -> State:
    if name in gateway.routes.hosts:
        return "serving"
    return "waiting" if name in gateway.config.providers else "known"


def _variable(gateway: "Gateway", name: str) -> Variable:
    return Variable(name, bool(gateway.env.get(name, "").strip()))


def _scheme(gateway: "Gateway", auth: Auth) -> str:
    """Name a scheme as the configuration would, else by its type."""
    schemes: Mapping[str, type[Auth]] = gateway.registry.auth_schemes
    return next((name for name, one in schemes.items() if type(auth) is one), type(auth).__name__)


def _key_place(gateway: "Gateway", provider: Provider, kept: Container[str]) -> KeyPlace:
    auth, given = provider.auth, gateway.config.providers.get(provider.name) or ProviderConfig()
    variables = tuple(_variable(gateway, name) for name in auth.env)
    if isinstance(auth, NoAuth) and not given.api_key:
        return KeyPlace("", False, False, variables)
    needed = needs_key(auth) and not (provider.allow_private or given.allow_private)
    reference = given.api_key or _unsaid(provider.name, variables, kept)
    return KeyPlace(reference, _is_there(gateway, reference, kept), needed or bool(given.api_key), variables)


def _unsaid(name: str, variables: tuple[Variable, ...], kept: Container[str]) -> str:
    """Give where a key is read that the configuration says nothing of: in the database before the environment."""
    if name in kept or not variables:
        return f"stored:{name}"
    return f"env:{next((one.name for one in variables if one.is_set), variables[0].name)}"


def _is_there(gateway: "Gateway", reference: str, kept: Container[str]) -> bool:
    kind, _, name = reference.partition(":")
    if kind == "env":
        return _variable(gateway, name).is_set
    if kind == "file":
        return (gateway.config.base / Path(name).expanduser()).is_file()
    return name in kept or name in gateway.vault.names()
