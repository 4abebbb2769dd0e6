"""What the documents say is so."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from tollbridge import errors
from tollbridge.config import Config, ModelConfig, ProviderConfig, load_config, parse_config

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
TESTS = re.compile("def test_|class Test")
LINK = re.compile(r"\]\(([^)\s]+)\)")
SECTIONS = {option.name for option in fields(Config)} - {"path", "data"}


def blocks(language: str) -> list[Any]:
    """Find every fenced block of a language, with its page and number as its id."""
    found = []
    for page in PAGES:
        texts = [text for name, text in BLOCK.findall(page.read_text("utf-8")) if name == language]
        found += [pytest.param(text, id=f"{page.name}-{number}") for number, text in enumerate(texts, 1)]
    return found


def test_there_are_blocks_to_look_at() -> None:
    assert min(len(blocks("python")), len(blocks("toml"))) >= 3


@pytest.mark.parametrize("text", blocks("python"))
def test_python_of_the_documents_compiles_and_imports_what_there_is(text) -> None:
    tree = ast.parse(text)

    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "tollbridge":
            module = __import__(str(node.module), fromlist=[alias.name for alias in node.names])
            assert all(hasattr(module, alias.name) for alias in node.names)


@pytest.mark.parametrize("text", [block for block in blocks("python") if not TESTS.search(block.values[0])])
def test_python_of_the_documents_runs(text, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOLLBRIDGE_DATA", str(tmp_path))
    (tmp_path / "tollbridge.toml").write_text("")

    exec(compile(text, "<document>", "exec"), {"__name__": "tollbridge_of_the_documents"})


@pytest.mark.parametrize("text", blocks("toml"))
def test_toml_of_the_documents_is_valid_and_configuration_fits(text) -> None:
    table = tomllib.loads(text)

    assert table
    if table.keys() <= SECTIONS:
        parse_config(table)


def indented(page: Path) -> Iterator[str]:
    """Give the indented blocks of a page."""
    for block in re.findall(r"(?:^    .*\n(?:^\s*\n)?)+", page.read_text("utf-8"), re.MULTILINE):
        yield "\n".join(line[4:] for line in block.splitlines())


def test_configuration_in_indented_blocks_fits_too() -> None:
    found = [block for page in PAGES for block in indented(page) if re.match(r"\[(providers|models)\.", block)]

    assert found
    for block in found:
        parse_config(tomllib.loads(block))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_within_the_repository_leads_somewhere(page) -> None:
    for link in LINK.findall(page.read_text("utf-8")):
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert ROOT in target.parents, link
        if anchor:
            headings = re.findall(r"^#+ (.+)$", target.read_text("utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}, link


def codes() -> set[str]:
    """Find the code of every error a caller can get, and those given where one is raised."""
    found = {
        value.code
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, errors.GatewayError)
    }
    scripted = ROOT / "providers" / "tollbridge_echo"  # has a page of its own
    said_by_providers = [path for path in (ROOT / "providers").rglob("*.py") if path.parent != scripted]
    core = ROOT / "middleware" / "tollbridge"
    for path in (
        *(core / "layers").glob("*.py"),
        *(core / "asking").glob("*.py"),
        core / "tokens" / "conditions.py",
        core / "services" / "admitting.py",
        core / "services" / "entrance.py",
        core / "services" / "secrets.py",
        *said_by_providers,
    ):
        found |= set(re.findall(r'\bcode="(\w+)"', path.read_text("utf-8")))
    return found


ADMINISTERED = {"applications", "services", "stores", "testing", "tokens", "people", "trying.py", "webhooks"}
"""Where what is refused is refused to administrators; their codes stand in docs/admin-api.md."""


def statuses_of_their_own() -> Iterator[tuple[int, str]]:
    """Find the errors that are raised with another status than their class has, but for those of the admin API."""
    for path in (ROOT / "middleware" / "tollbridge").rglob("*.py"):
        calls = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]
        for call in calls if ADMINISTERED.isdisjoint((path.name, path.parent.name)) else []:
            kind = getattr(errors, call.func.id, None) if isinstance(call.func, ast.Name) else None
            given = {word.arg: word.value.value for word in call.keywords if isinstance(word.value, ast.Constant)}
            if kind is not None and "status" in given:
                yield int(str(given["status"])), str(given.get("code", kind.code))


def test_every_error_code_is_in_operations_with_its_status() -> None:
    page = (ROOT / "docs" / "operations.md").read_text("utf-8")
    rows = re.findall(r"^\| (\d{3}) \| (.+?) \|", page, re.MULTILINE)
    documented = {(int(status), code) for status, names in rows for code in re.findall(r"`(\w+)`", names)}
    raised = {
        (value.status, value.code)
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, errors.GatewayError)
    }

    raised |= set(statuses_of_their_own())

    assert codes() - {"denied"} == {code for _, code in documented} - {"denied"}
    assert raised - documented <= {(403, "denied")}


EXAMPLES = {"providers": ("mine", ProviderConfig), "models": ("gpt-4o-mini", ModelConfig)}


def shipped() -> str:
    return (ROOT / "conf" / "tollbridge.toml").read_text("utf-8")


def uncommented(section: str) -> dict[str, Any]:
    """Read the example of a section that is commented out."""
    lines = shipped().splitlines()
    name = EXAMPLES[section][0]
    start = next(i for i, line in enumerate(lines) if re.fullmatch(rf'# \[{section}\."?{re.escape(name)}"?\]', line))
    taken = []
    for line in lines[start:]:
        if not line.startswith("# "):
            break
        taken.append(line[2:])
    table: dict[str, Any] = tomllib.loads("\n".join(taken))[section][name]
    return table


def test_shipped_configuration_is_the_defaults() -> None:
    assert parse_config(tomllib.loads(shipped())) == Config()


def test_shipped_configuration_loads_from_its_place() -> None:
    assert load_config(ROOT / "conf" / "tollbridge.toml", {}).server == Config().server


def test_shipped_configuration_has_every_option_of_every_section_and_no_other() -> None:
    table = tomllib.loads(shipped())
    hints = get_type_hints(Config)
    sections = {name: hints[name] for name in SECTIONS if is_dataclass(hints[name])}

    assert table.keys() == sections.keys()
    for name, section in sections.items():
        assert list(table[name]) == [option.name for option in fields(section)], name


@pytest.mark.parametrize("section", EXAMPLES)
def test_commented_examples_show_every_option_and_the_defaults_of_those_that_are_off(section) -> None:
    example, kind = uncommented(section), EXAMPLES[section][1]

    assert example.keys() == {option.name for option in fields(kind)}
    parse_config({section: {"example": example}})
    for option in fields(kind):
        value = example[option.name]
        if value in ("", {}, False):
            default = option.default if option.default is not MISSING else option.default_factory()  # type: ignore[misc]
            assert value == default, option.name


def test_policies_are_shown_as_an_example() -> None:
    assert "# [policies.curfew]\n# opens = 08:00:00\n# closes = 18:00:00\n" in shipped()


def test_documented_packages_of_examples_are_those_in_the_folder() -> None:
    page = (ROOT / "docs" / "plugins.md").read_text("utf-8")
    examples = ROOT / "docs" / "examples"

    for path in ("tollbridge-acme/tollbridge_acme/__init__.py", "tollbridge-curfew/tollbridge_curfew.py"):
        assert (examples / path).read_text("utf-8").strip() in page
    assert (examples / "tollbridge-acme" / "pyproject.toml").read_text("utf-8").strip() in page


def test_no_page_names_a_python_older_than_the_package_needs() -> None:
    assert sys.version_info >= (3, 11)
    assert "Python 3.11" in (ROOT / "README.md").read_text("utf-8")


def test_every_promise_names_tests_that_are_there() -> None:
    page = (ROOT / "docs" / "tests.md").read_text("utf-8")
    rows = re.findall(r"^\| (T\d\d) \| ([^|]+) \| ([^|]+) \|$", page, re.MULTILINE)
    numbers = [number for number, _, _ in rows]

    assert len(rows) == page.count("\n| T") >= 25
    assert numbers == sorted(set(numbers))
    for number, _, shown in rows:
        files = [ROOT / name for name in re.findall(r"`([^`]+)`", shown)]
        assert files, number
        assert [file for file in files if not file.is_file()] == [], number
        assert all("def test_" in file.read_text("utf-8") for file in files), number
