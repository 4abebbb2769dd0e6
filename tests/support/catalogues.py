"""The words of each package that has pages: found in its sources, and kept in `locale` for every language.

    python -m tests.support.catalogues                      # brings all that are there up to the sources, and makes .mo
    python -m tests.support.catalogues tollbridge_x pt_BR   # begins one

Babel does it. It is a tool for this alone: a gateway reads the `.mo` by the standard library.
"""

import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from tests.support.sources import ROOT, sources

from tollbridge.people.builtin import BUILT_IN
from tollbridge.seeing.optionwords import shipped_words
from tollbridge_prompts.starting import STARTERS, starter

KEYWORDS = {**DEFAULT_KEYWORDS, "gettext_noop": None}
JINJA = {"newstyle_gettext": "true", "trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}
MARK = "NOTE:"
"""Begins a comment for translators."""
_NEVER = datetime(2026, 1, 1, tzinfo=UTC)
"""A file changes when its words do, and not with the day."""
_HEADS = re.compile(rb'^"(?:Project|Report|POT|PO|Last|Language-Team|Generated)[^"]*"\n', re.MULTILINE)


def folders() -> dict[str, Path]:
    """Give the packages that have templates, by their names."""
    found = {source.module: source.path.parent for source in sources() if source.path.name == "__init__.py"}
    return {name: folder for name, folder in found.items() if (folder / "templates").is_dir()}


def languages(folder: Path) -> Iterator[Path]:
    """Give the folder of each language that a package has a catalogue of."""
    yield from sorted(path.parent for path in folder.glob("locale/*/LC_MESSAGES"))


def extracted(folder: Path) -> Catalog:
    """Collect what is to be said, of Python code and templates; each with the files that say it."""
    found = Catalog(charset="utf-8", fuzzy=False)
    for path in sorted([*folder.rglob("*.py"), *folder.rglob("templates/*.html")]):
        method, options = ("python", {}) if path.suffix == ".py" else ("jinja2", JINJA)
        with path.open("rb") as file:
            for line, text, comments, context in extract(method, file, KEYWORDS, (MARK,), options):
                place = (path.relative_to(folder).as_posix(), line)
                found.add(text, locations=[place], auto_comments=comments, context=context)
    for text in described() if folder.name == "tollbridge_dashboard" else ():
        found.add(text, locations=[("what the admin API says", 1)])
    return found


def described() -> Iterator[str]:
    """Give what the dashboard shows of the gateway's own descriptions: of options, of roles, and of what to begin with.

    The admin API says them in English; no source says them by `_()`.
    """
    for section in shipped_words().values():
        yield from filter(None, (section.about, *section.options.values()))
    yield from (role.description for role in BUILT_IN.values())
    yield from (starter(name)["description"] for name in STARTERS)


def read(language: Path) -> Catalog:
    """Read what translators wrote."""
    with (language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        found = read_po(file, locale=language.name, domain="messages")
    found.creation_date = found.revision_date = _NEVER
    return found


def compiled(catalog: Catalog) -> bytes:
    """Make what a gateway reads."""
    made = BytesIO()
    write_mo(made, catalog)
    return made.getvalue()


def written(catalog: Catalog) -> bytes:
    """Write what translators read, in the order of the files."""
    made = BytesIO()
    write_po(made, catalog, width=100, include_lineno=False, sort_by_file=True, ignore_obsolete=True)
    return _HEADS.sub(b"", made.getvalue())


def update(folder: Path, language: Path) -> int:
    """Bring a catalogue up to the sources and compile it; gives how many texts nobody has translated yet."""
    at, wanted = language / "LC_MESSAGES", extracted(folder)
    if (at / "messages.po").is_file():
        catalog = read(language)
    else:
        at.mkdir(parents=True)
        catalog = Catalog(locale=language.name, project="Tollbridge", charset="utf-8", fuzzy=False)
        catalog.header_comment = f"# The words of {folder.name}: docs/translating.md"
    catalog.update(wanted, no_fuzzy_matching=True, update_creation_date=False)
    (at / "messages.po").write_bytes(written(catalog))
    (at / "messages.mo").write_bytes(compiled(catalog))
    return sum(not all(said) for said in map(strings, catalog) if said)


def strings(message) -> list[str]:
    """Give what is said for a text, form by form; nothing for the head of a catalogue."""
    if not message.id:
        return []
    return list(message.string) if isinstance(message.string, list | tuple) else [message.string]


def main(arguments: list[str]) -> None:
    """Update all, or begin one."""
    wanted = [(folders()[arguments[0]], arguments[1])] if arguments else []
    wanted = wanted or [(folder, at.name) for folder in folders().values() for at in languages(folder)]
    for folder, language in wanted:
        left = update(folder, folder / "locale" / language)
        print(f"{folder.relative_to(ROOT)} {language}: {left} left to translate")


if __name__ == "__main__":
    main(sys.argv[1:])
