"""Who may import whom, how long things may be, and what importing costs."""

import ast
import importlib
import json
import re
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter

import pytest
from tests.support.publicnames import PUBLIC
from tests.support.sources import CORE, Import, Source, of, sources

import tollbridge

RANKS = (
    (
        *(
            "errors",
            "audit",
            "clock",
            "money",
            "ids",
            "options",
            "pagemodel",
            "panels",
            "redaction",
            "faults",
            "growth",
        ),
        "operators",
        *(
            "bodysanity",
            "settings",
            "signinsettings",
            "oauthsettings",
            "jobsettings",
            "pagesettings",
            "servicesettings",
            "defences",
        ),
    ),
    (
        *("accesstokens", "auth", "call", "config", "hookspecs", "models", "providers", "registry", "data", "vault"),
        *("keys", "sealing"),
    ),
    (
        *("jose", "tokens", "clients", "grants", "limits", "metering", "formats", "stores", "transport", "metrics"),
        *("logs", "applications", "people", "services", "sanity", "surface", "jobs", "webhooks", "rotation"),
    ),
    (
        *(
            "access",
            "atonce",
            "browsing",
            "canaries",
            "credentials",
            "identity",
            "importing",
            "installed",
            "throttle",
            "wholebody",
            "leaks",
            "noticing",
            "scannerkeys",
            "shownkeys",
            "signing",
            "opening",
            "readings",
            "openapi",
            "plainfiles",
            "yamltext",
            "ownkeys",
            "proving",
            "pepperseal",
            "recorded",
            "registrations",
            "rewrapping",
            "sessions",
        ),
        *("server", "signingkeys"),
    ),
    ("hosts", "merging", "routes", "providerkeys", "administering", "ownwork"),
    ("layers",),
    (
        "authorizing",
        "chain",
        "inside",
        "plugins",
        "front",
        "runtime",
        "guarding",
        "configured",
        "policing",
        "asking",
        "assembling",
    ),
    ("trying",),
    ("gateway", "attention", "explaining", "seeing", "screens", "wrapping", "handshake", "leftovers"),
    ("serving", "testing"),
    ("cli",),
    ("__main__",),
)
"""The order of imports in the core: a module may import what stands on its own line or above."""

NEIGHBOURS = {
    ("tollbridge_admin", "tollbridge_prompts"): "its starters are given to whoever begins a prompt API",
    ("tollbridge_admin", "tollbridge_routes"): "the wrapped app's routes are made into the draft of a service",
    ("tollbridge_admin", "tollbridge_rest"): "an OpenAPI document is made into the draft of a REST service",
    ("tollbridge_ascode", "tollbridge_admin"): "its commands ask the admin API as those of that do",
    ("tollbridge_routes", "tollbridge_rest"): "an app's description is read and compared as that of a REST service",
    ("tollbridge_demo", "tollbridge_local"): "the model of the demo is the local one",
    ("tollbridge_demo", "tollbridge_prompts"): "what a gateway begins with is one of their starters",
}
"""Where one of our packages uses the public names of another."""

