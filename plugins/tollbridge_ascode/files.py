"""Documents in files of a folder, and texts beside them.

A text may be a file: `docs: {file: docs/weather.md}`, a definition or a member of one too. It is read below the folder
of its document alone, by whoever calls, never by a gateway.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from tollbridge.plainfiles import WAYS, BadFile, read_text, read_values
from tollbridge_ascode.shapes import BadDocument, Document, read_document

MOST_BYTES, MOST_DOCUMENTS, MOST_FILES, DEEPEST = 16 * 1024 * 1024, 10_000, 5_000, 10
_PART = "file"


def read_paths(paths: Iterable[Path]) -> list[Document]:
    """Read the documents of files and folders; raises `BadDocument`.  No two may be of one object."""
    found: dict[tuple[str, ...], Document] = {}
    for path in paths:
        for file in _files(path):
            for document in _documents(file):
                before = found.setdefault(document.key, document)
                if before is not document:
                    raise BadDocument(f"{document.where}: {document.kind} {document.name} is in {before.where} too")
                if len(found) > MOST_DOCUMENTS:
                    raise BadDocument(f"{path}: there are over {MOST_DOCUMENTS:,} documents")
    return list(found.values())


def _files(path: Path) -> Iterator[Path]:
    """Give a file, or those of a folder in order that hold documents: others are texts of theirs."""
    if not path.is_dir():
        yield path
        return
    number = 0
    for each in sorted(path.rglob("*")):
        hidden = any(part.startswith(".") for part in each.relative_to(path).parts)
        if hidden or each.suffix.lower() not in WAYS or not each.is_file():
            continue
        number += 1
        if number > MOST_FILES:
            raise BadDocument(f"{path} holds over {MOST_FILES:,} files")
        if "." not in each.stem:  # weather.openapi.yaml is a part of weather.yaml
            yield each


def _documents(file: Path) -> Iterator[Document]:
    way = WAYS.get(file.suffix.lower())
    if way is None:
        raise BadDocument(f"{file} must be one of {', '.join(WAYS)}")
    for value, line in _values(file, way, str(file)):
        if value is None:
            continue
        where = f"{file}:{line}"
        yield read_document(_whole(value, file.parent, where), where)


def _values(file: Path, way: str, where: str, most: int = MOST_DOCUMENTS) -> list[tuple[Any, int]]:
    try:
        return list(read_values(read_text(file, most=MOST_BYTES), way, most=most))
    except BadFile as exc:
        said = str(exc)
        raise BadDocument(said if said.startswith(str(file)) else f"{where}: {said}") from None


def _whole(value: Any, folder: Path, where: str) -> Any:
    """Put the files of a service's design in the place of their names."""
    design = _member(_member(value, "spec"), "design")
    if not isinstance(design, dict):
        return value
    definition = design.get("definition")
    made = {**design, **_filled({"docs": design.get("docs")}, folder, where, texts=True)}
    if _is_part(definition):
        made |= _filled({"definition": definition}, folder, where)
    elif isinstance(definition, dict):
        made["definition"] = {**definition, **_filled(definition, folder, where)}
    return {**value, "spec": {**value["spec"], "design": made}}


def _filled(members: Mapping[str, Any], folder: Path, where: str, *, texts: bool = False) -> dict[str, Any]:
    return {name: _part(one[_PART], folder, where, texts=texts) for name, one in members.items() if _is_part(one)}


def _is_part(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {_PART} and isinstance(value[_PART], str)


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _part(named: str, folder: Path, where: str, *, texts: bool) -> Any:
    """Read a file below a folder: values where it is written so, else a text; raises `BadDocument`."""
    path = PurePosixPath(named)
    if not named or path.is_absolute() or ".." in path.parts or "\0" in named or "\\" in named:
        raise BadDocument(f"{where}: a file is named below the folder of its document, not {named[:100]!r}")
    place = folder / path
    try:
        inside = place.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):
        inside = False
    if not inside:
        raise BadDocument(f"{where}: {named[:100]!r} is a link out of the folder of its document")
    way = None if texts else WAYS.get(place.suffix.lower())
    if way is None:
        try:
            return read_text(place, most=MOST_BYTES)
        except BadFile as exc:
            raise BadDocument(f"{where}: {exc}") from None
    found = _values(place, way, where, most=1)
    return found[0][0] if found else None
