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
        self.whole: dict[str, JSON] = dict(given or {})
        self._open = ""

    def add(self, pieces: JSON) -> None:
        """Take the pieces of one part."""
        for piece in items_of(pieces):
            found = Fields(piece, wrong=None)
            path = found.text("jsonPath")
            steps = steps_of(path) if path is not None else None
            if steps:
                value = _value(found)
                self._put(steps, value, more=path == self._open and isinstance(value, str))
                self._open = path if found.flag("willContinue") and path is not None else ""

    def _put(self, steps: list[str | int], value: JSON, *, more: bool) -> None:
        at: JSON = self.whole
        for step, following in pairwise(steps):
            at = _below(at, step, [] if isinstance(following, int) else {})
        last = steps[-1]
        before = _below(at, last, "") if more else None
        if isinstance(before, str) and isinstance(value, str):
            value = before + value
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
