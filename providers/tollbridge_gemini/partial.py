"""Arguments of a call that come piece by piece, each with the place it goes to.

`partialArgs`: https://ai.google.dev/api/caching#PartialArg (read 2026-11). A place is a JSON path of names and indexes
only (RFC 9535, section 2.7); what does not fit in is left out.
"""

import re
from itertools import pairwise

from tollbridge.formats import JSON, Fields, items_of

_STEP = re.compile(
    r"\.(?P<plain>[^.\[\]]+)|\[(?P<index>[0-9]{1,6})\]|\['(?P<name>(?:[^'\\]|\\.)*)'\]|" + r'\["([^"]*)"\]'
)
_MOST_STEPS = 64


class PartialArgs:
    """Puts the arguments of one call together."""

    def __init__(self, given: dict[str, JSON] | None = None) -> None:
        self._args: dict[str, JSON] = dict(given or {})
        self._open = ""
        self._steps: list[str | int] = []
        self._words: list[str] = []

    def add(self, pieces: JSON) -> None:
        """Take the pieces of one part."""
        for piece in items_of(pieces):
            found = Fields(piece, wrong=None)
            path = found.text("jsonPath")
            steps = steps_of(path) if path is not None else None
            if not steps or path is None:
                continue
            value = _value(found)
            if path != self._open or not isinstance(value, str):
                self._shut()
            if not isinstance(value, str):
                self._put(steps, value)
                continue
            self._open, self._steps = path, steps
            self._words.append(value)
            if not found.flag("willContinue"):
                self._shut()

    def end(self) -> dict[str, JSON]:
        """Give the arguments: no more is to come."""
        self._shut()
        return self._args

    def _shut(self) -> None:
        """Put the text that goes on where it belongs."""
        if self._open:
            self._put(self._steps, "".join(self._words))
            self._open, self._words = "", []

    def _put(self, steps: list[str | int], value: JSON) -> None:
        at: JSON = self._args
        for step, following in pairwise(steps):
            at = _below(at, step, [] if isinstance(following, int) else {})
        last = steps[-1]
        if isinstance(at, dict) and isinstance(last, str):
            at[last] = value
        elif isinstance(at, list) and isinstance(last, int) and last <= len(at):
            at[last : last + 1] = [value]


def _below(at: JSON, step: str | int, fresh: JSON) -> JSON:
    """Go one step down, to a fresh value where there is none."""
    if isinstance(at, dict) and isinstance(step, str):
        return at.setdefault(step, fresh)
    if isinstance(at, list) and isinstance(step, int) and step <= len(at):
        if step == len(at):
            at.append(fresh)
        return at[step]
    return None


def _value(found: Fields) -> JSON:
    for name in ("stringValue", "numberValue", "boolValue"):
        if name in found:
            return found.take(name)
    return None


def steps_of(path: str) -> list[str | int] | None:
    """Read a path such as `$.trips[0].city`; None for any other."""
    if not path.startswith("$"):
        return None
    steps: list[str | int] = []
    at = 1
    while at < len(path):
        match = _STEP.match(path, at)
        if match is None or len(steps) == _MOST_STEPS:
            return None
        plain, index = match["plain"], match["index"]
        quoted = match["name"] if match["name"] is not None else match[4]
        steps.append(int(index) if index is not None else plain if plain is not None else quoted.replace("\\'", "'"))
        at = match.end()
    return steps
