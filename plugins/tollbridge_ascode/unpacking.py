"""An export in a ZIP archive, unpacked into a folder that goes away: plain files below it, bounded, no links."""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from tollbridge_ascode.files import MOST_FILES
from tollbridge_ascode.shapes import BadDocument

MOST_PACKED, MOST_UNPACKED = 64 * 1024 * 1024, 128 * 1024 * 1024
_BLOCK = 1024 * 1024


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """Give the folder of an export, a folder or an archive of one; raises `BadDocument`."""
    if path.is_dir():
        yield path
        return
    with TemporaryDirectory(prefix="tollbridge-") as folder:
        try:
            if path.stat().st_size > MOST_PACKED:
                raise BadDocument(f"{path} has over {MOST_PACKED:,} bytes")
            with zipfile.ZipFile(path) as archive:
                _unpack(archive, Path(folder), path)
        except (
            OSError,
            zipfile.BadZipFile,
            zlib.error,
            RuntimeError,
            NotImplementedError,
            ValueError,
            EOFError,
        ) as exc:
            raise BadDocument(f"{path} is no folder and no archive that can be read: {type(exc).__name__}") from None
        yield Path(folder)


def _unpack(archive: zipfile.ZipFile, folder: Path, path: Path) -> None:
    left = MOST_UNPACKED
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    if len(entries) > MOST_FILES:
        raise BadDocument(f"{path} holds over {MOST_FILES:,} files")
    for entry in entries:
        named = PurePosixPath(entry.filename)
        if named.is_absolute() or ".." in named.parts or "\\" in entry.filename or len(entry.filename) > 500:
            raise BadDocument(f"{path}: {entry.filename[:100]!r} leads out of the archive")
        place = folder / named
        place.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(entry) as packed, place.open("xb") as file:
            while block := packed.read(_BLOCK):
                left -= len(block)
                if left < 0:
                    raise BadDocument(f"{path} holds over {MOST_UNPACKED:,} bytes")
                file.write(block)
