"""What a report tells somebody to do can be done: each command and option that it names is there."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

import tollbridge_migrate
from tollbridge.cli.app import build

ROOT = Path(__file__).parents[3]
SOURCES = sorted(Path(tollbridge_migrate.__file__).parent.glob("*.py"))
PAGE = ROOT / "docs" / "migrating.md"
NAMED = re.compile(r"\btollbridge ([a-z][^`;|#\n]*)")


def texts(path: Path) -> Iterator[str]:
    """Give the texts of a module, with `{}` for what is put into them, without its docstrings."""
    tree = ast.parse(path.read_text("utf-8"))
    said = {id(one.value) for one in ast.walk(tree) if isinstance(one, ast.Expr)}
    for one in ast.walk(tree):
        if isinstance(one, ast.JoinedStr):
            parts = (part.value if isinstance(part, ast.Constant) else "{}" for part in one.values)
            yield "".join(map(str, parts))
        elif isinstance(one, ast.Constant) and isinstance(one.value, str) and id(one) not in said:
            yield one.value


def commands() -> list[str]:
    found = [words.strip() for path in SOURCES for text in texts(path) for words in NAMED.findall(text)]
    return sorted({*found, *(words.strip() for words in NAMED.findall(PAGE.read_text("utf-8")))})


@pytest.fixture(scope="module")
def program() -> Any:
    return get_command(build())


def unknown(program: Any, words: str) -> str:
    """Give the first word that the program does not know, empty where it knows all that are its own."""
    at = program
    for word in words.split():
        name = word.rstrip(".,:")
        if name.startswith("-"):
            if not any(name in one.opts for one in at.params):
                return name
        elif within(at):
            if name not in at.commands:
                return name
            at = at.commands[name]
    return words if within(at) and at.name != "migrate" else ""


def within(command: Any) -> bool:
    """Whether a word behind a command is another of its own."""
    return hasattr(command, "commands")


def test_reports_name_commands() -> None:
    assert {"application add-token", "person add", "check", "apply -f {}", "token import {}"} <= set(commands())


@pytest.mark.parametrize("words", commands())
def test_each_command_that_a_report_or_its_page_names_is_there(program: Any, words: str) -> None:
    assert unknown(program, words) == ""


@pytest.mark.parametrize("words", ["person create", "application create-token", "token create --scopes", "person"])
def test_what_is_not_there_is_noticed(program: Any, words: str) -> None:
    assert unknown(program, words) != ""
