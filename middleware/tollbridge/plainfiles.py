"""Files of JSON, YAML and TOML into plain values, as far as JSON goes, within bounds that whoever reads them sets.

And files into a folder of their own.
"""

import json
import math
import os
import re
import stat
import tomllib
from collections.abc import Container, Mapping, Sequence
from pathlib import Path
from typing import Any

from tollbridge.errors import SetupError
from tollbridge.yamltext import DEEPEST, BadYaml, read_documents

JSON, YAML, TOML = "json", "yaml", "toml"
WAYS = {".json": JSON, ".yaml": YAML, ".yml": YAML, ".toml": TOML}
"""How a file is written, by how its name ends."""
MOST_VALUES = 200_000
"""Values of a text, when each alias of YAML stands for what it names."""
_LONGEST_TOML = 1024 * 1024
"""Characters: tables with long dotted names are read in more than linear time (tomllib of Python 3.11)."""
_SURROGATE = re.compile("[\ud800-\udfff]")
_DEPTH = f"it is over {DEEPEST} levels deep"


class BadFile(ValueError):
    """A file cannot be read, or holds what is not read; says why in one sentence without what it holds."""


def read_file(path: Path, *, most: int) -> bytes:
    """Read a regular file of up to `most` bytes; raises `BadFile`."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a pipe would be waited for
    except (OSError, ValueError) as exc:
        raise BadFile(f"{path} cannot be read: {_reason(exc)}") from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise BadFile(f"{path} is no file")
    with open(handle, "rb") as file:
        found = file.read(most + 1)
    if len(found) > most:
        raise BadFile(f"{path} has over {most:,} bytes, which is more than is read")
    return found


def read_text(path: Path, *, most: int) -> str:
    """Read a file of UTF-8; raises `BadFile`."""
    return decoded(read_file(path, most=most), str(path))


def write_folder(folder: Path, files: Mapping[str, bytes], *, private: Container[str] = ()) -> None:
    """Write files into a folder that is empty or is made, through no link; raises `SetupError`.

    Those that are `private` are for nobody else.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise SetupError(f"{folder} is not empty; name a folder that is, or is not there yet")
        for path, content in files.items():
            place = folder / path
            place.parent.mkdir(exist_ok=True)
            mode = 0o600 if path in private else 0o644
            with open(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode), "wb") as file:
                file.write(content)
    except OSError as exc:
        raise SetupError(f"{folder} cannot be written: {exc.strerror}") from None


def decoded(content: bytes, name: str) -> str:
    """Give bytes as text; raises `BadFile` naming the file where they are no UTF-8."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise BadFile(f"{name} is no UTF-8: byte {exc.start:,} cannot be read") from None


def read_values(
    text: str, way: str, *, most: int = 1, merges: bool = False, values: int = MOST_VALUES
) -> Sequence[tuple[Any, int]]:
    """Read up to `most` values of a text, each with the line it begins in; raises `BadFile`.

    Only YAML holds more than one; `values` bounds what is in all of them. What it gives may share parts, and must not
    be changed. `merges`: see `yamltext.read_documents`.
    """
    try:
        found = _READERS[way](text, most, merges)
    except BadYaml as exc:
        raise BadFile(str(exc)) from None
    check_bounds([value for value, _ in found], most=values)
    return found


def check_bounds(value: Any, *, most: int = MOST_VALUES) -> None:
    """Count what is there, shared parts each time; raises `BadFile` for too much, and for what JSON has not."""
    count, depth, level = 0, 0, [value]
    while level:
        depth += 1
        if depth > DEEPEST + 1:
            raise BadFile(_DEPTH)
        following: list[Any] = []
        for one in level:
            if isinstance(one, dict):
                following += one.keys()
                following += one.values()
            elif isinstance(one, list):
                following += one
            else:
                _check_scalar(one)
            if count + len(following) > most:
                raise BadFile(f"it holds over {most:,} values")
        count += len(following)
        level = following


def _check_scalar(value: Any) -> None:
    if isinstance(value, str):
        if not value.isascii() and _SURROGATE.search(value):
            raise BadFile("a text holds half a character (an unpaired surrogate)")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise BadFile("a number is none that JSON has")
    elif value is not None and not isinstance(value, bool | int):
        raise BadFile("it holds a time; put it in quotes")


def _json(text: str, most: int, merges: bool) -> Sequence[tuple[Any, int]]:
    try:
        return [(json.loads(text, object_pairs_hook=_once), 1)]
    except json.JSONDecodeError as exc:
        raise BadFile(f"this is no JSON: {exc.msg} (line {exc.lineno}, column {exc.colno})") from None
    except RecursionError:
        raise BadFile(_DEPTH) from None
    except BadFile:
        raise
    except ValueError:  # Python refuses to read an integer of more than 4,300 digits
        raise BadFile("a number has too many digits") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise BadFile("a key is there twice in one object")
    return made


def _toml(text: str, most: int, merges: bool) -> Sequence[tuple[Any, int]]:
    if len(text) > _LONGEST_TOML:
        raise BadFile(f"it has over {_LONGEST_TOML:,} characters of TOML; write it as YAML or JSON")
    try:
        return [(tomllib.loads(text), 1)]
    except tomllib.TOMLDecodeError as exc:
        raise BadFile(f"this is no TOML: {exc}") from None
    except RecursionError:
        raise BadFile(_DEPTH) from None
    except ValueError:
        raise BadFile("a number has too many digits") from None


def _yaml(text: str, most: int, merges: bool) -> Sequence[tuple[Any, int]]:
    return read_documents(text, most=most, merges=merges)


_READERS = {JSON: _json, YAML: _yaml, TOML: _toml}


def _reason(exc: Exception) -> str:
    return (exc.strerror or "it is not there").lower() if isinstance(exc, OSError) else "its name is none"
