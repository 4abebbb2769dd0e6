"""Finding and loading plugins.  It fails closed: a policy that is skipped would be an open door.

pluggy's own loader takes the program down with a bare error when a plugin cannot be imported, drops the second of two
plugins of one name in silence, and says nothing of a misspelt hook. This one refuses to start and names the way out.
"""

import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import Distribution, EntryPoint
from typing import Any

import pluggy

from tollbridge import hookspecs
from tollbridge.auth import SCHEMES
from tollbridge.errors import PluginError, SetupError
from tollbridge.installed import GROUP, installed_plugins
from tollbridge.registrations import Registrations
from tollbridge.registry import Mounted, RegisterApp, Registry, put
from tollbridge.webhooks.events import EVENTS, is_event

_HOOKS = frozenset(name for name, value in vars(hookspecs).items() if hasattr(value, f"{GROUP}_spec"))
_MARK = f"{GROUP}_impl"


class _Manager(pluggy.PluginManager):
    """Looks at what has the name of a hook: whatever else a plugin marks is refused before it comes here."""

    def parse_hookimpl_opts(self, plugin: object, name: str) -> pluggy.HookimplOpts | None:
        return super().parse_hookimpl_opts(plugin, name) if name in _HOOKS else None


@dataclass(frozen=True, slots=True)
class PluginInfo:
    """One installed plugin, as listed.  `hooks` is empty for a disabled one."""

    name: str
    distribution: str
    version: str
    module: str
    hooks: tuple[str, ...]
    enabled: bool


