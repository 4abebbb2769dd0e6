"""Documents in files of a folder, and texts beside them.

A text may be a file: `docs: {file: docs/weather.md}`, a definition or a member of one too. It is read below the folder
of its document alone, by whoever calls, never by a gateway.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from tollbridge.administering import MOST_DESIGN_VALUES
from tollbridge.plainfiles import WAYS, BadFile, read_text, read_values
from tollbridge_ascode.shapes import BadDocument, Document, read_document
from tollbridge_ascode.specs import SHAPES

MOST_BYTES, MOST_DOCUMENTS, MOST_FILES = 64 * 1024 * 1024, 10_000, 5_000
MOST_VALUES = 2 * MOST_DESIGN_VALUES
"""Values of a file: as many as the definition of a service may have, and as much again beside it."""
_PART = "file"
_MEMBERS = frozenset(("kind", "name", "spec"))


def read_paths(paths: Iterable[Path]) -> list[Document]:
    """Read the documents of files and folders; raises `BadDocument`.

    No two may be of one object, and no file below a folder is passed over that holds a document.
    """
    found: dict[tuple[str, ...], Document] = {}
    parts, passed = set[Path](), list[Path]()
    for path in paths:
        for file in _files(path, passed):
            for document in _documents(file, parts):
                before = found.setdefault(document.key, document)
                if before is not document:
                    raise BadDocument(f"{document.where}: {document.kind} {document.name} is in {before.where} too")
                if len(found) > MOST_DOCUMENTS:
                    raise BadDocument(f"{path}: there are over {MOST_DOCUMENTS:,} documents")
    for file in passed:
        if file.resolve() not in parts:
            _check_no_document(file)
    return list(found.values())


def _files(path: Path, passed: list[Path]) -> Iterator[Path]:
    """Give a file, or those of a folder in order that hold documents; `passed` gets those that are parts of others."""
    if not path.is_dir():
        yield path
        return
    number = 0
    for each in _below(path, path):
        if each.suffix.lower() not in WAYS:
            continue
        if not each.is_file():
            raise BadDocument(f"{each} is no file that can be read: a link that leads nowhere, or something else")
        number += 1
        if number > MOST_FILES:
            raise BadDocument(f"{path} holds over {MOST_FILES:,} files")
        if "." in each.stem:  # weather.openapi.yaml is a part of weather.yaml
            passed.append(each)
        else:
            yield each


def _below(folder: Path, root: Path) -> Iterator[Path]:
    """Give what is below a folder and not hidden, in order.

    Raises `BadDocument` for a folder that cannot be read, and for a link to one that is not read by its own name.
    """
    try:
        entries = sorted(folder.iterdir())
    except OSError as exc:
        raise BadDocument(f"{folder} cannot be read: {(exc.strerror or type(exc).__name__).lower()}") from None
    for each in entries:
        if each.name.startswith("."):
            continue
        if not each.is_dir():
            yield each
        elif not each.is_symlink():
            yield from _below(each, root)
        elif not _is_read(each, root):
            raise BadDocument(f"{each} is a link to a folder elsewhere, which is not followed: name that folder itself")


def _is_read(link: Path, root: Path) -> bool:
    """Whether what a link leads to is read by its own name."""
    place, whole = link.resolve(), root.resolve()
    return place.is_relative_to(whole) and not any(part.startswith(".") for part in place.relative_to(whole).parts)


def _check_no_document(file: Path) -> None:
    """Refuse a file that looks like a part of another, is none, and holds a document; raises `BadDocument`."""
    try:
        found = _values(file, WAYS[file.suffix.lower()])
    except BadDocument:
        return
    for value, _ in found:
        if isinstance(value, dict) and value.get("kind") in SHAPES and value.keys() <= _MEMBERS:
            raise BadDocument(
                f"{file} holds a {value['kind']} and is not read, for a file with two endings is a part of another: "
                f"give it one, such as {file.stem.replace('.', '-')}{file.suffix}"
            )


def _documents(file: Path, parts: set[Path]) -> Iterator[Document]:
    way = WAYS.get(file.suffix.lower())
    if way is None:
        raise BadDocument(f"{file} must be one of {', '.join(WAYS)}")
    for value, line in _values(file, way):
        if value is None:
            continue
        where = f"{file}:{line}"
        yield read_document(_whole(value, _Beside(file.parent, where, parts)), where)


def _values(file: Path, way: str, most: int = MOST_DOCUMENTS) -> list[tuple[Any, int]]:
    try:
        return list(read_values(read_text(file, most=MOST_BYTES), way, most=most, values=MOST_VALUES))
    except BadFile as exc:
        said = str(exc)
        raise BadDocument(said if said.startswith(str(file)) else f"{file}: {said}") from None


@dataclass(frozen=True, slots=True)
class _Beside:
    """The folder of a document, below which its parts are; `where` is the document, `parts` are those that it named."""

    folder: Path
    where: str
    parts: set[Path]


def _whole(value: Any, beside: _Beside) -> Any:
    """Put the files of a service's design in the place of their names."""
    design = _member(_member(value, "spec"), "design")
    if not isinstance(design, dict):
        return value
    definition = design.get("definition")
    made = {**design, **_filled({"docs": design.get("docs")}, beside, texts=True)}
    if _is_part(definition):
        made |= _filled({"definition": definition}, beside)
    elif isinstance(definition, dict):
        made["definition"] = {**definition, **_filled(definition, beside)}
    return {**value, "spec": {**value["spec"], "design": made}}


def _filled(members: Mapping[str, Any], beside: _Beside, *, texts: bool = False) -> dict[str, Any]:
    return {name: _part(one[_PART], beside, texts=texts) for name, one in members.items() if _is_part(one)}


def _is_part(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {_PART} and isinstance(value[_PART], str)


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _part(named: str, beside: _Beside, *, texts: bool) -> Any:
    """Read a file below a folder: values where it is written so, else a text; raises `BadDocument`."""
    path, folder, where = PurePosixPath(named), beside.folder, beside.where
    if not named or path.is_absolute() or ".." in path.parts or "\0" in named or "\\" in named:
        raise BadDocument(f"{where}: a file is named below the folder of its document, not {named[:100]!r}")
    place = folder / path
    try:
        real = place.resolve()
        inside = real.is_relative_to(folder.resolve())
    except (OSError, RuntimeError):
        inside = False
    if not inside:
        raise BadDocument(f"{where}: {named[:100]!r} is a link out of the folder of its document")
    beside.parts.add(real)
    way = None if texts else WAYS.get(place.suffix.lower())
    if way is None:
        try:
            return read_text(place, most=MOST_BYTES)
        except BadFile as exc:
            raise BadDocument(f"{where}: {exc}") from None
    found = _values(place, way, most=1)
    return found[0][0] if found else None
