"""Choosing among headers by their names, at the price of one look-up for all."""

from collections.abc import Callable
from itertools import compress
from operator import itemgetter, not_

from tollbridge.call import Headers

_name = itemgetter(0)
_MOST_ROWS = 1_024
_LONGEST_ROW = 1_024


class Kept:
    """Which headers of a row of names are kept, worked out once a row: peers send the same one again and again.

    No values are remembered. `choose` says whether a name is kept.
    """

    __slots__ = ("_choose", "_rows")

    def __init__(self, choose: Callable[[bytes], bool]) -> None:
        self._choose = choose
        self._rows: dict[tuple[bytes, ...], tuple[bool, ...]] = {}

    def of(self, headers: Headers) -> Headers:
        """Give a new list of those that are kept, in their order."""
        return list(compress(headers, self._chosen(headers)))

    def apart(self, headers: Headers) -> tuple[Headers, Headers]:
        """Give those that are kept and those that are not, each in their order."""
        chosen = self._chosen(headers)
        return list(compress(headers, chosen)), list(compress(headers, map(not_, chosen)))

    def _chosen(self, headers: Headers) -> tuple[bool, ...]:
        names = tuple(map(_name, headers))
        chosen = self._rows.get(names)
        if chosen is None:
            chosen = tuple(map(self._choose, names))
            if sum(map(len, names)) <= _LONGEST_ROW:
                if len(self._rows) >= _MOST_ROWS:
                    self._rows.clear()
                self._rows[names] = chosen
        return chosen
