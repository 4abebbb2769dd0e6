"""The text of a key ring: one key an entry, on lines of their own or between commas; the last one is in use.

ab...ef                                  a key alone, in hexadecimal: it is the key "1"
8f3a91c2 2026-11-27T18:00:00Z ab...ef    its id, when it was made (which may be left out), the key
8f3a91c2 2026-11-27T18:00:00Z vault:AQ== the key as the source `[secrets.vault]` wrapped it, in base64
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tollbridge.data import weakness
from tollbridge.errors import SetupError

FIRST = "1"
"""The id of a key that has none of its own."""

_ID = re.compile(r"[1-9a-f][0-9a-f]{0,7}")
_CLEAR = re.compile(r"(?:[0-9a-f]{2})+")
_WRAPPED = re.compile(
    r"([A-Za-z][A-Za-z0-9_-]{0,31}):((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==|[A-Za-z0-9+/]=))?)"
)
_SHAPE = "a key is 64 hexadecimal digits, alone or after an id of up to 8 hexadecimal digits, as in: 2a <64 digits>"


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of a ring: `content` is the key, or what the source of that name made of it."""

    id: str
    made_at: datetime | None
    source: str
    content: bytes = field(repr=False)


def read_ring(text: str, where: str) -> tuple[Entry, ...]:
    """Read a ring, the oldest key first; raises `SetupError` naming `where` it is and nothing of what is there."""
    texts = [part.split() for part in re.split(r"[\n,]", text) if part.strip()]
    if not texts:
        raise SetupError(
            f"{where} is empty or too short; restore it from a backup, or begin anew with one key: {_SHAPE}"
        )
    entries = tuple(_entry(fields, f"{where}: key {number}") for number, fields in enumerate(texts, 1))
    ids = [entry.id for entry in entries]
    for id in ids:
        if ids.count(id) > 1:
            raise SetupError(f"{where} has two keys with the id {id}; give one of them another, as in: 2a <64 digits>")
    return entries


def write_ring(entries: Sequence[Entry]) -> str:
    """Write a ring as `read_ring` reads it."""
    return "".join(f"{_written(entry)}\n" for entry in entries)


def _entry(fields: list[str], where: str) -> Entry:
    id = fields[0] if len(fields) > 1 else FIRST
    made_at = _time(fields[1]) if len(fields) == 3 else None
    wrapped = _WRAPPED.fullmatch(fields[-1])
    fits = len(fields) <= 3 and _ID.fullmatch(id) and (made_at is not None) == (len(fields) == 3)
    if fits and wrapped is not None:
        return Entry(id, made_at, wrapped[1], b64decode(wrapped[2]))
    if not fits or not _CLEAR.fullmatch(fields[-1]):
        raise SetupError(f"{where} is no key; restore it from a backup, or correct it: {_SHAPE}")
    key = bytes.fromhex(fields[-1])
    if weak := weakness(key):
        raise SetupError(f"{where} is {weak}; restore it from a backup, or put another in its place: {_SHAPE}")
    return Entry(id, made_at, "", key)


def _time(text: str) -> datetime | None:
    """Read a time with its zone; None for anything else."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def _written(entry: Entry) -> str:
    held = f"{entry.source}:{b64encode(entry.content).decode()}" if entry.source else entry.content.hex()
    if entry.id == FIRST and entry.made_at is None:
        return held
    time = [f"{entry.made_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"] if entry.made_at is not None else []
    return " ".join([entry.id, *time, held])
