"""The body of a request on its way: piece by piece as it comes, and once more from the start while it is kept."""

import asyncio
from collections.abc import AsyncIterator

from starlette.types import Receive

from tollbridge.administering import BodyTooLarge

MOST_KEPT = 1024 * 1024
"""Bytes of a body that are kept for another try."""


class CallerGone(Exception):
    """The caller left."""


class Incoming:
    """Reads a body, `most` bytes at most; raises `BodyTooLarge`, and `CallerGone` where it breaks off.

    `length` is what its head said, None where that is not known before. `through` is set when all was read.
    """

    def __init__(self, receive: Receive, most: int, length: int | None) -> None:
        if length is not None and length > most:
            raise too_large(most)
        self._receive = receive
        self._most = most
        self._kept: list[bytes] | None = []
        self._size = 0
        self.length = length
        self.through = asyncio.Event()

    @property
    def again(self) -> bool:
        """Whether it can be sent once more from the start."""
        return self._kept is not None

    @property
    def is_empty(self) -> bool:
        """Whether it is known that there is none."""
        return self.through.is_set() and self._size == 0

    async def begin(self) -> None:
        """Read the first piece that holds something: most bodies are that, and then their length is known."""
        while not self._size and not self.through.is_set():
            await self._read(keep=True)
        if self.through.is_set():
            self.length = self._size

    async def whole(self, most: int) -> bytes:
        """Read it to its end, `most` bytes at most."""
        if most < self._most:
            self._most = most
        self._kept = self._kept if self._kept is not None else []
        while not self.through.is_set():
            await self._read(keep=True)
        if self._size > self._most:
            raise too_large(self._most)
        self.length = self._size
        return b"".join(self._kept)

    def replace(self, body: bytes) -> None:
        """Put another in its place."""
        self._kept, self.length, self._size = [body], len(body), len(body)

    async def pieces(self) -> AsyncIterator[bytes]:
        """Give it from the start, what was read first; what comes after that is kept only within bounds."""
        for piece in list(self._kept or ()):
            yield piece
        while not self.through.is_set():
            piece = await self._read()
            if piece:
                yield piece

    async def gone(self) -> None:
        """Wait until the caller leaves, once the body is read."""
        await self.through.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _read(self, *, keep: bool = False) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise CallerGone
        piece: bytes = message.get("body", b"")
        self._size += len(piece)
        if self._size > self._most:
            raise too_large(self._most)
        if self._kept is not None and piece:
            if keep or self._size <= MOST_KEPT:
                self._kept.append(piece)
            else:
                self._kept = None
        if not message.get("more_body", False):
            self.through.set()
        return piece


def too_large(most: int) -> BodyTooLarge:
    """Say that a body is over its bound."""
    return BodyTooLarge(f"the body is over {most} bytes, which is the most that this operation takes")
