"""Masking a text that comes in pieces."""

import codecs
from collections import Counter
from typing import ClassVar

from tollbridge_masking.finder import Finder
from tollbridge_masking.refusing import AnswerNotMasked
from tollbridge_masking.spans import BEHIND, REACH

_PORTION = 1024
"""How many characters are looked at together at least: those behind them are looked at once more."""


class TextMasker:
    """Masks one text; what may still become a match is held back, less than `_PORTION + REACH` characters.

    Bytes that are none of the charset pass as they are. NUL is refused: the text is in another charset then, where
    nothing would be found.
    """

    CHARSETS: ClassVar[dict[str, str]] = {
        "": "utf-8",
        "utf-8": "utf-8",
        "utf8": "utf-8",
        "us-ascii": "utf-8",
        "iso-8859-1": "latin-1",
        "iso-8859-15": "iso-8859-15",
        "windows-1252": "cp1252",
    }

    def __init__(self, finder: Finder, charset: str) -> None:
        self.counts: Counter[str] = Counter()
        self._finder = finder
        self._codec = self.CHARSETS[charset]
        self._decoder = codecs.getincrementaldecoder(self._codec)("surrogateescape")
        self._held = ""
        self._looked = 0  # matches that begin before this were found
        self._told = 0  # what lies before this was given

    def feed(self, chunk: bytes) -> list[bytes]:
        """Take the next bytes, none at the end; gives what is masked."""
        if b"\0" in chunk:
            raise AnswerNotMasked("this answer is a text with NUL bytes, which cannot be masked")
        self._held += self._decoder.decode(chunk, not chunk)
        held = self._held
        stop = len(held) - REACH if chunk else len(held)
        if chunk and stop - self._looked < _PORTION:
            return []
        pieces = []
        for begin, end, mask in self._finder.masks(held, self._looked, stop, self.counts, masked=self._told):
            pieces += [held[self._told : begin], mask]
            self._told = end
        if self._told < stop:
            pieces.append(held[self._told : stop])
            self._told = stop
        gone = max(0, stop - BEHIND)
        self._held, self._looked, self._told = held[gone:], stop - gone, self._told - gone
        masked = "".join(pieces).encode(self._codec, "surrogateescape")
        return [masked] if masked else []
