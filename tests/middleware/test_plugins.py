"""The loader: it finds plugins, and refuses to start where one does not fit."""

import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint, PathDistribution
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from tollbridge.auth import SCHEMES
from tollbridge.errors import ConfigError, PluginError, SetupError
from tollbridge.hookspecs import hookimpl
from tollbridge.layers.layer import Layer
from tollbridge.plugins import PluginInfo, Plugins
from tollbridge.providers import Provider
from tollbridge.registry import Mounted

POLICY = """
from dataclasses import dataclass
from tollbridge import hookimpl

@dataclass(frozen=True)
class Curfew:
    opens: int = 8

@hookimpl
def register_policies(register):
    register("curfew", Curfew)
"""
Install = Callable[..., EntryPoint]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Give `install(name, source)`: a distribution with one module and one entry point, as pip leaves it."""
    monkeypatch.syspath_prepend(tmp_path)

    def make(
        name: str, source: str = POLICY, *, module: str = "", distribution: str = "", version: str = "1.0"
    ) -> EntryPoint:
        module = module or f"tollbridge_sample_{name}"
        distribution = distribution or f"tollbridge-sample-{name}"
        (tmp_path / f"{module}.py").write_text(source)
        monkeypatch.delitem(sys.modules, module, raising=False)
        folder = tmp_path / f"{distribution.replace('-', '_')}-{version}.dist-info"
        folder.mkdir(exist_ok=True)
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        (folder / "entry_points.txt").write_text(f"[tollbridge]\n{name} = {module}\n")
        (found,) = PathDistribution(folder).entry_points
        return found

    return make


def test_plugin_of_an_entry_point_is_loaded_and_listed(install: Install) -> None:
    plugins = Plugins(found=[install("curfew")])

    assert set(plugins.register_all().policies) == {"curfew"}
    assert plugins.listed == [
        PluginInfo(
            "curfew",
            "tollbridge-sample-curfew",
            "1.0",
            "tollbridge_sample_curfew",
            ("register_policies",),
            enabled=True,
        )
    ]


def test_entry_point_without_a_distribution_is_listed_by_its_module(install: Install) -> None:
    install("curfew")

    (listed,) = Plugins(found=[EntryPoint("curfew", "tollbridge_sample_curfew", "tollbridge")]).listed

    assert (listed.distribution, listed.version) == ("tollbridge_sample_curfew", "?")


def test_installed_plugins_are_found_without_being_named() -> None:
    plugins = Plugins(allowed=["openai"])

    assert {"openai", "anthropic", "compatible"} <= {info.name for info in plugins.listed}
    assert {info.name for info in plugins.listed if info.enabled} == {"openai"}
    assert set(plugins.register_all().providers) == {"openai"}


def test_plugins_are_loaded_in_the_order_of_their_names(install: Install) -> None:
    entries = [install(name, "") for name in ("b", "c", "a")]

    assert [info.name for info in Plugins(found=entries).listed] == ["a", "b", "c"]


def test_disabled_plugin_is_listed_and_not_even_imported(install: Install) -> None:
    plugins = Plugins(found=[install("bad", "raise RuntimeError('imported')")], disabled=["bad"])

    assert [(info.name, info.enabled, info.hooks) for info in plugins.listed] == [("bad", False, ())]


def test_only_allowed_plugins_are_loaded(install: Install) -> None:
    entries = [install("good"), install("other", "raise RuntimeError('imported')")]

    plugins = Plugins(found=entries, allowed=["good"])

    assert [(info.name, info.enabled) for info in plugins.listed] == [("good", True), ("other", False)]


def test_disabling_goes_before_allowing(install: Install) -> None:
    plugins = Plugins(found=[install("both")], allowed=["both"], disabled=["both"])

    assert not plugins.listed[0].enabled


@pytest.mark.parametrize("lists", [{"allowed": ["crufew"]}, {"disabled": ["crufew"]}])
def test_name_that_is_not_installed_is_refused(install: Install, lists: dict[str, list[str]]) -> None:
    entries = [install("curfew"), install("other")]

    with pytest.raises(
        PluginError, match=r"^\[plugins\] names 'crufew', which is not installed; installed: curfew, other$"
    ):
        Plugins(found=entries, **lists)


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("import nope", "No module named 'nope'"),
        ("1 / 0", "division by zero"),
        ("def broken(:", r"invalid syntax .*"),
        ("from tollbridge import NoSuchThing", "cannot import name 'NoSuchThing' from 'tollbridge' .*"),
    ],
)
def test_plugin_that_does_not_import_refuses_to_start_and_names_the_way_out(
    install: Install, source: str, why: str
) -> None:
    entry = install("bad", source)

    with pytest.raises(
        PluginError,
        match=rf"^plugin 'bad' \(tollbridge-sample-bad 1\.0\) did not load: {why}; "
        r"to start without it: plugins\.disabled = \['bad'\]$",
    ):
        Plugins(found=[entry])


def test_entry_point_to_nothing_refuses_to_start(install: Install) -> None:
    install("bad", "")

    with pytest.raises(PluginError, match=r"plugin 'bad' .* did not load: .*no attribute 'plugin'"):
        Plugins(found=[EntryPoint("bad", "tollbridge_sample_bad:plugin", "tollbridge")])


def test_two_packages_of_one_name_refuse_to_start_and_are_both_named(install: Install) -> None:
    ours = install("groq")
    theirs = install("groq", module="tollbridge_dup", distribution="tollbridge-dup", version="0.2")

    with pytest.raises(
        PluginError,
        match=r"^two packages name a plugin 'groq': tollbridge-sample-groq 1\.0 and tollbridge-dup 0\.2; "
        r"uninstall one of them$",
    ):
        Plugins(found=[ours, theirs])


def test_same_entry_point_found_twice_is_one_plugin(install: Install) -> None:
    entry = install("curfew")

    assert len(Plugins(found=[entry, entry]).listed) == 1


@pytest.mark.parametrize(
    "source",
    [
        "from tollbridge import hookimpl\n@hookimpl\ndef register_provider(register): ...",
        "def register_provider(register): ...",
        "from tollbridge import hookimpl\n@hookimpl\ndef start_up(gateway): ...",
        "register_everything = 5",
    ],
)
def test_misspelt_hook_refuses_to_start(install: Install, source: str) -> None:
    entry = install("typo", source)

    with pytest.raises(
        PluginError,
        match=r"^unknown hook '\w+' in plugin 'typo' \(tollbridge-sample-typo 1\.0\); "
        r"to start without it: plugins\.disabled = \['typo'\]$",
    ):
        Plugins(found=[entry])


def test_hook_without_its_mark_would_be_skipped_so_it_refuses_to_start(install: Install) -> None:
    entry = install("bare", POLICY.replace("@hookimpl\ndef", "def"))

    with pytest.raises(
        PluginError,
        match=r"^the hook 'register_policies' in plugin 'bare' \(tollbridge-sample-bare 1\.0\) lacks @hookimpl; "
        r"to start without it: plugins\.disabled = \['bare'\]$",
    ):
        Plugins(found=[entry])


@pytest.mark.parametrize(
    ("hook", "sentence"),
    [
        (
            "def register_policies(register, config)",
            "'register_policies' .* asks for config, and may only ask for register",
        ),
        ("async def startup(gatewy, *more, bare=1)", "'startup' .* asks for gatewy, and may only ask for gateway"),
    ],
)
def test_hook_with_arguments_it_is_not_given_refuses_to_start(install: Install, hook: str, sentence: str) -> None:
    entry = install("greedy", f"from tollbridge import hookimpl\n@hookimpl\n{hook}: ...")

    with pytest.raises(
        PluginError, match=rf"^the hook {sentence}; to start without it: plugins\.disabled = \['greedy'\]$"
    ):
        Plugins(found=[entry])


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("import sys\nsys.exit()", r"it called sys\.exit\(None\)"),
        ("import sys\nsys.exit('no licence')", r"it called sys\.exit\('no licence'\)"),
        ("raise RuntimeError('two\\n  lines')", "two lines"),
        ("raise RuntimeError", "RuntimeError"),
    ],
)
def test_what_a_plugin_raises_at_import_is_one_line(install: Install, source: str, why: str) -> None:
    entry = install("bad", source)

    with pytest.raises(PluginError, match=rf"^plugin 'bad' \(.*\) did not load: {why}; to start without it: [^\n]+$"):
        Plugins(found=[entry])


def test_hook_that_ends_the_program_is_an_error_of_its_plugin(install: Install) -> None:
    entry = install(
        "exits", "import sys\nfrom tollbridge import hookimpl\n@hookimpl\ndef register_policies(): sys.exit(3)"
    )

    with pytest.raises(PluginError, match=r"^plugin 'exits' failed in register_policies: it called sys\.exit\(3\); "):
        Plugins(found=[entry]).register_all()


COMMAND = """
from tollbridge import hookimpl

