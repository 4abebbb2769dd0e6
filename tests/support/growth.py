"""Whether work grows with its input and no faster: told from two sizes, since seconds alone tell of the machine."""

import gc
import sys
from collections.abc import Callable
from time import thread_time

_TIMES = 10
_MOST = 4 * _TIMES
"""How many times as long the large work may take as the small: in proportion it is 10 times, as a square 100 times.

A machine that others share takes up to 22 times: what fits in its caches when small does not when large.
"""
_BOTH = 3
"""How many times the size that is asked for both are: in larger work a part that grows as a square shows more, and what
fits in a cache less.
"""
_LEAST_S = 0.0005
"""What less than this is counted as: the clock and the machine's other work would decide."""
_ROUNDS = 5


def assert_linear(
    prepare: Callable[[int], Callable[[], object]], size: int, *, clock: Callable[[], float] = thread_time
) -> None:
    """Check that ten times the size takes about ten times this thread's time, from three times `size` on.

    `prepare` gives the work of a size, anew for each run; only that work is measured. One round of small and large work
    in proportion is enough: a busy machine slows some rounds, while work that grows faster does so in all of them.
    `clock` may be that of the process, where other threads do a part.
    """
    prepare(size)()  # patterns are compiled, caches filled
    grown: list[float] = []
    while not grown or grown[-1] > _MOST:
        assert len(grown) < _ROUNDS, f"{_TIMES} times the size took {min(grown):.0f} times as long"
        small = min(_seconds(prepare(_BOTH * size), clock) for _ in range(3))
        grown.append(_seconds(prepare(_TIMES * _BOTH * size), clock) / max(small, _LEAST_S))


def _seconds(work: Callable[[], object], clock: Callable[[], float]) -> float:
    """Run work without tracing, as of coverage, which would be most of what is measured, and without the collector."""
    trace, collecting = sys.gettrace(), gc.isenabled()
    sys.settrace(None)
    gc.disable()
    try:
        begun = clock()
        work()
        return clock() - begun
    finally:
        sys.settrace(trace)
        if collecting:
            gc.enable()
