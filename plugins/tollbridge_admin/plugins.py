"""Plugins: what is installed, what each registered, and how often its policies failed.  They are the whole bridge's.

How long policies take is measured nowhere, so nothing here says it.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from tollbridge import Denied, Gateway, SetupError
from tollbridge_admin.asking import Answer, Asked
from tollbridge_admin.pluginshapes import PluginShown, PluginsShown
from tollbridge_admin.routes import Nothing, Route, route

READ = "admin:plugins:read"
_FAILURES, _REFUSED, _POLICY_FAILED = "policy_failures_total", "refused_total", "policy_failed"
_POLICIES = "policies"


class Plugins:
    """Answers with them."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._installed: Sequence[Any] | None = None

    def routes(self) -> Sequence[Route]:
        """Say what can be asked."""
        return (route("GET", "/plugins", self.list_plugins, takes=Nothing, gives=PluginsShown, scope=READ),)

    async def list_plugins(self, asked: Asked, nothing: Nothing) -> Answer:
        """List the plugins: what each registered, whether it is switched off, and whether its policies fail."""
        if asked.caller.team:
            raise Denied("plugins are the whole bridge's; a token with a team sees none", code="out_of_reach")
        gateway = self._gateway
        failures = {name: int(count) for (name,), count in gateway.metrics.counted(_FAILURES).items()}
        items = await asyncio.to_thread(self._items, failures)
        refusals = gateway.metrics.counted(_REFUSED).get((_POLICY_FAILED,), 0)
        return Answer(
            PluginsShown(
                items=items,
                timeout_s=gateway.config.plugins.timeout_s,
                policy_refusals=int(refusals),
                counted="workers" if gateway.metrics.shared else "worker",
            )
        )

    def _items(self, failures: Mapping[str, int]) -> list[PluginShown]:
        """Look at each.  The first time it reads the metadata of packages, and has them register their commands: a
        start does without either."""
        plugins = self._gateway.plugins
        if self._installed is None:
            with suppress(SetupError):
                plugins.commands()
            self._installed = plugins.listed
        found = [
            self._shown(one.name, failures, distribution=one.distribution, version=one.version, module=one.module)
            for one in self._installed
        ]
        installed = {one.name for one in found}
        given = [name for name, plugin in plugins.manager.list_name_plugin() if name not in installed and plugin]
        return sorted((*found, *(self._shown(name, failures) for name in given)), key=lambda one: one.name)

    def _shown(
        self,
        name: str,
        failures: Mapping[str, int],
        *,
        distribution: str | None = None,
        version: str | None = None,
        module: str = "",
    ) -> PluginShown:
        plugins, settings = self._gateway.plugins, self._gateway.config.plugins
        plugin = plugins.manager.get_plugin(name)
        callers = (plugins.manager.get_hookcallers(plugin) if plugin is not None else None) or ()
        registered = plugins.registrations.of(name)
        policies = registered.get(_POLICIES, ())
        used = {policy for policy, _ in self._gateway.policies}
        return PluginShown(
            name=name,
            origin="code" if distribution is None else "installed",
            distribution=distribution,
            version=version,
            module=module or _module(plugin),
            enabled=plugin is not None,
            off=None if plugin is not None else "disabled" if name in settings.disabled else "not_allowed",
            hooks=sorted(caller.name for caller in callers),
            registered=registered,
            in_use=[policy for policy in policies if policy in used],
            failures=sum(failures.get(policy, 0) for policy in policies),
        )


def _module(plugin: object) -> str:
    name = getattr(plugin, "__name__", None)
    return name if isinstance(name, str) else type(plugin).__module__