class Plugins:
    """The plugins of one gateway.

    `given` are plugin objects handed over in code, loaded after the installed ones. `allowed` (empty: all) and
    `disabled` are names of entry points. `trace`, where given, is called with a line a hook call. `forgive`, where
    given, is told what is wrong with a plugin, which is then left out; without it that is raised.
    """

    def __init__(
        self,
        given: Sequence[object] = (),
        *,
        allowed: Sequence[str] = (),
        disabled: Sequence[str] = (),
        found: Iterable[EntryPoint] | None = None,
        trace: Callable[[str], None] | None = None,
        forgive: Callable[[SetupError], None] | None = None,
    ) -> None:
        self.manager = _Manager(GROUP)
        self.manager.add_hookspecs(hookspecs)
        self._found: list[tuple[EntryPoint, bool]] = []
        self._trace = trace
        self._forgive = forgive
        self._given: set[str] = set()
        self.registrations = Registrations()
        entries = sorted(installed_plugins() if found is None else found, key=lambda entry: entry.name)
        with self._forgiving():
            self._refuse_unknown(entries, [*allowed, *disabled])
        seen: dict[str, EntryPoint] = {}
        for entry in entries:
            if entry.name in seen:
                with self._forgiving():
                    self._refuse_other(entry, seen[entry.name])
                continue
            seen[entry.name] = entry
            enabled = entry.name not in disabled and (not allowed or entry.name in allowed)
            if enabled:
                with self._forgiving():
                    self._add(self._load(entry), entry.name, partial(_origin, entry))
            self._found.append((entry, enabled))
        for plugin in given:
            name = getattr(plugin, "__name__", type(plugin).__name__)
            self._given.add(name)
            self._add(plugin, name, lambda: "given in code")

    def _refuse_unknown(self, entries: Sequence[EntryPoint], names: Sequence[str]) -> None:
        installed = {entry.name for entry in entries}
        for name in names:
            if name not in installed:
                raise PluginError(
                    f"[plugins] names {name!r}, which is not installed; installed: {', '.join(sorted(installed))}"
                )

    def _refuse_other(self, entry: EntryPoint, first: EntryPoint) -> None:
        if entry.value != first.value:
            raise PluginError(
                f"two packages name a plugin {entry.name!r}: {_origin(first)} and {_origin(entry)}; "
                "uninstall one of them"
            )

    @contextmanager
    def _forgiving(self) -> Iterator[None]:
        try:
            yield
        except SetupError as exc:
            if self._forgive is None:
                raise
            self._forgive(exc)

    def _load(self, entry: EntryPoint) -> object:
        try:
            loaded: object = entry.load()
        except (Exception, SystemExit) as exc:
            raise PluginError(
                f"plugin {entry.name!r} ({_origin(entry)}) did not load: {_said(exc)}; {self._way_out(entry.name)}"
            ) from exc
        return loaded

    def _add(self, plugin: object, name: str, origin: Callable[[], str]) -> None:
        for attribute in dir(plugin):
            value = getattr(plugin, attribute, None)
            marked = hasattr(value, _MARK) and inspect.isroutine(value)
            if attribute not in _HOOKS and (marked or attribute.startswith("register_")):
                problem = f"unknown hook {attribute!r} in plugin {name!r} ({origin()})"
            elif attribute.startswith("register_") and not marked:
                problem = f"the hook {attribute!r} in plugin {name!r} ({origin()}) lacks @hookimpl"
            elif marked and (unknown := _asks_for(getattr(plugin, attribute)) - _known_to(attribute)):
                problem = (
                    f"the hook {attribute!r} in plugin {name!r} ({origin()}) asks for {', '.join(sorted(unknown))}, "
                    f"and may only ask for {', '.join(sorted(_known_to(attribute)))}"
                )
            else:
                continue
            raise PluginError(f"{problem}; {self._way_out(name)}")
        try:
            self.manager.register(plugin, name)
            self.manager.check_pending()
        except (pluggy.PluginValidationError, ValueError) as exc:
            raise PluginError(
                f"plugin {name!r} ({origin()}) does not fit: {_said(exc)}; {self._way_out(name)}"
            ) from exc

    @property
    def listed(self) -> list[PluginInfo]:
        """List the installed plugins.  Reads the metadata of each one's package, which a start does without."""
        return [self._info(entry, enabled) for entry, enabled in self._found]

    def _info(self, entry: EntryPoint, enabled: bool) -> PluginInfo:
        plugin = self.manager.get_plugin(entry.name)  # None for one that is disabled or was forgiven
        callers = self.manager.get_hookcallers(plugin) if plugin is not None else []
        name, version = _distribution(entry)
        hooks = tuple(sorted(caller.name for caller in callers or ()))
        return PluginInfo(entry.name, name, version, entry.value, hooks, enabled)

    def call(self, hook: str, **arguments: Any) -> list[Any]:
        """Call one hook on every plugin; whatever goes wrong is a `SetupError` that names the plugin."""
        results = []
        for impl in self._implementations(hook):
            with self._forgiving(), self._blaming(impl.plugin_name, hook):
                taken = self.registrations.noting(impl.plugin_name, hook, arguments)
                results.append(impl.function(*(taken[name] for name in impl.argnames)))
        return [result for result in results if result is not None]

    async def run(self, hook: str, *, to_the_end: bool = False, **arguments: Any) -> None:
        """Call one hook on every plugin and await what each gives; errors are those of `call`.

        The first error ends it, or with `to_the_end` is raised when every plugin has had its turn.
        """
        failed: SetupError | None = None
        for impl in self._implementations(hook):
            try:
                with self._blaming(impl.plugin_name, hook):
                    result = impl.function(*(arguments[name] for name in impl.argnames))
                    if inspect.isawaitable(result):
                        await result
            except SetupError as exc:
                failed = failed or exc
                if not to_the_end:
                    break
        if failed is not None:
            raise failed

    def refusals(self, hook: str, **arguments: Any) -> Iterator[tuple[str, SetupError]]:
        """Call one plain hook on every plugin; give each that refuses, by its name, with what it says."""
        for impl in self._implementations(hook):
            try:
                with self._blaming(impl.plugin_name, hook):
                    impl.function(*(arguments[name] for name in impl.argnames))
            except SetupError as exc:
                yield impl.plugin_name, exc

    @contextmanager
    def _blaming(self, plugin: str, hook: str) -> Iterator[None]:
        """Turn what a hook raises into a `PluginError` that names the plugin; a `SetupError` of its own stays."""
        try:
            yield
        except SetupError:
            raise
        except (Exception, SystemExit) as exc:
            raise PluginError(f"plugin {plugin!r} failed in {hook}: {_said(exc)}; {self._way_out(plugin)}") from exc

    def _way_out(self, name: str) -> str:
        how = "take it out of plugins=[...]" if name in self._given else f"plugins.disabled = [{name!r}]"
        return f"to start without it: {how}"

    def _implementations(self, hook: str) -> Iterator[Any]:
        for impl in getattr(self.manager.hook, hook).get_hookimpls():
            if self._trace is not None:
                self._trace(f"{hook} -> {impl.plugin_name}")
            yield impl

    def register_all(self) -> Registry:
        """Call every `register_*` hook once and collect what is offered."""
        registry = Registry()

        def into(table: dict[str, Any], kind: str) -> Callable[[str, Any], None]:
            return lambda name, value: put(table, kind, name, value)

        def named(table: dict[str, Any], kind: str) -> Callable[[Any], None]:
            return lambda value: put(table, kind, getattr(value, "name", ""), value)

        self.call("register_dialects", register=named(registry.dialects, "dialect"))
        self.call("register_providers", register=named(registry.providers, "provider"))
        for name, scheme in SCHEMES.items():
            put(registry.auth_schemes, "auth scheme", name, scheme)
        self.call("register_auth_schemes", register=into(registry.auth_schemes, "auth scheme"))
        self.call("register_policies", register=into(registry.policies, "policy"))
        self.call("register_layers", register=named(registry.layers, "layer"))
        self.call("register_stores", register=into(registry.stores, "store"))
        self.call("register_limiters", register=into(registry.limiters, "limiter"))
        self.call("register_price_sources", register=registry.price_sources.append)
        self.call("register_identity_sources", register=into(registry.identity_sources, "identity source"))
        self.call("register_key_sources", register=into(registry.key_sources, "key source"))
        self.call("register_key_rotators", register=into(registry.key_rotators, "key rotator"))
        self.call("register_secret_sinks", register=into(registry.secret_sinks, "secret sink"))
        self.call("register_jobs", register=named(registry.jobs, "job"))
        for event in EVENTS:
            put(registry.events, "event", event, event)
        self.call("register_events", register=lambda event: _put_event(registry, event))
        self.call("register_mailers", register=into(registry.mailers, "mailer"))
        self.call("register_apps", register=_mounting(registry.apps, "app"))
        self.call("register_paths", register=_mounting(registry.paths, "path"))
        self.call("register_well_known", register=into(registry.well_known, "well-known document"))
        self.call("register_service_kinds", register=named(registry.service_kinds, "kind of service"))
        self.call("register_metrics", register=registry.observers.append)
        self.call("register_panels", register=into(registry.panels, "panel"))
        self.call("register_screens", register=named(registry.screens, "screen"))
        self.call("register_menu", register=into(registry.menu, "entry of the menu"))
        self.call("register_columns", register=lambda table, one: registry.columns.setdefault(table, []).append(one))
        return registry

    def commands(self) -> dict[str, Any]:
        """Collect the commands plugins add to the program."""
        table: dict[str, Any] = {}
        self.call("register_commands", register=lambda name, value: put(table, "command", name, value))
        return table


