"""A request as it comes: its body, piece by piece or whole, and what its caller waits for."""

import asyncio
from typing import TYPE_CHECKING

from starlette.types import Message, Scope

from tollbridge.atonce import GivesBody
from tollbridge.call import Headers

if TYPE_CHECKING:
    from tollbridge.server.line import Line

_MOST_DISCARDED = 65_536
"""Bytes of a body that nobody read which are taken in, so that the connection can be kept."""
_GONE = {"type": "http.disconnect"}


class Incoming(GivesBody):
    """One request of a line.

    `whole`: it is here to its end. `gone`: nobody waits for the answer. `complete`: the answer is written.
    `held`: bytes of the body that the app has not taken.
    """

    __slots__ = (
        "_asked",
        "_headers",
        "_line",
        "_modern",
        "_news",
        "_parts",
        "_received",
        "_started",
        "_told",
        "complete",
        "gone",
        "held",
        "scope",
        "whole",
    )

    def __init__(self, line: "Line", scope: Scope, headers: Headers) -> None:
        self.scope = scope
        self.whole = self.gone = self.complete = False
        self.held = self._received = 0
        self._line = line
        self._headers = headers
        self._parts: list[bytes] = []
        self._news: asyncio.Event | None = None
        self._asked = self._told = self._started = False
        self._modern = scope["http_version"] == "1.1"

    def feed(self, body: bytes) -> None:
        """Take in what came of the body."""
        self._received += len(body)
        if not self.complete:
            self._parts.append(body)
            self.held += len(body)
            if self._news is not None:
                self._news.set()

    def end(self) -> None:
        """Note that the request is here to its end."""
        self.whole = True
        if self._news is not None:
            self._news.set()

    def leave(self) -> None:
        """Note that the caller is gone: the app is told, and whatever it sends is dropped."""
        self.gone = True
        if self._news is not None:
            self._news.set()

    def take_whole(self, most: int) -> bytes | None:
        """Give the whole body if it is here, none of it was taken and it has `most` bytes at most; waits for nothing.

        A caller who waits for `100 Continue` sends none, and is not told to.
        """
        if not self.whole or self.gone or self.complete or self._told or not self.held == self._received <= most:
            return None
        self._told = True
        return self._take_parts()

    def _take_parts(self) -> bytes:
        body = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts.clear()
        self.held = 0
        if self._line.paused:
            self._line.balance()
        return body

    async def receive(self) -> Message:
        """Give what there is of the body, or wait; once the answer is out or the caller gone, say so."""
        while not self.gone and not self.complete:
            if self._parts or (self.whole and not self._told):
                self._told = self.whole
                return {"type": "http.request", "body": self._take_parts(), "more_body": not self.whole}
            if not self._asked:
                self._ask()
            if self._news is None:
                self._news = asyncio.Event()
            self._news.clear()
            await self._news.wait()
        return _GONE.copy()

    def _ask(self) -> None:
        """Tell a caller who waits for it to send the body (RFC 9110 section 10.1.1)."""
        self._asked = True
        if not self.whole and not self._started and self._expects():
            self._line.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _expects(self) -> bool:
        said = self._header(b"expect") or b""
        return self._modern and not self._received and said.lower() == b"100-continue"

    def discards(self) -> bool:
        """Whether what is missing of the request is little enough to be taken in and thrown away."""
        length = self._header(b"content-length")
        if length is None or int(length) - self._received > _MOST_DISCARDED:
            return False
        return self._asked or not self._expects()

    def _header(self, name: bytes) -> bytes | None:
        return next((value for key, value in self._headers if key == name), None)