STARTS_FAST = "the command line starts without it"
WITH_A_GATEWAY = "what it offers loads with a gateway, not with every command"
LATE = {
    ("tollbridge.cli", "tollbridge.cli.app.run"): "`python -m tollbridge.cli` alone needs typer",
    ("tollbridge.cli.commands", "tollbridge.cli.checking.*"): STARTS_FAST,
    ("tollbridge.cli.commands", "tollbridge.cli.offline.store_factories"): STARTS_FAST,
    ("tollbridge.cli.commands", "tollbridge.opening.schema_keeper"): STARTS_FAST,
    ("tollbridge.cli.commands", "tollbridge.stores.versions.SchemaState"): STARTS_FAST,
    ("tollbridge.cli.later", "asyncio"): STARTS_FAST,
    ("tollbridge.cli.later", "tollbridge.config.*"): STARTS_FAST,
    ("tollbridge.cli.output", "rich.*"): STARTS_FAST,
    ("tollbridge.cli.sealing", "tollbridge.cli.offline.*"): STARTS_FAST,
    ("tollbridge.cli.sealing", "tollbridge.rewrapping.*"): STARTS_FAST,
    ("tollbridge.cli.secrets", "tollbridge.cli.offline.rings_of"): STARTS_FAST,
    ("tollbridge.cli.secrets", "tollbridge.vault.*"): STARTS_FAST,
    ("tollbridge.cli.serving", "tollbridge.serving.run_server"): STARTS_FAST,
    ("tollbridge.cli.auditways", "tollbridge.audit.*"): STARTS_FAST,
    ("tollbridge.cli.auditways", "tollbridge.cli.remote.Remote"): STARTS_FAST,
    ("tollbridge.cli.auditways", "tollbridge.recorded.shown_change"): STARTS_FAST,
    ("tollbridge.cli.peppers", "tollbridge.cli.offline.*"): STARTS_FAST,
    ("tollbridge.cli.tokenways", "tollbridge.cli.remote.Remote"): STARTS_FAST,
    ("tollbridge.cli.tokenways", "tollbridge.cli.tokensthere.There"): STARTS_FAST,
    ("tollbridge.cli.tokenways", "tollbridge.readings.budgets_of"): STARTS_FAST,
    ("tollbridge.cli.tokenways", "tollbridge.stores.changes.TokenChange"): STARTS_FAST,
    ("tollbridge.cli.tokenways", "tollbridge.tokens.review.review"): STARTS_FAST,
    ("tollbridge.cli.tokenwords", "tollbridge.cli.offline.Offline"): STARTS_FAST,
    ("tollbridge.cli.tokenwords", "tollbridge.tokens.*"): STARTS_FAST,
    ("tollbridge.cli.tokens", "tollbridge.tokens.model.*"): STARTS_FAST,
    ("tollbridge.cli.tokens", "tollbridge.tokens.service.check_wish"): STARTS_FAST,
    (
        "tollbridge.metering.genai",
        "genai_prices.*",
    ): "its data takes long to load and only calls without a price ask it",
    ("tollbridge.stores.schema", "tollbridge.stores.upgrading.upgrade_file"): "Alembic, for an older file only",
    ("tollbridge.stores.sqlite", "tollbridge.stores.engine.sqlite_engine"): "SQLAlchemy, for administration only",
    ("tollbridge.stores.sqlite", "tollbridge.stores.sql.SqlSide"): "SQLAlchemy, for administration only",
    ("tollbridge.transport", "tollbridge.transport.httpx2_transport.Httpx2Transport"): "the driver that was chosen",
    ("tollbridge.transport", "tollbridge.transport.http1.Http1Transport"): "the driver that was chosen",
    ("tollbridge.transport", "tollbridge.transport.websocket.Websockets"): "for sessions over WebSockets alone",
    ("tollbridge.transport.http1", "httpx2"): "for its TLS context, where a provider speaks TLS",
    ("tollbridge_pages", "tollbridge.screens.*"): "pages load with a gateway, not with every command",
    ("tollbridge_signin", "tollbridge_signin.*"): "its pages load with a gateway, not with every command",
    ("tollbridge_signin.commands", "tollbridge.*"): STARTS_FAST,
    ("tollbridge_signin.commands", "tollbridge_signin.door.*"): STARTS_FAST,
    ("tollbridge_admin", "tollbridge_admin.*"): WITH_A_GATEWAY,
    ("tollbridge_admin.commands.designfiles", "tollbridge.plainfiles.check_bounds"): STARTS_FAST,
    ("tollbridge_admin.commands.designfiles", "tollbridge.yamltext.read_yaml"): STARTS_FAST,
    ("tollbridge_admin.commands.reaching", "tollbridge.cli.remote.Remote"): STARTS_FAST,
    ("tollbridge_admin.commands.reaching", "tollbridge_admin.operating.Operating"): STARTS_FAST,
    ("tollbridge_anthropic", "tollbridge_anthropic.*"): WITH_A_GATEWAY,
    ("tollbridge_ascode", "tollbridge_ascode.*"): STARTS_FAST,
    ("tollbridge_ascode.commands", "tollbridge.plainfiles.write_folder"): STARTS_FAST,
    ("tollbridge_ascode.commands", "tollbridge.yamltext.write_yaml"): STARTS_FAST,
    ("tollbridge_ascode.commands", "tollbridge_ascode.*"): STARTS_FAST,
    ("tollbridge_compatible", "tollbridge_compatible.*"): WITH_A_GATEWAY,
    ("tollbridge_azure", "tollbridge_azure.*"): WITH_A_GATEWAY,
    ("tollbridge_bedrock", "tollbridge_bedrock.*"): WITH_A_GATEWAY,
    ("tollbridge_cloudflare", "tollbridge_cloudflare.*"): WITH_A_GATEWAY,
    ("tollbridge_cohere", "tollbridge_cohere.*"): WITH_A_GATEWAY,
    ("tollbridge_echo", "tollbridge_echo.*"): WITH_A_GATEWAY,
    ("tollbridge_gemini", "tollbridge_gemini.*"): WITH_A_GATEWAY,
    ("tollbridge_huggingface", "tollbridge_huggingface.*"): WITH_A_GATEWAY,
    ("tollbridge_jwt", "tollbridge_jwt.*"): WITH_A_GATEWAY,
    ("tollbridge_mcp", "tollbridge_mcp.*"): WITH_A_GATEWAY,
    ("tollbridge_mcp.app", "tollbridge_mcp.serving.*"): "the SDK is an extra",
    ("tollbridge_mcp.kind", "tollbridge_mcp.client.OutsideServer"): "the SDK is an extra",
    ("tollbridge_migrate", "tollbridge_migrate.*"): STARTS_FAST,
    ("tollbridge_migrate.commands", "tollbridge.SystemClock"): STARTS_FAST,
    ("tollbridge_migrate.commands", "tollbridge_migrate.*"): STARTS_FAST,
    ("tollbridge_mistral", "tollbridge_mistral.*"): WITH_A_GATEWAY,
    ("tollbridge_ollama", "tollbridge_ollama.*"): WITH_A_GATEWAY,
    ("tollbridge_postgres", "tollbridge.stores.building.StoreError"): WITH_A_GATEWAY,
    ("tollbridge_postgres", "tollbridge_postgres.*"): WITH_A_GATEWAY,
    ("tollbridge_postgres.connecting", "asyncpg.connect"): "asyncpg is an extra",
    ("tollbridge_postgres.pool", "asyncpg.create_pool"): "asyncpg is an extra",
    ("tollbridge_postgres.schema", "tollbridge_postgres.migrating.bring_up_to_date"): "Alembic, for older ones only",
    ("tollbridge_postgres.store", "tollbridge_postgres.engine.sql_side"): "SQLAlchemy, for administration only",
    ("tollbridge_prompts", "tollbridge_prompts.*"): WITH_A_GATEWAY,
    ("tollbridge_rest.pool", "httpx2"): "for its TLS context, where a node speaks TLS",
    ("tollbridge_replicate", "tollbridge_replicate.*"): WITH_A_GATEWAY,
    ("tollbridge_rest", "tollbridge_rest.*"): WITH_A_GATEWAY,
    ("tollbridge_rest.commands", "tollbridge_rest.*"): STARTS_FAST,
    ("tollbridge_routes", "tollbridge_routes.*"): WITH_A_GATEWAY,
    ("tollbridge_routes.commands", "tollbridge_routes.*"): STARTS_FAST,
    ("tollbridge_masking", "tollbridge_masking.*"): WITH_A_GATEWAY,
    ("tollbridge_signed", "tollbridge_signed.*"): WITH_A_GATEWAY,
    ("tollbridge_signed.signed", "tollbridge_signed.checking.Checking"): "http-message-signatures is an extra",
    ("tollbridge_smtp", "tollbridge_smtp.*"): "the client loads with a gateway that mails",
    ("tollbridge_vertex", "tollbridge_vertex.*"): WITH_A_GATEWAY,
    ("tollbridge_vertex.credentials", "google.*"): "google-auth is an extra",
    ("tollbridge_vertex.credentials", "httpx2"): "where a token is fetched",
    ("tollbridge_azure.entra", "httpx2"): "where a token is fetched",
    ("tollbridge_oauth", "tollbridge_oauth.*"): WITH_A_GATEWAY,
    ("tollbridge_openai", "tollbridge_openai.*"): WITH_A_GATEWAY,
    ("tollbridge_demo.command", "tollbridge.load_config"): STARTS_FAST,
    ("tollbridge_demo.command", "tollbridge_demo.running.run_demo"): STARTS_FAST,
    ("tollbridge_demo.command", "tollbridge_demo.beginning.begin"): STARTS_FAST,
    ("tollbridge_demo.running", "tollbridge_demo.service.make_service"): "FastAPI is an extra",
    ("tollbridge_local", "tollbridge_local.*"): "commands and the model load when they are used",
    ("tollbridge_local.commands", "tollbridge_local.*"): STARTS_FAST,
    ("tollbridge_demo.running", "tollbridge_local.install"): "not needed where the model is there",
}
"""Imports inside functions, each with its reason.  `.*` stands for any name of that module or below."""

