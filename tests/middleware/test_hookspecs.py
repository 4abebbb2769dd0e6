"""Every hook a plugin can implement."""

import inspect

import pytest

from tollbridge import hookspecs
from tollbridge.plugins import Plugins

HOOKS = {
    "register_dialects",
    "register_providers",
    "register_auth_schemes",
    "register_policies",
    "register_layers",
    "register_stores",
    "register_limiters",
    "register_price_sources",
    "register_identity_sources",
    "register_key_sources",
    "register_key_rotators",
    "register_secret_sinks",
    "register_jobs",
    "register_events",
    "register_mailers",
    "register_apps",
    "register_paths",
    "register_well_known",
    "register_service_kinds",
    "register_metrics",
    "register_commands",
    "register_panels",
    "register_screens",
    "register_menu",
    "register_columns",
    "check",
    "startup",
    "shutdown",
}
SPECS = {name: spec for name, spec in vars(hookspecs).items() if hasattr(spec, "tollbridge_spec")}


def test_hooks_are_those_that_are_promised() -> None:
    assert set(SPECS) == HOOKS


@pytest.mark.parametrize("name", sorted(HOOKS))
def test_hook_takes_what_its_kind_takes_and_says_what_it_is_for(name: str) -> None:
    spec = SPECS[name]
    wanted = ["register"] if name.startswith("register_") else ["gateway"]

    assert list(inspect.signature(spec).parameters) == wanted
    assert spec.__doc__
    assert spec("anything") is None


def test_every_register_hook_is_called_at_start() -> None:
    called: list[str] = []
    plugin = type("Everything", (), {})()
    for name in HOOKS:

        def note(register: object, *, hook: str = name) -> None:
            called.append(hook)

        setattr(plugin, name, hookspecs.hookimpl(note) if name.startswith("register_") else None)
    plugins = Plugins([plugin], found=[])

    plugins.register_all()
    plugins.commands()

    assert sorted(called) == sorted(name for name in HOOKS if name.startswith("register_"))