def is_plugin(thing: object) -> bool:
    """Whether this has hooks: a module, or an object of which a method is one; anything else is a policy."""
    return inspect.ismodule(thing) or any(
        hasattr(getattr(type(thing), name, None), "tollbridge_impl") for name in dir(type(thing))
    )


def _mounting(table: dict[str, Mounted], kind: str) -> RegisterApp:
    def register(path: str, factory: Callable[..., Any], *, own_guard: str = "") -> None:
        put(table, kind, path, Mounted(factory, own_guard))

    return register


def _put_event(registry: Registry, event: str) -> None:
    if not is_event(event):
        raise PluginError(f"an event is written as acme.report, in lower case, not {event!r}")
    put(registry.events, "event", event, event)


def _distribution(entry: EntryPoint) -> tuple[str, str]:
    found: Distribution | None = entry.dist
    return (found.name, found.version) if found is not None else (entry.value, "?")


def _origin(entry: EntryPoint) -> str:
    return " ".join(_distribution(entry))


def _said(exc: BaseException) -> str:
    """Put what a plugin raised into one line."""
    if isinstance(exc, SystemExit):
        return f"it called sys.exit({exc.code!r})"
    return " ".join(str(exc).split()) or type(exc).__name__


def _asks_for(hook: Callable[..., object]) -> set[str]:
    """Give the arguments a hook is called with, as pluggy counts them: those without a default."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return {
        parameter.name
        for parameter in inspect.signature(hook).parameters.values()
        if parameter.kind in kinds and parameter.default is parameter.empty
    }


@cache
def _known_to(hook: str) -> set[str]:
    return _asks_for(getattr(hookspecs, hook))
