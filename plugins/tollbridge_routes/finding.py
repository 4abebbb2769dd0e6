"""The app that a command is told, imported as servers do."""

import sys
from pathlib import Path

from uvicorn.importer import ImportFromStringError, import_from_string

from tollbridge import SetupError


def find_app(named: str, folder: Path) -> object:
    """Import `MODULE:NAME` from a folder; raises `SetupError` for what is not there."""
    sys.path.insert(0, str(folder.resolve()))
    try:
        found: object = import_from_string(named)
    except ImportFromStringError as exc:
        raise SetupError(f"there is no app {named[:200]!r}: {exc}") from exc
    finally:
        sys.path.pop(0)
    return found
