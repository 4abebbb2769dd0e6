"""How long calls took, as counts on a logarithmic scale: sums of any ranges add up, and percentiles are read off them.

A place of the scale is as wide as 1/32 of the power of two below it, so that what is read off is at most 1.6 % beside
the exact value, and below 64 ms it is exact. A histogram is one whole number, a lane of 32 bits for each place: adding
two adds all of their places at once. A lane holds four billion calls.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate
from struct import unpack as read

_EXACT_BITS = 6
"""Milliseconds of so many bits have a place each."""
_STEPS = 1 << (_EXACT_BITS - 1)
_LANE = 32
ERROR_PERCENT = 1.6
"""How far a percentile may be beside the exact one."""


def place_of(ms: int) -> int:
    """Give the place of a time in milliseconds, 0 or more."""
    beyond = max(0, ms.bit_length() - _EXACT_BITS)
    return beyond * _STEPS + (ms >> beyond)


def middle_of(place: int) -> int:
    """Give the time that stands for a place, in milliseconds."""
    beyond = max(0, place // _STEPS - 1)
    return ((place - beyond * _STEPS) << beyond) + ((1 << beyond) - 1) // 2


def histogram(times: Mapping[int, int]) -> int:
    """Make one of how often each time was taken, in milliseconds."""
    return sum(count << (place_of(ms) * _LANE) for ms, count in times.items())


def pack(whole: int) -> bytes:
    """Write one down: two bytes of its first place that is not empty, then four for each up to its last."""
    if not whole:
        return b""
    first = ((whole & -whole).bit_length() - 1) // _LANE
    lanes = whole >> (first * _LANE)
    return first.to_bytes(2, "little") + lanes.to_bytes(-(-lanes.bit_length() // _LANE) * 4, "little")


def unpack(packed: bytes) -> int:
    """Read one that was written down."""
    return int.from_bytes(packed[2:], "little") << (int.from_bytes(packed[:2], "little") * _LANE)


def percentiles(whole: int, percents: Iterable[int]) -> Iterator[int | None]:
    """Give the times that so many percent of the calls do not exceed, by nearest rank; None without calls."""
    packed = pack(whole)
    first, counts = int.from_bytes(packed[:2], "little"), read(f"<{len(packed) // 4}I", packed[2:])
    ranks = list(accumulate(counts))
    for percent in percents:
        yield middle_of(first + bisect_left(ranks, -(-ranks[-1] * percent // 100))) if ranks else None
