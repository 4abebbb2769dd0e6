"""What the generations of Gemini take, as far as it differs and a translation must know.

Thinking: https://ai.google.dev/gemini-api/docs/thinking; efforts as budgets and levels:
https://ai.google.dev/gemini-api/docs/openai; signatures: https://ai.google.dev/gemini-api/docs/thought-signatures;
files by URL: https://ai.google.dev/gemini-api/docs/file-input-methods (all read 2026-11).
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from tollbridge.formats import EFFORTS, JSON, Notes, Thinking, present


@dataclass(frozen=True, slots=True)
class Generation:
    """What a generation of models takes.

    `levels` are its thinking levels, in rising order; `budgets` the least and most tokens of thinking it can be set
    to. `signed`: a tool call of the conversation must have a signature. `urls`: it fetches files by any https URL.
    `shown_results`: a tool's result may hold pictures.
    """

    levels: tuple[str, ...] = ()
    budgets: tuple[int, int] | None = None
    signed: bool = False
    urls: bool = True
    shown_results: bool = False


_LEVELS = ("minimal", "low", "medium", "high")
_NEW = Generation(levels=_LEVELS, signed=True, shown_results=True)
_TABLE: tuple[tuple[re.Pattern[str], Generation], ...] = tuple(
    (re.compile(pattern), generation)
    for pattern, generation in (
        (r"gemini-(1\.|2\.0)", Generation(urls=False)),
        (r"gemini-2\.5-pro", Generation(budgets=(128, 32_768))),
        (r"gemini-2\.5", Generation(budgets=(0, 24_576))),
        (r"gemini-3-pro", Generation(levels=("low", "high"), signed=True, shown_results=True)),
        (r"gemini-(\d+(\.\d+)?-)?pro", Generation(levels=_LEVELS[1:], signed=True, shown_results=True)),
        (r"gemini-(\d|flash)", _NEW),
    )
)
_OTHER = Generation()
_LONGEST_NAME = 256
"""Characters of a name that are looked at: callers may ask for any."""

_BUDGETS = {"minimal": 1_024, "low": 1_024, "medium": 8_192, "high": 24_576, "xhigh": 32_768, "max": 32_768}
"""Google's own budgets for the efforts it knows; those above are the most there is."""


def generation_of(model: str) -> Generation:
    """Tell the generation by a model's name, such as `gemini-2.5-flash` or `models/gemini-3-pro-preview`."""
    return _generation(model.rpartition("/")[2][:_LONGEST_NAME].lower())


@lru_cache(maxsize=256)
def _generation(name: str) -> Generation:
    return next((generation for pattern, generation in _TABLE if pattern.match(name)), _OTHER)


def thinking_config(thinking: Thinking, model: str, notes: Notes) -> dict[str, JSON]:
    """Say in this model's words how it is to think; what it cannot be told is noted."""
    generation = generation_of(model)
    notes.drop_extras(thinking.extras, "thinking")
    notes.drop_given("thinking", summary=None if thinking.summary in (None, "auto") else thinking.summary)
    shown = thinking.shown or None
    if generation.levels:
        return present(thinkingLevel=_level(thinking, generation.levels, notes), includeThoughts=shown)
    if generation.budgets is not None:
        return present(thinkingBudget=_budget(thinking, generation.budgets, notes), includeThoughts=shown)
    off = thinking.enabled is False or thinking.effort == "none" or thinking.budget == 0
    if not off:
        notes.drop_given(
            "thinking",
            enabled=thinking.enabled,
            effort=thinking.effort,
            budget=thinking.budget,
            shown=shown,
        )
    return {}


def _level(thinking: Thinking, levels: tuple[str, ...], notes: Notes) -> str | None:
    effort, said = thinking.effort, "effort"
    if effort not in EFFORTS:
        notes.drop_given("thinking", effort=effort)
        effort = None
    if effort is None and thinking.budget is not None and thinking.budget >= 0:
        effort, said = _nearest_effort(thinking.budget), "budget"
        notes.drop("thinking.budget")
    elif thinking.effort is not None:
        notes.drop_given("thinking", budget=thinking.budget)
    if effort is None and thinking.enabled is False:
        effort, said = "none", "enabled"
    if effort is None or effort in levels:
        return effort.upper() if effort else None
    notes.drop(f"thinking.{said}")
    return _nearest_level(effort, levels).upper()


def _nearest_effort(budget: int) -> str:
    if budget == 0:
        return "none"
    return next((effort for effort in ("low", "medium") if budget <= _BUDGETS[effort]), "high")


def _nearest_level(effort: str, levels: tuple[str, ...]) -> str:
    """Give the level nearest to an effort, of two the higher."""
    wanted = EFFORTS.index(effort)
    return min(levels, key=lambda level: (abs(EFFORTS.index(level) - wanted), -EFFORTS.index(level)))


def _budget(thinking: Thinking, bounds: tuple[int, int], notes: Notes) -> int | None:
    least, most = bounds
    budget, said = thinking.budget, "budget"
    if thinking.enabled is False or thinking.effort == "none":
        budget, said = 0, "enabled"
    elif budget is None and thinking.effort is not None:
        budget, said = _BUDGETS.get(thinking.effort), "effort"
        if budget is None:
            notes.drop("thinking.effort")
        elif thinking.effort in ("xhigh", "max"):
            budget = min(budget, most)
    elif budget is None and thinking.enabled:
        budget = -1
    if budget is None or budget == -1 or least <= budget <= most:
        return budget
    notes.drop(f"thinking.{said}")
    return min(max(budget, least), most)
