"""What a finder gives: where something stands in a text.

Every finder decides by the text near a place alone: at most `REACH` characters from where a match begins, and `BEHIND`
before it. So a text that comes in pieces is masked as the whole would be.
"""

from collections.abc import Callable, Iterable

REACH = 330
BEHIND = 70

Span = tuple[int, int]
Find = Callable[[str, int, int], Iterable[Span]]
"""Gives the matches in a text that begin at `start` or behind it and before `stop`; they may overlap."""
