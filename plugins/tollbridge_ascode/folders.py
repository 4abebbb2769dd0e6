"""Files into a folder that was empty: whole, and through no link."""

import os
from collections.abc import Mapping
from pathlib import Path

from tollbridge import SetupError


def write_folder(folder: Path, files: Mapping[str, str]) -> None:
    """Write files into a folder that is empty or is made; raises `SetupError`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise SetupError(f"{folder} is not empty; name a folder that is, or is not there yet")
        for path, text in files.items():
            place = folder / path
            place.parent.mkdir(exist_ok=True)
            handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
            with open(handle, "wb") as file:
                file.write(text.encode("utf-8"))
    except OSError as exc:
        raise SetupError(f"{folder} cannot be written: {exc.strerror}") from None