CLOCKS = {("time", name) for name in ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter")} | {
    ("datetime", name) for name in ("now", "utcnow", "today")
}
OWN_CLOCK = {
    "tollbridge.clock": "it is the clock",
    "tollbridge_demo.service": "it stands for somebody's service, which knows nothing of ours",
}

LONGEST_FILE, LONGEST_FUNCTION, MOST_PARAMETERS = 500, 60, 5

MODULES = {source.module: source for source in sources()}
each = of(sources())
each_plugin = of([source for source in sources() if source.package != CORE])
each_of_core = of([source for source in sources() if source.package == CORE])


def place(module: str) -> str:
    """Give the part of the core a module belongs to: `tollbridge.limits.gcra` belongs to `limits`."""
    return module.split(".")[1] if "." in module else ""


def rank(module: str) -> int:
    """Say on which line of `RANKS` a module stands; the package itself stands above all."""
    found = [number for number, names in enumerate(RANKS) if place(module) in names]
    return found[0] if found else -1


def imported(found: Import) -> str:
    """Give the module that is loaded: `from tollbridge.stores import schema` loads `tollbridge.stores.schema`."""
    return found.whole if found.whole in MODULES else found.module


def ours(source: Source) -> list[Import]:
    """Give what a file imports of this project when it is loaded."""
    return [
        found
        for found in source.imports()
        if found.module.partition(".")[0].startswith(CORE) and not found.typing and not found.inside
    ]


