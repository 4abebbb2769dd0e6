"""Which Claude takes which way of thinking, as data.

Sources, all read 2026-11: platform.claude.com/docs, "Models overview", "Effort", "Thinking" and the migration guides
of Fable 5 and 5.1, Opus 5.5, Sonnet 5 and 5.5, Haiku 5.5; recorded traffic (Opus 4.6 refuses effort `xhigh` and takes
a forced tool while it thinks adaptively). A model that is newer than all rows is taken for the newest of its family.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

EVERY_EFFORT = ("low", "medium", "high", "xhigh", "max")


@dataclass(frozen=True, slots=True)
class Traits:
    """What a model takes.

    `manual`: a budget of thinking tokens. `adaptive`: it decides itself how much to think. `off` is the word that turns
    thinking off, empty where nothing does. `efforts` from least to most. `forced`: a tool may be demanded. `sampling`:
    temperature, top_p and top_k, `both`: the first two together. `room` is `max_tokens` for who did not say.
    """

    manual: bool = False
    adaptive: bool = False
    off: str = ""
    efforts: tuple[str, ...] = ()
    forced: bool = True
    sampling: bool = True
    both: bool = False
    room: int = 4_096

    @property
    def thinks(self) -> bool:
        return self.manual or self.adaptive


_ROOM_TO_THINK = 16_384
_PLAIN = Traits(both=True)
_MANUAL = Traits(manual=True, off="disabled")
_MANUAL_EFFORT = Traits(manual=True, off="disabled", efforts=("low", "medium", "high"))
_EITHER = Traits(
    manual=True, adaptive=True, off="disabled", efforts=("low", "medium", "high", "max"), room=_ROOM_TO_THINK
)
_ADAPTIVE = Traits(adaptive=True, off="disabled", efforts=EVERY_EFFORT, sampling=False, room=_ROOM_TO_THINK)
_BETWEEN = Traits(
    adaptive=True, off="between_tools", efforts=EVERY_EFFORT, forced=False, sampling=False, room=_ROOM_TO_THINK
)
_ALWAYS = Traits(adaptive=True, efforts=EVERY_EFFORT, sampling=False, room=_ROOM_TO_THINK)
_ALWAYS_FREE = Traits(adaptive=True, efforts=EVERY_EFFORT, forced=False, sampling=False, room=_ROOM_TO_THINK)
_STRANGER = Traits(manual=True, off="disabled", both=True)
"""What other makers' models behind this format are asked: the oldest way, which most of them copied."""

_Version = tuple[int, int]
_SINCE: Mapping[str, tuple[tuple[_Version, Traits], ...]] = {
    "fable": (((5, 1), _ALWAYS_FREE), ((0, 0), _ALWAYS)),
    "mythos": (((5, 1), _ALWAYS_FREE), ((0, 0), _ALWAYS)),
    "opus": (
        ((5, 5), _ALWAYS_FREE),
        ((4, 7), _ADAPTIVE),
        ((4, 6), _EITHER),
        ((4, 5), _MANUAL_EFFORT),
        ((4, 0), _MANUAL),
        ((0, 0), _PLAIN),
    ),
    "sonnet": (
        ((5, 5), _BETWEEN),
        ((5, 0), _ADAPTIVE),
        ((4, 6), _EITHER),
        ((3, 7), _MANUAL),
        ((0, 0), _PLAIN),
    ),
    "haiku": (((5, 0), _ADAPTIVE), ((4, 5), _MANUAL), ((0, 0), _PLAIN)),
}
"""For each family, from which version on a row holds; newest first."""

_FAMILY = re.compile(
    r"(?:claude|anthropic).*?(opus|sonnet|haiku|fable|mythos)(?:-(\d{1,2})(?!\d)(?:-(\d{1,2})(?!\d))?)?"
)
_LONGEST_NAME = 256
"""Characters of a name that are looked at: callers may ask for any."""
_BEFORE = re.compile(r"claude-(\d{1,2})(?:-(\d{1,2}))?-(?:opus|sonnet|haiku|fable|mythos)")
_NEWEST: _Version = (99, 0)

BUDGETS: Mapping[str, int] = {
    "minimal": 1_024,
    "low": 2_048,
    "medium": 8_192,
    "high": 16_384,
    "xhigh": 24_576,
    "max": 24_576,
}
"""Thinking tokens for an effort, where a model knows budgets alone; the most still fits into the 32,000 tokens that
Opus 4 writes."""
LEAST_BUDGET = 1_024


def traits_of(model: str) -> Traits:
    """Look a model up by its name, as any host spells it."""
    return _traits(model[:_LONGEST_NAME])


@lru_cache(maxsize=1_024)
def _traits(model: str) -> Traits:
    name = model.lower().replace(".", "-").replace("_", "-")
    found = _FAMILY.search(name)
    if found is None:
        return _PLAIN if "claude" in name else _STRANGER
    before = _BEFORE.search(name)
    numbers = before.groups() if before is not None else found.groups()[1:]
    version = (int(numbers[0]), int(numbers[1] or 0)) if numbers[0] is not None else _NEWEST
    return next(traits for since, traits in _SINCE[found[1]] if version >= since)


def effort_of(budget: int) -> str:
    """Give the effort that a budget comes nearest to, from below."""
    fitting = [effort for effort in EVERY_EFFORT[:4] if BUDGETS[effort] <= budget]
    return fitting[-1] if fitting else "low"


def nearest_effort(effort: str, efforts: tuple[str, ...]) -> str:
    """Give the effort if the model has it, else the next lower one it has, else its lowest."""
    order = ("none", "minimal", *EVERY_EFFORT)
    if effort in efforts or effort not in order:
        return effort if effort in efforts else efforts[-1]
    lower = [known for known in efforts if order.index(known) <= order.index(effort)]
    return lower[-1] if lower else efforts[0]
