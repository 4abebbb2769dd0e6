"""Catalogues of words, as GNU gettext's tools make them: `<language>/LC_MESSAGES/messages.mo` in a folder.

They are read and judged when a gateway starts, so that no page fails for want of a placeholder. Its apps have many in
common: what a file was found to be is remembered by its content.
"""

import re
import struct
from collections.abc import Iterable, Iterator, Mapping
from copy import copy
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from importlib.resources.abc import Traversable
from io import BytesIO
from pathlib import Path

from tollbridge.browsing.tags import canonical, shorter
from tollbridge.errors import ConfigError

FOLDER = "locale"
"""Where a package has its own."""
_FILE = ("LC_MESSAGES", "messages.mo")
_MAGIC = 0x950412DE
_NAMED = re.compile(r"%\(\w+\)[#0+-]*[0-9]*(?:\.[0-9]+)?[a-zA-Z]|\{\w*(?:![rsa])?(?::[^{}]*)?\}")
_PLACED = re.compile(r"%[#0+-]*(?:\*|[0-9]+)?(?:\.(?:\*|[0-9]+))?[diouxXeEfFgGcrsa]")
_MARKUP = re.compile(r"<[^<>]*>|&#?\w+;|[<>]")
_REMEMBERED = 64
"""Files."""
Shelf = Mapping[str, bytes]
"""Files of one place, by the tags of their languages."""


def read_package(package: str) -> Shelf:
    """Read what a package brings; raises `ConfigError` for a file that cannot be used."""
    folder = files(package) / FOLDER
    return _read(folder, package) if folder.is_dir() else {}


def read_folder(folder: Path) -> Shelf:
    """Read an operator's own; raises `ConfigError` for a folder that is not there and a file that cannot be used."""
    if not folder.is_dir():
        raise ConfigError(f"pages.catalogues: there is no folder {folder}")
    return _read(folder, str(folder))


def words(tag: str, shelves: Iterable[Shelf]) -> NullTranslations:
    """Give the words of a language: what is nearest to it before what that is a kind of, then by shelf."""
    held = list(shelves)
    found = [copy(_translations(shelf[kind])) for kind in shorter(tag) for shelf in held if kind in shelf]
    first, *more = (*found, NullTranslations())
    for one in more:
        first.add_fallback(one)
    return first


def fits(said: str, sources: Iterable[str]) -> bool:
    """Whether a translation has the placeholders and the markup of a text, or of its plural."""
    return any(_parts(said) == _parts(source) for source in sources)


def entries(data: bytes) -> Iterator[tuple[list[str], list[str]]]:
    """Give each text of a file with its plural, if it has one, and what is said for them; raises as it can.

    The format is gettext's (GNU gettext manual, section 10.3). A context before the text is left out.
    """
    order = "<" if struct.unpack_from("<I", data)[0] == _MAGIC else ">"
    count, texts, said = struct.unpack_from(f"{order}3I", data, 8)
    for number in range(count):
        pair = []
        for table in (texts, said):
            length, begin = struct.unpack_from(f"{order}2I", data, table + 8 * number)
            pair.append(data[begin : begin + length].decode("utf-8"))
        yield pair[0].rpartition("\x04")[2].split("\x00"), pair[1].split("\x00")


def _read(folder: Traversable, whose: str) -> Shelf:
    found: dict[str, bytes] = {}
    for entry in folder.iterdir():
        if not entry.is_dir() or entry.name.startswith("."):
            continue
        file = entry.joinpath(*_FILE)
        where = "/".join((whose, entry.name, *_FILE))
        try:
            tag, data = canonical(entry.name), file.read_bytes()
            _translations(data)
            wrong = _misfits(data)
        except (OSError, ValueError, LookupError, struct.error) as exc:
            raise ConfigError(f"the catalogue {where} cannot be used: {exc}") from exc
        if wrong:
            raise ConfigError(f"the catalogue {where} has other placeholders or markup than the text {wrong[0]!r}")
        if tag in found:
            raise ConfigError(f"the catalogue {where} is the second one of {tag}")
        found[tag] = data
    return found


@lru_cache(_REMEMBERED)
def _translations(data: bytes) -> GNUTranslations:
    """Give the words of a file alone; who gives them something to fall back on does so to a copy."""
    return GNUTranslations(BytesIO(data))


@lru_cache(_REMEMBERED)
def _misfits(data: bytes) -> tuple[str, ...]:
    """Give the texts of a file whose translations do not fit them."""
    return tuple(texts[0] for texts, said in entries(data) if not all(fits(one, texts) for one in said if texts[0]))


def _parts(text: str) -> tuple[object, ...]:
    """Give what a translation may not change; placeholders without a name stay in their order."""
    plain = text.replace("%%", "")
    rest = _NAMED.sub("", plain)
    return set(_NAMED.findall(plain)), _PLACED.findall(rest), sorted(_MARKUP.findall(text))
