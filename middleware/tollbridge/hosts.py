"""How providers are reached: at which URLs, and with which credential."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tollbridge.auth import Auth, Signer, check_auth, needs_key, sendable
from tollbridge.config import ProviderConfig
from tollbridge.errors import (
    ConfigError,
    NothingStored,
    PluginError,
    SetupError,
    UpstreamUnreachable,
    without_words,
)
from tollbridge.formats.dialect import Dialect
from tollbridge.merging import HTTP, encoded_header, merged_provider
from tollbridge.providers import Provider, Target
from tollbridge.shownkeys import EitherSigning, KeptKey, Shown
from tollbridge.signing import Signing
from tollbridge.transport.guard import is_plainly_private

_VARIABLE = re.compile(r"\{([A-Z][A-Z0-9_]*)\}")
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")

ReadKey = Callable[[str, str], str]
"""Reads the key behind a reference such as `env:NAME`; the second argument names the option in an error."""


@dataclass(frozen=True, slots=True)
class Host:
    """A provider as this gateway reaches it: URLs filled in, credential at hand.

    One that `waits` has no credential, and is not offered until it has one.
    """

    provider: Provider
    base_urls: Mapping[str, str]
    headers: tuple[tuple[bytes, bytes], ...] = field(repr=False)
    allow_private: bool
    signing: Signing | None = None
    kept: KeptKey | None = None
    waits: bool = False

    def target(self, model: str, max_output: int | None = None) -> Target:
        """Give the way to one of its models; `max_output` is what the operator says it writes at most."""
        known = self.provider.models.get(model)
        limit = known.max_output if known is not None else None
        urls, signing, kept = self.base_urls, self.signing, self.kept
        return Target(self.provider, model, self.headers, urls, self.allow_private, max_output, limit, signing, kept)

    def refused_url(self) -> str:
        """Give the first URL that would be refused as private, empty if none is seen without resolving names.

        Raises `ConfigError` for a URL that may not be dialled at all.
        """
        for url in () if self.allow_private else self.base_urls.values():
            try:
                if is_plainly_private(url):
                    return url
            except UpstreamUnreachable as exc:
                raise ConfigError(f"providers.{self.provider.name}: the URL cannot be used: {exc.detail}") from exc
        return ""


class Hosts:
    """Finds out how a provider is reached.  `timeout_s` is for each signature."""

    def __init__(
        self,
        dialects: Mapping[str, Dialect],
        schemes: Mapping[str, type[Auth]],
        *,
        env: Mapping[str, str],
        read_key: ReadKey,
        timeout_s: float,
    ) -> None:
        self._dialects = dialects
        self._schemes = schemes
        self._env = env
        self._read_key = read_key
        self._timeout_s = timeout_s

    def configured(self, name: str, known: Provider | None, given: ProviderConfig) -> Host:
        """Reach a provider of the configuration; raises `ConfigError` saying what it lacks."""
        provider = merged_provider(name, known, given, dialects=self._dialects, schemes=self._schemes)
        where = f"providers.{name}"
        check_auth(provider.auth, where)
        self._check_variables(provider)
        key, waits = "", False
        if given.api_key:
            key, waits = self._named_key(given.api_key, f"{where}.api_key")
        elif provider.auth.env:
            key = self._key_of(provider)
            may_lack = provider.allow_private or given.allow_private
            if not key and not may_lack and needs_key(provider.auth):
                raise ConfigError(
                    f"{where}: there is no key; set the environment variable {provider.auth.env[0]}, or {where}.api_key"
                )
        if given.auth and not key and not waits and needs_key(provider.auth):
            raise ConfigError(f"{where}: the auth scheme {given.auth!r} needs a key; set {where}.api_key")
        allow_private = given.allow_private or provider.allow_private
        host = self._bare(provider, allow_private) if waits else self.made(provider, key, allow_private=allow_private)
        host = replace(host, waits=waits)
        refused = host.refused_url()
        if refused:
            raise ConfigError(
                f"{where}: the URL {refused!r} leads to this machine or a private network; if that is meant, set "
                f"{where}.allow_private = true"
            )
        return host

    def unconfigured(self, provider: Provider) -> Host | None:
        """Reach a provider nobody configured: by its key alone, and never one on this machine."""
        check_auth(provider.auth, f"providers.{provider.name}")
        if not self._can_be_offered(provider):
            return None
        key = self._key_of(provider)
        return self.made(provider, key, allow_private=False) if key else None

    def waiting(self, provider: Provider) -> Host | None:
        """Give such a provider without its key, None where a key would not offer it."""
        if not self._can_be_offered(provider):
            return None
        return replace(self._bare(provider, allow_private=False), waits=True)

    def keyless(self, name: str, known: Provider | None, given: ProviderConfig) -> Host:
        """Give a provider of the configuration without its key, whatever that is; raises `ConfigError`."""
        provider = merged_provider(name, known, given, dialects=self._dialects, schemes=self._schemes)
        self._check_variables(provider)
        return replace(self._bare(provider, given.allow_private or provider.allow_private), waits=True)

    def _can_be_offered(self, provider: Provider) -> bool:
        return not provider.allow_private and not unset_variables(provider.base_urls.values(), self._env)

    def _check_variables(self, provider: Provider) -> None:
        missing = unset_variables(provider.base_urls.values(), self._env)
        if missing:
            raise ConfigError(
                f"providers.{provider.name}: the URL needs the environment variable {missing[0]}, which is not set"
            )

    def _named_key(self, reference: str, where: str) -> tuple[str, bool]:
        """Give the key of a reference, and whether it can only be in the database."""
        try:
            return self._read_key(reference, where), False
        except NothingStored:
            return "", True

    def _key_of(self, provider: Provider) -> str:
        """Read the key from the first of the provider's variables that is set; empty if none is."""
        for name in provider.auth.env:
            if self._env.get(name, "").strip():
                return self._read_key(f"env:{name}", f"the environment variable {name}")
        return ""

    def made(self, provider: Provider, key: str, *, allow_private: bool) -> Host:
        """Reach a provider with a key; without one it is shown none."""
        host = self._bare(provider, allow_private)
        return host if not key and needs_key(provider.auth) else self._showing(host, self._shown(provider, key))

    def keyed(self, host: Host, keys: Sequence[str], kept: KeptKey) -> Host:
        """Reach a host with one or two keys of the database, the first one shown; raises `SetupError`."""
        for key in keys:
            _check_kept(host.provider, key)
        first, *others = [self._shown(host.provider, key) for key in keys]
        extra = _extra_headers(host.provider)
        for other in others:
            kept.other = replace(other, headers=(*extra, *other.headers))
            if first.signing is not None:
                signs = first.signing
                made = (signs.provider, signs.signer, signs.key, signs.timeout_s)
                either = EitherSigning(*made, kept=kept, headers=first.headers, other=kept.other)
                first = replace(first, signing=either)
        bare = replace(host, headers=extra, kept=kept, waits=False)
        return self._showing(bare, first)

    def _bare(self, provider: Provider, allow_private: bool) -> Host:
        urls = {dialect: self._filled(provider.name, url) for dialect, url in provider.base_urls.items()}
        return Host(provider, urls, _extra_headers(provider), allow_private)

    def _showing(self, host: Host, shown: Shown) -> Host:
        return replace(host, headers=(*host.headers, *shown.headers), signing=shown.signing)

    def _shown(self, provider: Provider, key: str) -> Shown:
        name, auth = provider.name, provider.auth
        signing = Signing(name, auth, key, self._timeout_s) if isinstance(auth, Signer) else None
        return Shown(tuple(_shown(name, auth, key)), signing)

    def _filled(self, name: str, url: str) -> str:
        """Fill the variables of a URL; one that is the whole beginning may hold a URL, any other a single word."""
        for variable in _VARIABLE.findall(url):
            value = self._env[variable].rstrip("/")
            if url.startswith(f"{{{variable}}}"):
                if not value.startswith(HTTP):
                    raise ConfigError(
                        f"providers.{name}: the environment variable {variable} must hold a URL that starts with "
                        "http:// or https://"
                    )
            elif not _WORD.fullmatch(value):
                raise ConfigError(
                    f"providers.{name}: the environment variable {variable} holds what is no part of a host name"
                )
            url = url.replace(f"{{{variable}}}", value)
        return url