@hookimpl
def register_commands(register):
    register("NAME", print)
"""


def test_forgiven_plugin_is_left_out_and_the_others_stay(install: Install) -> None:
    problems: list[SetupError] = []
    entries = [
        install("absent", "import nope"),
        install("fails", COMMAND.replace('register("NAME", print)', "1 / 0")),
        install("good", COMMAND.replace("NAME", "good")),
        install("twin", COMMAND.replace("NAME", "twin")),
        install("twin", "import nope", module="other_twin", distribution="other-twin"),
        install("typo", COMMAND.replace("NAME", "typo").replace("register_commands", "register_command")),
    ]

    plugins = Plugins(found=entries, disabled=["nope"], forgive=problems.append)

    assert set(plugins.commands()) == {"good", "twin"}
    assert {info.name: info.hooks for info in plugins.listed if info.hooks} == {
        name: ("register_commands",) for name in ("fails", "good", "twin")
    }
    assert [str(problem).partition(" (")[0].partition(":")[0] for problem in problems] == [
        "[plugins] names 'nope', which is not installed; installed",
        "plugin 'absent'",
        "two packages name a plugin 'twin'",
        "unknown hook 'register_command' in plugin 'typo'",
        "plugin 'fails' failed in register_commands",
    ]


def test_one_module_under_two_names_refuses_to_start(install: Install) -> None:
    install("one")
    entries = [EntryPoint(name, "tollbridge_sample_one", "tollbridge") for name in ("one", "two")]

    with pytest.raises(PluginError, match=r"^plugin 'two' .* does not fit: .*already registered"):
        Plugins(found=entries)


class Meters:
    """A plugin handed over in code."""

    def __init__(self) -> None:
        self.seen: list[object] = []

    @hookimpl
    def register_metrics(self, register: Callable[[object], None]) -> None:
        register(self.seen.append)

    @hookimpl
    def register_price_sources(self, register: Callable[[object], None]) -> None:
        register("a source")


def test_plugin_given_in_code_is_used_and_not_listed(install: Install) -> None:
    given = Meters()

    plugins = Plugins([given], found=[install("curfew")])
    registry = plugins.register_all()

    assert [info.name for info in plugins.listed] == ["curfew"]
    assert registry.observers == [given.seen.append]
    assert registry.price_sources == ["a source"]


def test_plugin_given_twice_is_refused() -> None:
    with pytest.raises(PluginError, match=r"^plugin 'Meters' \(given in code\) does not fit: .*already registered"):
        Plugins([Meters(), Meters()], found=[])


def test_misspelt_hook_of_a_plugin_given_in_code_says_where_to_take_it_out() -> None:
    class Typo:
        @hookimpl
        def register_policy(self, register: object) -> None: ...

    with pytest.raises(
        PluginError,
        match=r"^unknown hook 'register_policy' in plugin 'Typo' \(given in code\); "
        r"to start without it: take it out of plugins=\[\.\.\.\]$",
    ):
        Plugins([Typo()], found=[])


def test_module_given_in_code_goes_by_its_own_name() -> None:
    module = ModuleType("my_policies")
    module.register_policies = lambda register: None  # type: ignore[attr-defined]  # a module made on the spot

    with pytest.raises(PluginError, match=r"in plugin 'my_policies' \(given in code\) lacks @hookimpl"):
        Plugins([module], found=[])


def offering(**hooks: Callable[..., object]) -> SimpleNamespace:
    """Make a plugin of functions."""
    return SimpleNamespace(**{name: hookimpl(hook) for name, hook in hooks.items()})


def test_what_is_registered_is_found_by_its_kind() -> None:
    class Special(Layer):
        name = "special"
        after = "policies"

    def value() -> None: ...

    provider = Provider("mine")
    plugin = offering(
        register_dialects=lambda register: register(SimpleNamespace(name="odd")),
        register_providers=lambda register: register(provider),
        register_auth_schemes=lambda register: register("scheme", value),
        register_policies=lambda register: register("policy", int),
        register_layers=lambda register: register(Special),
        register_stores=lambda register: register("store", value),
        register_limiters=lambda register: register("limiter", value),
        register_price_sources=lambda register: register(value),
        register_identity_sources=lambda register: register("identity", value),
        register_apps=lambda register: register("app", value),
        register_well_known=lambda register: register("document", value),
        register_metrics=lambda register: register(value),
        register_panels=lambda register: register("panel", value),
        register_commands=lambda register: register("command", value),
    )
    plugins = Plugins([plugin], found=[])

    registry = plugins.register_all()

    assert set(registry.dialects) == {"odd"}
    assert registry.providers == {"mine": provider}
    assert registry.auth_schemes == {**SCHEMES, "scheme": value}
    assert registry.policies == {"policy": int}
    assert registry.layers == {"special": Special}
    assert registry.stores == {"store": value}
    assert registry.limiters == {"limiter": value}
    assert registry.price_sources == [value]
    assert registry.identity_sources == {"identity": value}
    assert registry.apps == {"app": Mounted(value)}
    assert registry.well_known == {"document": value}
    assert registry.observers == [value]
    assert registry.panels == {"panel": value}
    assert plugins.commands() == {"command": value}


def test_name_registered_by_two_plugins_is_refused(install: Install) -> None:
    plugins = Plugins(found=[install("one"), install("two")])

    with pytest.raises(PluginError, match=r"^the policy 'curfew' is registered twice"):
        plugins.register_all()


def test_name_registered_twice_by_one_plugin_is_refused() -> None:
    def twice(register: Callable[[str, type], None]) -> None:
        register("mine", int)
        register("mine", int)

    with pytest.raises(PluginError, match=r"^the policy 'mine' is registered twice"):
        Plugins([offering(register_policies=twice)], found=[]).register_all()


def test_thing_without_a_name_is_refused() -> None:
    plugins = Plugins([offering(register_providers=lambda register: register(object()))], found=[])

    with pytest.raises(PluginError, match=r"^a provider needs a name, not ''$"):
        plugins.register_all()


def test_hook_that_raises_is_named_with_its_plugin_and_the_way_out(install: Install) -> None:
    source = "from tollbridge import hookimpl\n@hookimpl\ndef register_policies(register): raise KeyError('url')"
    plugins = Plugins(found=[install("bad", source)])

    with pytest.raises(
        PluginError,
        match=r"^plugin 'bad' failed in register_policies: 'url'; to start without it: plugins\.disabled = \['bad'\]$",
    ):
        plugins.register_all()


def test_hook_of_a_plugin_given_in_code_that_raises_says_where_to_take_it_out() -> None:
    def fail(register: object) -> None:
        raise ValueError("no")

    plugin = type("Faulty", (), {"register_policies": staticmethod(hookimpl(fail))})()

    with pytest.raises(PluginError, match=r"^plugin 'Faulty' failed in register_policies: no; .*plugins=\[\.\.\.\]$"):
        Plugins([plugin], found=[]).register_all()


def test_setup_error_of_a_plugin_keeps_its_own_words() -> None:
    def fail(register: object) -> None:
        raise ConfigError("policies.x: set url")

    with pytest.raises(ConfigError, match=r"^policies\.x: set url$"):
        Plugins([offering(register_policies=fail)], found=[]).register_all()


def test_hooks_are_called_in_a_fixed_order_and_may_be_traced(install: Install) -> None:
    source = "from tollbridge import hookimpl\n@hookimpl\ndef register_policies(register): ..."
    entries = [install(name, source) for name in ("b", "a")]

    def trace() -> list[str]:
        lines: list[str] = []
        Plugins(found=entries, trace=lines.append).register_all()
        return lines

    assert trace() == trace()
    assert sorted(trace()) == ["register_policies -> a", "register_policies -> b"]


def test_call_gives_what_the_plugins_gave() -> None:
    one = offering(startup=lambda gateway: f"one {gateway}")
    other = type("Other", (), {"startup": staticmethod(hookimpl(lambda: None))})()

    assert Plugins([one, other], found=[]).call("startup", gateway="gw") == ["one gw"]


async def test_startup_is_awaited_whether_it_is_async_or_not() -> None:
    seen: list[str] = []

    class Async:
        @hookimpl
        async def startup(self, gateway: str) -> None:
            seen.append(f"async {gateway}")

    class Plain:
        @hookimpl
        def startup(self) -> None:
            seen.append("plain")

    await Plugins([Async(), Plain()], found=[]).run("startup", gateway="gw")

    assert sorted(seen) == ["async gw", "plain"]


class Fails:
    """A plugin that fails at both ends of a gateway's life."""

    def __init__(self, seen: list[str], error: Exception) -> None:
        self.seen = seen
        self.error = error

    @hookimpl
    async def startup(self) -> None:
        self.seen.append(type(self).__name__)
        raise self.error

    @hookimpl
    async def shutdown(self) -> None:
        self.seen.append(type(self).__name__)
        raise self.error


class FailsToo(Fails):
    """Another one."""


async def test_first_failed_startup_ends_the_start() -> None:
    seen: list[str] = []
    plugins = Plugins([Fails(seen, OSError("no")), FailsToo(seen, OSError("no"))], found=[])

    with pytest.raises(PluginError, match=r"^plugin 'Fails\w*' failed in startup: no; "):
        await plugins.run("startup", gateway="gw")

    assert len(seen) == 1


async def test_every_shutdown_has_its_turn_and_the_first_error_is_told() -> None:
    seen: list[str] = []
    plugins = Plugins([Fails(seen, ConfigError("first")), FailsToo(seen, ConfigError("second"))], found=[])

    with pytest.raises(SetupError) as caught:
        await plugins.run("shutdown", to_the_end=True, gateway="gw")

    assert sorted(seen) == ["Fails", "FailsToo"]
    assert str(caught.value) == {"Fails": "first", "FailsToo": "second"}[seen[0]]


def test_gateways_have_plugins_of_their_own() -> None:
    one, other = Plugins([Meters()], found=[]), Plugins(found=[])

    assert len(one.register_all().observers) == 1
    assert other.register_all().observers == []
