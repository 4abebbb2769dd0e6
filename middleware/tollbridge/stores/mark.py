"""A mark beside the database that changes whenever a token does, for every process on the machine to see.

Sixteen random bytes, mapped into memory: looking costs a fraction of a microsecond, asking the database some ten.
"""

import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SIZE = 16
_SUFFIX = "-mark"


class TokenMark:
    """The mark of the database at `path`; made, private, if it is not there.  Raises `OSError`.

    Whoever changes a token does so inside `changing`. What was read from the database under one mark holds for as long
    as the mark stays: it turns before the change, so that nobody trusts what was read before it, and after it, so that
    nobody trusts what was read meanwhile.
    """

    def __init__(self, path: Path) -> None:
        descriptor = os.open(path.with_name(path.name + _SUFFIX), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if os.fstat(descriptor).st_size < _SIZE:
                os.pwrite(descriptor, bytes(_SIZE), 0)  # a mapped hole on a full disk would end the process
            self._map = mmap.mmap(descriptor, _SIZE)
        finally:
            os.close(descriptor)

    def read(self) -> bytes:
        """Give the mark as it is now."""
        return self._map[:_SIZE]

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Turn the mark before and after what is inside, also where that fails."""
        self._turn()
        try:
            yield
        finally:
            self._turn()

    def close(self) -> None:
        self._map.close()

    def _turn(self) -> None:
        self._map[:_SIZE] = os.urandom(_SIZE)