def _extra_headers(provider: Provider) -> tuple[tuple[bytes, bytes], ...]:
    return tuple(encoded_header(provider.name, name, text) for name, text in provider.quirks.headers.items())


def url_variables(urls: Iterable[str]) -> list[str]:
    """Give the variables that URLs need, each once."""
    return list(dict.fromkeys(name for url in urls for name in _VARIABLE.findall(url)))


def unset_variables(urls: Iterable[str], env: Mapping[str, str]) -> list[str]:
    """Give the variables that URLs need and that are not set."""
    return [name for name in url_variables(urls) if not env.get(name)]


def _check_kept(provider: Provider, key: str) -> None:
    """Have a scheme look at a key that is no operator's; raises `SetupError` that does not name it."""
    check = getattr(provider.auth, "check_kept", None)
    if check is None:
        return
    try:
        check(key)
    except Exception as exc:
        if isinstance(exc, SetupError) and not (key and key in str(exc)):
            raise
        raise PluginError(f"providers.{provider.name}: the key cannot be kept: {without_words(exc)}") from None


def _shown(provider: str, auth: Auth, key: str) -> list[tuple[bytes, bytes]]:
    """Ask a scheme for the headers of the key; raises `SetupError` that does not name it."""
    scheme = f"providers.{provider}: the auth scheme {type(auth).__name__}"
    try:
        shown = auth.headers(key)
    except Exception as exc:
        if isinstance(exc, SetupError) and not (key and key in str(exc)):
            raise
        raise PluginError(f"{scheme} failed: {without_words(exc)}") from None
    if not sendable(shown):
        raise ConfigError(f"{scheme} gave a header that cannot be sent")
    return shown
