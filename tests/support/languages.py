"""Catalogues of a test's own."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo


def write_catalogue(folder: Path, language: str, said: Mapping[Any, Any], *, context: str | None = None) -> Path:
    """Write what a gateway reads below a folder, and give the file.  A text with a plural is a pair."""
    made = Catalog(locale=language)
    for text, translated in said.items():
        made.add(text, translated, context=context)
    file = folder / language / "LC_MESSAGES" / "messages.mo"
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as opened:
        write_mo(opened, made)
    return file
