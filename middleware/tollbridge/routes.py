"""From a model's name to the targets behind it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from tollbridge.auth import SCHEMES, Auth
from tollbridge.config import Config
from tollbridge.errors import ConfigError
from tollbridge.formats.dialect import Dialect, ModelEntry, Operation
from tollbridge.formats.ways import spoken_at
from tollbridge.hosts import Host, Hosts, ReadKey, unset_variables
from tollbridge.merging import LISTED_BY, near
from tollbridge.providers import Provider, Target
from tollbridge.shownkeys import KeptKey


class ModelRoutes:
    """The models of one gateway: those of the configuration, and `provider/model` of every provider with a key.

    Raises `ConfigError` for a configured model or provider that cannot be reached as it is written. A known provider
    that is neither configured nor has its key in the environment is simply not offered, and so is one whose key is to
    be in the database, until `rekey` brings it.
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
        self._dialects = dialects
        timeout_s = config.plugins.timeout_s
        self._reach = Hosts(dialects, schemes, env=env, read_key=read_key, timeout_s=timeout_s)
        self._plain: dict[str, Host] = {}
        for name, known in providers.items():
            host = self._reach.unconfigured(known) if name not in config.providers else None
            if host is not None:
                self._plain[name] = host
        for name, given in config.providers.items():
            self._plain[name] = self._reach.configured(name, providers.get(name), given)
        self._known = providers
        self._configured = config.models
        self._named: dict[str, tuple[Target, ...]] = {}
        for name, model in config.models.items():
            self._named[name] = tuple(self._target(name, target, model.max_output) for target in model.targets)
        self._files_provider = config.upstream.files_provider
        if self._files_provider:
            self._check_files_provider()
        self.hosts = {name: host for name, host in self._plain.items() if not host.waits}
        self._offer()

    def resolve(self, model: str) -> tuple[Target, ...]:
        """Give the targets of a model, in the order they are tried; empty if it is not offered."""
        found = self._models.get(model)
        if found is not None:
            return found
        provider, slash, name = model.partition("/")
        host = self.hosts.get(provider)
        return (host.target(name),) if host is not None and slash and name else ()

    def named_targets(self) -> Iterator[Target]:
        """Give every target that the configuration names, those that wait for their key too."""
        for targets in self._named.values():
            yield from targets

    def keeping_files(self) -> tuple[Target, ...]:
        """Give the provider that keeps files and runs batches, as a target without a model; empty if there is none."""
        host = self.hosts.get(self._files_provider)
        return () if host is None else (host.target(""),)

    def waiting(self) -> Sequence[str]:
        """Give the providers of the configuration that are not offered, for want of a key."""
        return [name for name in self._plain if name not in self.hosts]

    def rekey(self, provider: str, keys: Sequence[str], kept: KeptKey) -> None:
        """Show a provider keys of the database from the next call on, one or two, the first one first.

        It is offered from then on, unless it is one that a key alone does not offer. Raises `SetupError`, and changes
        nothing, where its scheme cannot use one.
        """
        host, known = self._plain.get(provider), self._known.get(provider)
        if host is None and known is not None:
            host = self._reach.waiting(known)
        if host is not None:
            self._put(provider, self._reach.keyed(host, keys, kept))

    def unkey(self, provider: str) -> None:
        """Go back to what a provider has without the database: another key, or none, and then it is not offered."""
        self._put(provider, self._plain.get(provider))

    def move(self, name: str, base_urls: Mapping[str, str], *, key: str = "") -> None:
        """Reach an offered provider at other URLs and with another key, from the next call on.

        For a plugin that runs the server itself and knows only at `startup` where it listens.
        """
        before = self.hosts[name]
        host = self._reach.made(before.provider, key, allow_private=before.allow_private)
        moved = self._plain[name] = replace(host, base_urls=dict(base_urls))
        self._put(name, moved)

    def _put(self, name: str, host: Host | None) -> None:
        """Reach a provider in this way from now on, or offer it no more."""
        if host is None or host.waits:
            self.hosts.pop(name, None)
        else:
            self.hosts[name] = host
            for model, targets in self._named.items():
                self._named[model] = tuple(
                    host.target(target.model, target.max_output) if target.provider.name == name else target
                    for target in targets
                )
        self._offer()

    def _offer(self) -> None:
        """Offer the models of what can be reached now."""
        self._models = {
            name: tuple(target for target in targets if target.provider.name in self.hosts)
            for name, targets in self._named.items()
        }
        self._listed: dict[str, ModelEntry] = {}
        for name, targets in self._models.items():
            if targets:
                self._listed[name] = _entry(name, targets, context=self._configured[name].context)
        for host in self.hosts.values():
            for own in host.provider.models:
                full = f"{host.provider.name}/{own.name}"
                if full not in self._models:
                    self._listed.setdefault(full, _entry(full, (host.target(own.name),)))

    def entry(self, name: str) -> ModelEntry | None:
        """Describe a model by its name: one that is listed, or any that a provider here can be asked for."""
        listed = self._listed.get(name)
        if listed is not None:
            return listed
        targets = self.resolve(name)
        return _entry(name, targets) if targets else None

    def entries(self) -> list[ModelEntry]:
        """List every model that has a name here."""
        return list(self._listed.values())

    def _check_files_provider(self) -> None:
        host = self._named_host(self._files_provider, "upstream.files_provider")
        taking = [each for each in self._dialects.values() if any(map(_takes_files, each.operations))]
        bases = {each.base for each in taking}
        urls = [url for each in taking if (url := spoken_at(each, host.base_urls))]
        problem = "" if urls else f"keeps no files; those who speak {', '.join(sorted(bases))} do"
        if any("{model}" in url for url in urls):
            problem = "has a URL for each model, and files belong to none"
        if problem:
            raise ConfigError(f"upstream.files_provider: {host.provider.name} {problem}")

    def _target(self, model: str, text: str, max_output: int | None) -> Target:
        provider, _, name = text.partition("/")
        return self._named_host(provider, f"models.{model}: the target {text!r}").target(name, max_output)

    def _named_host(self, provider: str, where: str) -> Host:
        """Find a host the configuration names; raises `ConfigError` saying what it lacks."""
        host = self._plain.get(provider)
        if host is not None:
            return host
        known = self._known.get(provider)
        if known is None:
            named = near(provider, {**self._known, **self._plain}, listed_by=LISTED_BY)
            raise ConfigError(f"{where} names no known provider{named}")
        missing = (*unset_variables(known.base_urls.values(), self._env), *known.auth.env[:1])
        if known.allow_private or not missing:
            raise ConfigError(f"{where} needs a section [providers.{provider}], which may be empty")
        raise ConfigError(f"{where} needs the environment variable {missing[0]}, which is not set")


def _entry(name: str, targets: Sequence[Target], *, context: int | None = None) -> ModelEntry:
    """Describe a model: its limits are the least of its targets' where nobody says another."""
    known = [model for target in targets if (model := target.provider.models.get(target.model)) is not None]
    contexts = [model.context for model in known if model.context is not None]
    outputs = [most for target in targets if (most := target.max_output or target.limit) is not None]
    return ModelEntry(
        name,
        targets[0].provider.name,
        context=context or min(contexts, default=None),
        max_output=min(outputs, default=None),
    )


def _takes_files(operation: Operation) -> bool:
    return operation.modelless and not operation.kept
