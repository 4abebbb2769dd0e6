"""The seam to what must not be shown twice, such as the nonce of a signature or the id of an assertion."""

import hashlib
from datetime import datetime
from typing import Protocol


class ReplayStore(Protocol):
    """Remembers what was shown, by its digest, for as long as it would be taken.  Raises `Unavailable`."""

    async def first(self, digest: bytes, ends_at: datetime) -> bool:
        """Say whether nobody showed this before: true for exactly one of all who try on all workers.

        It is remembered until `ends_at`; what shows it then must be too old to be taken. False where that time is over.
        """
        ...


def shown_digest(*parts: str) -> bytes:
    """Give the digest of what was shown: for what it is used, whose it is, and the value; no two lists share one."""
    told = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        told.update(len(data).to_bytes(8, "big") + data)
    return told.digest()