def test_every_part_of_the_core_has_a_rank_and_every_rank_is_of_a_part() -> None:
    parts = {place(source.module) for source in sources() if source.package == CORE} - {""}
    ranked = [name for names in RANKS for name in names]

    assert sorted(ranked) == sorted(parts)


@each_of_core
def test_core_imports_never_upward(source: Source) -> None:
    upward = [
        f"line {found.line}: {source.module} imports {imported(found)}"
        for found in ours(source)
        if rank(imported(found)) > rank(source.module) and source.module != CORE
    ]

    assert upward == []


@each_of_core
def test_core_takes_no_name_by_way_of_the_package(source: Source) -> None:
    taken = [found.whole for found in source.imports() if found.module == CORE and not found.typing]

    assert [name for name in taken if name not in MODULES and name != "tollbridge.__version__"] == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {source.module: {imported(found) for found in ours(source)} - {source.module} for source in sources()}

    try:
        TopologicalSorter(graph).prepare()
    except CycleError as exc:
        circle = exc.args[1]
    else:
        circle = []

    assert circle == []


@each
def test_imports_are_absolute(source: Source) -> None:
    assert [found.whole for found in source.imports() if found.module.startswith(".")] == []


@each_plugin
def test_plugin_imports_only_what_is_public(source: Source) -> None:
    hidden = []
    for found in source.imports():
        package = found.module.partition(".")[0]
        if package == CORE:
            public = found.module in PUBLIC and not found.name.startswith("_")
            allowed = public and (found.module != CORE or found.name in tollbridge.__all__)
        elif package.startswith(f"{CORE}_"):
            neighbour = (source.package, package) in NEIGHBOURS and found.module == package
            allowed = package == source.package or neighbour
        else:
            continue
        if not allowed:
            hidden.append(found.whole)

    assert hidden == []


@pytest.mark.parametrize("module", [name for name in PUBLIC if name != CORE])
def test_public_module_is_there(module: str) -> None:
    assert module in MODULES


POSSESSIVE_GROUP = re.compile(r"(?<![\\(])\)(?:[*+?]|\{[0-9,]+\})\+")


def literal_of(node: ast.JoinedStr | ast.Constant) -> str:
    """Give what stands in a literal, without what is put in."""
    if isinstance(node, ast.JoinedStr):
        return "".join(literal_of(part) for part in node.values if isinstance(part, ast.Constant))
    return node.value.decode("latin-1") if isinstance(node.value, bytes) else str(node.value)


def late(source: Source) -> list[Import]:
    return [found for found in source.imports() if found.inside and not found.typing]


def allows(rule: tuple[str, str], source: Source, found: Import) -> bool:
    module, target = rule
    if module != source.module:
        return False
    return found.whole == target or (target.endswith(".*") and f"{found.whole}.".startswith(target[:-1]))


@each
def test_no_function_imports_but_for_a_reason(source: Source) -> None:
    unexplained = [found for found in late(source) if not any(allows(rule, source, found) for rule in LATE)]

    assert [f"line {found.line}: {found.whole}" for found in unexplained] == []


@pytest.mark.parametrize("rule", LATE, ids=lambda rule: f"{rule[0]} {rule[1]}")
def test_reason_still_has_its_import(rule: tuple[str, str]) -> None:
    assert any(allows(rule, source, found) for source in sources() for found in late(source))


