"""The audit log: who changed what, when and through what, as a chain that shows what was altered or left out.

Each record's digest is an HMAC-SHA-256 over what it says and the digest of the record before it, under a key that is
not in the database. Whoever can write to the database alone can neither alter a record nor take one out of the middle;
that the last ones are still there is seen by comparing with a head that was noted elsewhere.
"""

import hmac
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

FIRST = bytes(32)
"""What stands before the first record."""

_VERSION = 1
_encode = msgspec.json.Encoder(order="sorted").encode


class Actor(msgspec.Struct, frozen=True, gc=False):
    """Who changes something.

    `id` is a token, a person or `operator` for whoever may run commands on the machine. `via` is the way: `cli`,
    `dashboard`, `api`, `code`. `client` is an address and `call_id` the request, where there is one.
    """

    id: str
    via: str
    client: str = ""
    call_id: str = ""


OPERATOR = Actor("operator", "code")
"""Whoever runs the program itself."""


@dataclass(frozen=True, slots=True)
class Act:
    """A change that is about to be made and recorded: by whom, when, and the key of the chain."""

    actor: Actor
    at: datetime
    key: bytes = field(repr=False)


class AuditRecord(msgspec.Struct, frozen=True, gc=False):
    """One record.  `before` and `after` are JSON objects of what changed, `null` for what was not there."""

    number: int
    at_us: int
    actor: Actor
    action: str
    target: str
    before: str
    after: str
    previous: bytes
    digest: bytes = b""


class AuditBreak(msgspec.Struct, frozen=True, gc=False):
    """Where the chain is broken, and why."""

    number: int
    why: str


def written(value: object) -> str:
    """Write what stood or stands of a target, with its members in order."""
    return _encode(value).decode("utf-8")


def digest_of(record: AuditRecord, key: bytes) -> bytes:
    """Give the 32 bytes that bind a record to what it says and to the one before it."""
    actor = record.actor
    said = (
        *(_VERSION, record.number, record.at_us, actor.id, actor.via, actor.client, actor.call_id),
        *(record.action, record.target, record.before, record.after, record.previous.hex()),
    )
    return hmac.digest(key, _encode(said), "sha256")


def breaks(
    records: Iterable[AuditRecord], key: bytes, *, after: bytes = FIRST, number: int = 0
) -> Iterator[AuditBreak]:
    """Find where a chain is broken; records in order, the first one follows the record of this number and digest.

    A record that is not what was written, and one that does not follow the one before it, are a break each; what comes
    behind is held against what is there.
    """
    for record in records:
        number += 1
        if record.number != number:
            yield AuditBreak(number, f"the records from {number} to {record.number - 1} are missing")
        elif record.previous != after:
            yield AuditBreak(number, "it does not follow the record before it")
        if not hmac.compare_digest(record.digest, digest_of(record, key)):
            yield AuditBreak(record.number, "it does not say what was recorded, or another key made it")
        number, after = record.number, record.digest
