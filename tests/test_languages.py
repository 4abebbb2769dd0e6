"""What the pages say can be said in every language that a package has, and is."""

import ast
import re
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from tests.support.barewords import bare_words
from tests.support.catalogues import compiled, extracted, folders, languages, read, strings, update
from tests.support.sources import ROOT, sources

from tollbridge.browsing.catalogues import entries, fits, read_package
from tollbridge.browsing.tags import canonical

SPEAKING = {name: folder for name, folder in folders().items() if (folder / "locale").is_dir()}
CATALOGUES = [
    pytest.param(name, folder, language, id=f"{name}-{language.name}")
    for name, folder in SPEAKING.items()
    for language in languages(folder)
]
TEMPLATES = [path for folder in SPEAKING.values() for path in sorted((folder / "templates").glob("*.html"))]
each_catalogue = pytest.mark.parametrize(("name", "folder", "language"), CATALOGUES)


def ids(catalog: Catalog) -> set[object]:
    return {(message.context, message.id) for message in catalog if message.id}


def of_the_machine(data: bytes) -> dict[tuple[str, ...], list[str]]:
    """Give what a gateway reads of a file, without its head."""
    GNUTranslations(BytesIO(data))
    return {tuple(texts): said for texts, said in entries(data) if texts[0]}


def test_there_are_packages_that_speak() -> None:
    assert {"tollbridge.browsing", "tollbridge_signin", "tollbridge_oauth"} <= set(SPEAKING)
    assert len(CATALOGUES) >= len(SPEAKING)


@each_catalogue
def test_every_text_has_a_translation_and_no_other_has(name: str, folder: Path, language: Path) -> None:
    wanted, there = extracted(folder), read(language)

    assert ids(wanted) - ids(there) == set(), "run: python -m tests.support.catalogues"
    assert ids(there) - ids(wanted) == set(), "run: python -m tests.support.catalogues"


@each_catalogue
def test_no_translation_is_empty_or_uncertain(name: str, folder: Path, language: Path) -> None:
    there = read(language)
    plurals = there.num_plurals

    empty = [message.id for message in there if message.id and not all(map(str.strip, strings(message)))]
    short = [message.id for message in there if message.pluralizable and len(strings(message)) != plurals]

    assert (empty, short) == ([], [])
    assert [message.id for message in there if message.fuzzy] == []


@each_catalogue
def test_placeholders_and_markup_are_the_same(name: str, folder: Path, language: Path) -> None:
    wrong = []
    for message in read(language):
        texts = message.id if isinstance(message.id, tuple) else (message.id,)
        wrong += [message.id for said in strings(message) if not fits(said, texts)]

    assert wrong == []


@each_catalogue
def test_what_a_gateway_reads_is_made_of_what_translators_wrote(name: str, folder: Path, language: Path) -> None:
    made = compiled(read(language))

    assert of_the_machine((language / "LC_MESSAGES" / "messages.mo").read_bytes()) == of_the_machine(made)
    assert canonical(language.name) in read_package(name)


@each_catalogue
def test_tool_leaves_a_catalogue_that_is_up_to_date_as_it_is(name, folder, language, tmp_path) -> None:
    at = tmp_path / language.name / "LC_MESSAGES"
    at.mkdir(parents=True)
    for file in ("messages.po", "messages.mo"):
        (at / file).write_bytes((language / "LC_MESSAGES" / file).read_bytes())

    left = update(folder, tmp_path / language.name)

    assert left == 0
    for file in ("messages.po", "messages.mo"):
        assert (at / file).read_bytes() == (language / "LC_MESSAGES" / file).read_bytes(), file


def test_tool_begins_a_language_with_every_text(tmp_path) -> None:
    folder = SPEAKING["tollbridge_signin"]

    left = update(folder, tmp_path / "ru")

    begun = (tmp_path / "ru" / "LC_MESSAGES" / "messages.po").read_bytes()
    update(folder, tmp_path / "ru")

    assert left == len(ids(extracted(folder))) > 50
    assert ids(read(tmp_path / "ru")) == ids(extracted(folder))
    assert (tmp_path / "ru" / "LC_MESSAGES" / "messages.po").read_bytes() == begun


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_template_has_no_word_that_cannot_be_translated(path: Path) -> None:
    assert bare_words(path.read_text("utf-8")) == []


def test_no_word_stands_in_a_style() -> None:
    said = [
        f"{path.relative_to(ROOT)}: {found}"
        for folder in folders().values()
        for path in folder.rglob("*.css")
        for found in re.findall(r'content:\s*"([^"]*[A-Za-z]{2,}[^"]*)"', path.read_text("utf-8"))
    ]

    assert said == []


def test_words_of_pages_come_from_what_knows_the_language_of_the_request() -> None:
    own = {"tollbridge.browsing.speech", "tollbridge.browsing.languages", "tollbridge.browsing.catalogues"}
    others = [source.module for source in sources() for found in source.imports() if found.module == "gettext"]

    assert set(others) - own == set()


def test_no_word_is_said_when_a_module_loads_for_it_would_stay_english() -> None:
    """Only what is marked by `N_` may stand there: it is said later."""
    said = []
    for source in sources():
        if not any(source.path.is_relative_to(folder) for folder in folders().values()):
            continue
        for node in _at_load(source.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("_", "ngettext"):
                said.append(f"{source.module}:{node.lineno}")

    assert said == []


def _at_load(node: ast.AST):
    """Give the nodes that run when a module loads: those in no function."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield child
            yield from _at_load(child)
