"""A job as data, and how long it waits after it failed."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tollbridge.gateway import Gateway

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_FIRST_PAUSE_S = 10.0
_LEAST_CAP_S = 300.0
_MOST_CAP_S = 3_600.0


@dataclass(frozen=True, slots=True)
class Job:
    """Something that is done again and again: `every_s` seconds after it was done last, some jitter aside.

    `run` is called with the gateway. It may be broken off at any point and is begun again from its beginning, so what
    it does twice must do no harm; after `longest_s` it is broken off. One worker of all does it at a time, and where
    nobody ran for long it is done once. A `shared` one is done by each worker for itself, such as work that is shared
    by a lease a piece. A `steady` one is due in its time after it failed too: what fails are pieces of its work. Raises
    `ValueError` for a name that is no lower-case word, and for times that are not above 0.
    """

    name: str
    every_s: float
    run: Callable[["Gateway"], Awaitable[object]]
    shared: bool = False
    longest_s: float = 600.0
    steady: bool = False

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"the name {self.name!r} of a job must be a word of a-z, 0-9 and _")
        if not (self.every_s > 0 and self.longest_s > 0):
            raise ValueError(f"the times of the job {self.name!r} must be above 0")


def pause_s(every_s: float, failures: int) -> float:
    """Say how long a job waits that failed so many times in a row, at least 1, in seconds.

    It doubles from ten seconds to the job's own period, but at least to five minutes and at most to an hour.
    """
    cap = max(_LEAST_CAP_S, min(every_s, _MOST_CAP_S))
    return min(cap, _FIRST_PAUSE_S * 2.0 ** min(failures - 1, 30))
