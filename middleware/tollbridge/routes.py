"""From a model's name to the targets behind it."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from tollbridge.auth import SCHEMES, Auth, Bearer, Header, NoAuth, Signer, check_auth, needs_key, sendable
from tollbridge.config import Config, ProviderConfig
from tollbridge.errors import ConfigError, PluginError, SetupError, UpstreamUnreachable, without_words
from tollbridge.formats.dialect import Dialect, ModelEntry
from tollbridge.options import build, suggest
from tollbridge.providers import Provider, Quirks, Target
from tollbridge.signing import Signing
from tollbridge.transport.guard import is_plainly_private

_VARIABLE = re.compile(r"\{([A-Z][A-Z0-9_]*)\}")
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_FIELD_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HTTP = ("http://", "https://")

ReadKey = Callable[[str, str], str]
"""Reads the key behind a reference such as `env:NAME`; the second argument names the option in an error."""


@dataclass(frozen=True, slots=True)
class Host:
    """A provider as this gateway reaches it: URLs filled in, credential at hand."""

    provider: Provider
    base_urls: Mapping[str, str]
    headers: tuple[tuple[bytes, bytes], ...] = field(repr=False)
    allow_private: bool
    signing: Signing | None = None

    def target(self, model: str, max_output: int | None = None) -> Target:
        """Give the way to one of its models; `max_output` goes before what the provider says of it."""
        known = self.provider.models.get(model)
        most = max_output or (known.max_output if known is not None else None)
        return Target(self.provider, model, self.headers, self.base_urls, self.allow_private, most, self.signing)

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


class ModelRoutes:
    """The models of one gateway: those of the configuration, and `provider/model` of every provider with a key.

    Raises `ConfigError` for a configured model or provider that cannot be reached as it is written. A known provider
    that is neither configured nor has its key in the environment is simply not offered.
    """

    def __init__(
        self,
        config: Config,
        providers: Mapping[str, Provider],
        dialects: Mapping[str, Dialect],
        *,
        env: Mapping[str, str],
        read_key: ReadKey,
        schemes: Mapping[str, type[Auth]] = SCHEMES,
    ) -> None:
        self._env = env
        self._read_key = read_key
        self._dialects = dialects
        self._schemes = schemes
        self._timeout_s = config.plugins.timeout_s
        self.hosts: dict[str, Host] = {}
        for name, known in providers.items():
            host = self._known_host(known) if name not in config.providers else None
            if host is not None:
                self.hosts[name] = host
        for name, given in config.providers.items():
            self.hosts[name] = self._host(name, providers.get(name), given)
        self._known = providers
        self._models: dict[str, tuple[Target, ...]] = {}
        self._listed: dict[str, ModelEntry] = {}
        for name, model in config.models.items():
            self._models[name] = tuple(self._target(name, target, model.max_output) for target in model.targets)
            self._listed[name] = ModelEntry(name, self._models[name][0].provider.name, context=model.context)
        self._files_provider = config.upstream.files_provider
        if self._files_provider:
            self._check_files_provider()
        for host in self.hosts.values():
            for own in host.provider.models:
                full = f"{host.provider.name}/{own.name}"
                self._listed.setdefault(full, ModelEntry(full, host.provider.name, context=own.context))

    def resolve(self, model: str) -> tuple[Target, ...]:
        """Give the targets of a model, in the order they are tried; empty if it is not offered."""
        found = self._models.get(model)
        if found is not None:
            return found
        provider, slash, name = model.partition("/")
        host = self.hosts.get(provider)
        return (host.target(name),) if host is not None and slash and name else ()

    def keeping_files(self) -> tuple[Target, ...]:
        """Give the provider that keeps files and runs batches, as a target without a model; empty if there is none."""
        return (self.hosts[self._files_provider].target(""),) if self._files_provider else ()

    def move(self, name: str, base_urls: Mapping[str, str], *, key: str = "") -> None:
        """Reach an offered provider at other URLs and with another key, from the next call on.

        For a plugin that runs the server itself and knows only at `startup` where it listens.
        """
        before = self.hosts[name]
        host = self._made(before.provider, key, allow_private=before.allow_private)
        moved = self.hosts[name] = replace(host, base_urls=dict(base_urls))
        for model, targets in self._models.items():
            self._models[model] = tuple(
                moved.target(target.model, target.max_output) if target.provider.name == name else target
                for target in targets
            )

    def entry(self, name: str) -> ModelEntry | None:
        """Describe a model by its name: one that is listed, or any that a provider here can be asked for."""
        listed = self._listed.get(name)
        if listed is not None:
            return listed
        return next((ModelEntry(name, target.provider.name) for target in self.resolve(name)), None)

    def entries(self) -> list[ModelEntry]:
        """List every model that has a name here."""
        return list(self._listed.values())

    def _check_files_provider(self) -> None:
        host = self._named_host(self._files_provider, "upstream.files_provider")
        bases = {each.base for each in self._dialects.values() if any(op.modelless for op in each.operations)}
        if bases.isdisjoint(host.base_urls):
            spoken = ", ".join(sorted(bases))
            raise ConfigError(
                f"upstream.files_provider: {host.provider.name} keeps no files; those who speak {spoken} do"
            )

    def _target(self, model: str, text: str, max_output: int | None) -> Target:
        provider, _, name = text.partition("/")
        return self._named_host(provider, f"models.{model}: the target {text!r}").target(name, max_output)

    def _named_host(self, provider: str, where: str) -> Host:
        """Find a host the configuration names; raises `ConfigError` saying what it lacks."""
        host = self.hosts.get(provider)
        if host is not None:
            return host
        known = self._known.get(provider)
        if known is None:
            raise ConfigError(f"{where} names no known provider{_near(provider, {**self._known, **self.hosts})}")
        missing = (*_unset(known.base_urls.values(), self._env), *known.auth.env[:1])
        if known.allow_private or not missing:
            raise ConfigError(f"{where} needs a section [providers.{provider}], which may be empty")
        raise ConfigError(f"{where} needs the environment variable {missing[0]}, which is not set")

    def _host(self, name: str, known: Provider | None, given: ProviderConfig) -> Host:
        provider = self._merged(name, known, given)
        where = f"providers.{name}"
        check_auth(provider.auth, where)
        missing = _unset(provider.base_urls.values(), self._env)
        if missing:
            raise ConfigError(f"{where}: the URL needs the environment variable {missing[0]}, which is not set")
        key = ""
        if given.api_key:
            key = self._read_key(given.api_key, f"{where}.api_key")
        elif provider.auth.env:
            key = self._key_of(provider)
            may_lack = provider.allow_private or given.allow_private
            if not key and not may_lack and needs_key(provider.auth):
                raise ConfigError(
                    f"{where}: there is no key; set the environment variable {provider.auth.env[0]}, or {where}.api_key"
                )
        if given.auth and not key and needs_key(provider.auth):
            raise ConfigError(f"{where}: the auth scheme {given.auth!r} needs a key; set {where}.api_key")
        host = self._made(provider, key, allow_private=given.allow_private or provider.allow_private)
        refused = host.refused_url()
        if refused:
            raise ConfigError(
                f"{where}: the URL {refused!r} leads to this machine or a private network; if that is meant, set "
                f"{where}.allow_private = true"
            )
        return host

    def _known_host(self, provider: Provider) -> Host | None:
        """Reach a provider nobody configured: by its key alone, and never one on this machine."""
        check_auth(provider.auth, f"providers.{provider.name}")
        if provider.allow_private or _unset(provider.base_urls.values(), self._env):
            return None
        key = self._key_of(provider)
        return self._made(provider, key, allow_private=False) if key else None

    def _key_of(self, provider: Provider) -> str:
        """Read the key from the first of the provider's variables that is set; empty if none is."""
        for name in provider.auth.env:
            if self._env.get(name, "").strip():
                return self._read_key(f"env:{name}", f"the environment variable {name}")
        return ""

    def _made(self, provider: Provider, key: str, *, allow_private: bool) -> Host:
        urls = {dialect: self._filled(provider.name, url) for dialect, url in provider.base_urls.items()}
        extra = [_header(provider.name, name, text) for name, text in provider.quirks.headers.items()]
        name, auth = provider.name, provider.auth
        if not key and needs_key(auth):
            return Host(provider, urls, tuple(extra), allow_private)
        signing = Signing(name, auth, key, self._timeout_s) if isinstance(auth, Signer) else None
        return Host(provider, urls, (*extra, *_shown(name, auth, key)), allow_private, signing)

    def _filled(self, name: str, url: str) -> str:
        """Fill the variables of a URL; one that is the whole beginning may hold a URL, any other a single word."""
        for variable in _VARIABLE.findall(url):
            value = self._env[variable].rstrip("/")
            if url.startswith(f"{{{variable}}}"):
                if not value.startswith(_HTTP):
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

    def _merged(self, name: str, known: Provider | None, given: ProviderConfig) -> Provider:
        where = f"providers.{name}"
        dialect = given.dialect or (next(iter(known.base_urls), "openai-chat") if known else "openai-chat")
        urls = dict(given.base_urls)
        if given.base_url:
            urls[dialect] = given.base_url
        if not urls and known is not None:
            urls = dict(known.base_urls)
        if not urls:
            raise ConfigError(f"{where}: base_url is missing")
        for spoken, url in urls.items():
            if spoken not in self._dialects:
                bases = {each.base: each for each in self._dialects.values()}
                raise ConfigError(f"{where}: unknown dialect {spoken!r}{_near(spoken, bases)}")
            if not url.startswith((*_HTTP, "{")):
                raise ConfigError(f"{where}: the URL {url!r} must start with http:// or https://")
        quirks = known.quirks if known else Quirks()
        default = "always" if dialect == "anthropic-messages" else "option"
        quirks = Quirks(
            rename=quirks.rename,
            drop=quirks.drop,
            headers={**quirks.headers, **given.headers},
            stream_usage=given.stream_usage or (quirks.stream_usage if known else default),
            add=quirks.add,
            paths=quirks.paths,
        )
        return Provider(
            name,
            base_urls=urls,
            auth=self._auth(name, known, given),
            models=known.models if known else None,
            quirks=quirks,
            price_id=known.price_id if known else name,
            display_name=known.display_name if known else name,
            allow_private=known.allow_private and not given.base_url and not given.base_urls if known else False,
        )

    def _auth(self, name: str, known: Provider | None, given: ProviderConfig) -> Auth:
        env = known.auth.env if known else ()
        if given.auth_header:
            _header(name, given.auth_header, "")
            template = "Bearer {key}" if given.auth_header.lower() == "authorization" else "{key}"
            return Header(given.auth_header, env, template)
        if not given.auth:
            return known.auth if known else (Bearer() if given.api_key else NoAuth())
        scheme = self._schemes.get(given.auth)
        if scheme is None:
            raise ConfigError(
                f"providers.{name}.auth: no installed plugin offers {given.auth!r}{suggest(given.auth, self._schemes)}"
            )
        takes_env = env and needs_key(scheme) and "env" in getattr(scheme, "__dataclass_fields__", ())
        options = {**({"env": env} if takes_env else {}), **given.auth_options}
        return build(scheme, options, f"providers.{name}.auth_options")


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


def _header(provider: str, name: str, text: str) -> tuple[bytes, bytes]:
    """Encode a header of the configuration; raises `ConfigError` for one that cannot be sent (RFC 9110 section 5)."""
    if not _FIELD_NAME.fullmatch(name) or not text.isascii() or (text and not text.isprintable()):
        raise ConfigError(f"providers.{provider}.headers: {name!r} cannot be sent; use visible ASCII only")
    return name.lower().encode("ascii"), text.encode("ascii")


def _unset(urls: Iterable[str], env: Mapping[str, str]) -> list[str]:
    return [name for url in urls for name in _VARIABLE.findall(url) if not env.get(name)]


def _near(word: str, known: Mapping[str, object]) -> str:
    return suggest(word, known if len(known) < 20 else {name: 0 for name in known if name[:1] == word[:1]})
