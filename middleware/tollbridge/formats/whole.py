"""Reading an answer that is one JSON body: it passes unchanged, only its usage is looked at."""

from collections.abc import Callable

import msgspec

from tollbridge.errors import UpstreamError
from tollbridge.formats.values import UNREADABLE
from tollbridge.metering.usage import Usage


class WholeReader:
    """An `AnswerReader` for one JSON body, which must come in one chunk.

    `read_usage` gives the usage a body reports, if any, and raises what msgspec does; a body whose usage does not fit
    reports none.
    """

    def __init__(self, read_usage: Callable[[bytes], Usage | None]) -> None:
        self.usage: Usage | None = None
        self.finished = False
        self.failed = False
        self.pieces = 0
        self.answer = b""
        self._read_usage = read_usage

    def feed(self, chunk: bytes) -> list[bytes]:
        """Take the body; raises `UpstreamError` for what is no JSON."""
        if not chunk:
            return []
        try:
            self.usage = self._read_usage(chunk)
        except msgspec.ValidationError:
            self.usage = None
        except UNREADABLE as exc:
            raise UpstreamError("the provider's answer is no JSON", detail=str(exc)) from exc
        self.finished = True
        self.answer = chunk
        return [chunk]
