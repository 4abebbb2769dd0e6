"""A ZIP archive of JSON files: nothing of it is written anywhere, and its bytes are counted as they are unpacked."""

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tollbridge.plainfiles import BadFile, decoded, read_values
from tollbridge_migrate.reading import BadForeign

MOST_PACKED = 64 * 1024 * 1024
MOST_UNPACKED = 32 * 1024 * 1024
_MOST_ENTRIES = 1_000


def read_archive(path: Path, names: frozenset[str]) -> Mapping[str, Any]:
    """Read the JSON files of some names at the top of an archive, without their ending; raises `BadForeign`."""
    try:
        if not path.is_file() or path.stat().st_size > MOST_PACKED:
            raise BadForeign(f"{path} is no file of up to {MOST_PACKED:,} bytes")
        with zipfile.ZipFile(path) as archive:
            return _read(archive, names)
    except (OSError, zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, ValueError, EOFError) as exc:
        said = str(exc) if isinstance(exc, BadFile) else type(exc).__name__
        raise BadForeign(f"{path} is no archive that can be read: {said}") from None


def _read(archive: zipfile.ZipFile, names: frozenset[str]) -> Mapping[str, Any]:
    entries = archive.infolist()
    if len(entries) > _MOST_ENTRIES:
        raise BadFile(f"it has over {_MOST_ENTRIES:,} files")
    left, found = MOST_UNPACKED, {}
    for entry in entries:
        name, dot, _ = entry.filename.partition(".json")
        if not dot or name not in names or entry.filename != f"{name}.json":
            continue
        if name in found:
            raise BadFile(f"{name}.json is there twice")
        with archive.open(entry) as file:
            content = file.read(left + 1)
        left -= len(content)
        if left < 0:
            raise BadFile(f"its files have over {MOST_UNPACKED:,} bytes")
        values = read_values(decoded(content, entry.filename), "json")
        found[name] = values[0][0]
    return found
