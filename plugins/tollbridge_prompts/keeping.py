"""Answers that are kept for a while on one worker, so that a call within that time asks no model.

They are kept for whom they were made: the key holds the release, the caller's token, whether it wants all or
nothing, and the input. Nothing is shared between workers, and of two equal calls at once each asks.
"""

from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from tollbridge import Clock
from tollbridge_prompts import jsontext
from tollbridge_prompts.bounds import KEPT_ANSWER, KEPT_ANSWERS, KEPT_CHARACTERS
from tollbridge_prompts.running import Result


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer, and when it was made (seconds of the clock that never goes back)."""

    result: Result
    at_s: float


class Keeping:
    """The answers of one release; those that were not asked for the longest go first."""

    def __init__(self, clock: Clock, max_age_s: int) -> None:
        self._clock = clock
        self._max_age_s = max_age_s
        self._kept: OrderedDict[bytes, Kept] = OrderedDict()
        self._characters = 0

    def find(self, key: bytes) -> tuple[Result, int] | None:
        """Give an answer that is still good, and its age in whole seconds."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        age_s = self._clock.monotonic() - kept.at_s
        if age_s >= self._max_age_s:
            self._drop(key)
            return None
        self._kept.move_to_end(key)
        return kept.result, int(age_s)

    def keep(self, key: bytes, result: Result) -> None:
        """Keep an answer, unless it is too large."""
        if key in self._kept:
            self._drop(key)
        if self._max_age_s == 0 or len(result.text) > KEPT_ANSWER:
            return
        self._kept[key] = Kept(result, self._clock.monotonic())
        self._characters += len(result.text)
        while len(self._kept) > KEPT_ANSWERS or self._characters > KEPT_CHARACTERS:
            self._drop(next(iter(self._kept)))

    def clear(self) -> None:
        """Keep nothing any more."""
        self._kept.clear()
        self._characters = 0

    def _drop(self, key: bytes) -> None:
        self._characters -= len(self._kept.pop(key).result.text)


def key_of(release: str, caller: str, values: dict[str, Any], *, strict: bool = False) -> bytes:
    """Give the key of an answer; `strict`: it must be one of which nothing was left out."""
    return sha256(jsontext.write([release, caller, strict, values]).encode("utf-8")).digest()


def tag_of(digest: bytes, kind: str, values: dict[str, Any], body: bytes) -> str:
    """Give the entity tag (RFC 9110, 8.8.3): strong, of the definition, the input, the media type and the answer."""
    said = sha256(digest)
    for part in (kind.encode("ascii"), jsontext.write(values).encode("utf-8"), body):
        said.update(sha256(part).digest())
    return f'"{said.hexdigest()[:32]}"'


def is_known(known: str, tag: str) -> bool:
    """Whether an `If-None-Match` names this tag (weak comparison, RFC 9110, 13.1.2)."""
    return known.strip() == "*" or any(one.strip().removeprefix("W/") == tag for one in known.split(","))
