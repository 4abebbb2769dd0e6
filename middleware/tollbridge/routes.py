"""From a model's name to the targets behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tollbridge.auth import SCHEMES, Auth
from tollbridge.config import Config
from tollbridge.errors import ConfigError
from tollbridge.formats.dialect import Dialect, ModelEntry, Operation
from tollbridge.formats.ways import spoken_at
from tollbridge.hosts import Host, Hosts, ReadKey, unset_variables
from tollbridge.merging import near
from tollbridge.providers import Provider, Target


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
        self._dialects = dialects
        timeout_s = config.plugins.timeout_s
        self._reach = Hosts(dialects, schemes, env=env, read_key=read_key, timeout_s=timeout_s)
        self.hosts: dict[str, Host] = {}
        for name, known in providers.items():
            host = self._reach.unconfigured(known) if name not in config.providers else None
            if host is not None:
                self.hosts[name] = host
        for name, given in config.providers.items():
            self.hosts[name] = self._reach.configured(name, providers.get(name), given)
        self._known = providers
        self._models: dict[str, tuple[Target, ...]] = {}
        self._listed: dict[str, ModelEntry] = {}
        for name, model in config.models.items():
            self._models[name] = tuple(self._target(name, target, model.max_output) for target in model.targets)
            self._listed[name] = _entry(name, self._models[name], context=model.context)
        self._files_provider = config.upstream.files_provider
        if self._files_provider:
            self._check_files_provider()
        for host in self.hosts.values():
            for own in host.provider.models:
                full = f"{host.provider.name}/{own.name}"
                self._listed.setdefault(full, _entry(full, (host.target(own.name),)))

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
        host = self._reach.made(before.provider, key, allow_private=before.allow_private)
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
        host = self.hosts.get(provider)
        if host is not None:
            return host
        known = self._known.get(provider)
        if known is None:
            raise ConfigError(f"{where} names no known provider{near(provider, {**self._known, **self.hosts})}")
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