@each
def test_file_is_not_too_long(source: Source) -> None:
    assert source.lines <= LONGEST_FILE


@each
def test_functions_are_not_too_long(source: Source) -> None:
    lengths = {node.name: (node.end_lineno or 0) - node.lineno + 1 for node in source.functions()}

    assert {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION} == {}


@each
def test_functions_take_few_parameters_by_place(source: Source) -> None:
    many = {}
    for node in source.functions():
        if any(".command(" in ast.unparse(decorator) for decorator in node.decorator_list):
            continue  # Typer makes options of them: nobody gives them by place
        names = [parameter.arg for parameter in (*node.args.posonlyargs, *node.args.args)]
        if len([name for name in names if name not in ("self", "cls")]) > MOST_PARAMETERS:
            many[node.name] = names

    assert many == {}


@each
def test_no_global_and_no_cast(source: Source) -> None:
    assert not [node for node in ast.walk(source.tree) if isinstance(node, ast.Global)]
    assert not [found for found in source.imports() if found.whole == "typing.cast"]


@each
def test_no_group_is_repeated_possessively(source: Source) -> None:
    """Python before 3.11.5, Debian's among them, keeps what a last try of `(?:...)*+` matched; `(?>(?:...)*)` is right.

    https://github.com/python/cpython/issues/106052
    """
    parts = (node for node in ast.walk(source.tree) if isinstance(node, ast.JoinedStr | ast.Constant))
    said = [literal_of(node) for node in parts]

    assert [text for text in said if "(?" in text and POSSESSIVE_GROUP.search(text)] == []


@each
def test_time_comes_from_a_clock(source: Source) -> None:
    read = {
        f"line {node.lineno}: {ast.unparse(node.func)}()"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if (ast.unparse(node.func.value).rpartition(".")[2], node.func.attr) in CLOCKS
    }
    taken = {found.whole for found in source.imports() if (found.module, found.name) in CLOCKS}

    assert source.module in OWN_CLOCK or not read | taken


def test_every_public_name_resolves_and_is_listed_once() -> None:
    assert sorted(tollbridge.__all__) == sorted(set(tollbridge.__all__))
    assert [name for name in tollbridge.__all__ if getattr(tollbridge, name, None) is None] == []
    assert {*tollbridge.__all__, "__version__"} == set(dir(tollbridge))


def test_public_names_are_the_same_for_a_type_checker() -> None:
    declared = {found.name: found.module for found in MODULES[CORE].imports() if found.typing}

    assert set(declared) == set(tollbridge.__all__)
    for name, home in declared.items():
        assert getattr(tollbridge, name) is getattr(importlib.import_module(home), name)


def test_name_that_is_not_public_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"^module 'tollbridge' has no attribute 'NoSuchThing'$"):
        tollbridge.NoSuchThing  # noqa: B018  # the look-up is the point


LOOK = """
import json, sys
touched = []
sys.addaudithook(lambda event, args: touched.append(event) if event.startswith("socket.") else None)
for module in sys.argv[1:]:
    __import__(module)
print(json.dumps({"loaded": sorted(sys.modules), "touched": touched}))
"""
BLOCK = """
import sys
missing = sys.argv.pop(1).split(",")
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in missing:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Missing())
"""


def run(code: str, *arguments: str) -> dict[str, list[str]]:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


def test_importing_the_package_loads_no_framework_and_touches_no_network() -> None:
    found = run(LOOK, CORE)

    heavy = {"starlette", "sqlalchemy", "httpx2", "cryptography", "typer", "asyncio", "pluggy", "msgspec"}
    assert heavy.isdisjoint(found["loaded"])
    assert [name for name in found["loaded"] if name.startswith(CORE)] == [CORE]
    assert found["touched"] == []


IMPORTABLE = [
    source.module
    for source in sources()
    if source.module.partition(".")[2].split(".")[0] != "testing"  # needs pytest
    if not source.module.endswith(("__main__", "migrations.env", "_demo.service", "_local.child"))  # run by others
]


def test_everything_imports_without_any_extra_and_touches_no_network() -> None:
    extras = "fastapi,xllamacpp,openai,anthropic,hypothesis,pytest,playwright,redis,asyncpg,mitmproxy"

    found = run(BLOCK + LOOK, extras, *IMPORTABLE)

    assert found["touched"] == []
    assert set(IMPORTABLE) <= set(found["loaded"])
