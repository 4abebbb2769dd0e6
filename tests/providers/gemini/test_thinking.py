"""How hard a model is to think, in the words of each generation."""

import tracemalloc
from typing import Any

import pytest
from tests.providers.gemini.support import asked, dropped, write

from tollbridge.formats import Thinking
from tollbridge_gemini.models import Generation, generation_of

PRO_3, PRO_31, FLASH_3 = "gemini-3-pro-preview", "gemini-3.1-pro-preview", "gemini-3-flash-preview"
PRO_25, FLASH_25, FLASH_20 = "gemini-2.5-pro", "gemini-2.5-flash", "gemini-2.0-flash"


def told(model: str, **thinking: Any) -> tuple[Any, tuple[str, ...]]:
    request = asked(model=model, thinking=Thinking(**thinking))
    return write(request).get("generationConfig", {}).get("thinkingConfig"), dropped(request)


def level(name: str) -> dict[str, Any]:
    return {"thinkingLevel": name}


def budget(tokens: int) -> dict[str, Any]:
    return {"thinkingBudget": tokens}


@pytest.mark.parametrize(
    ("model", "effort", "config", "lost"),
    [
        (FLASH_3, "minimal", level("MINIMAL"), ()),
        (FLASH_3, "low", level("LOW"), ()),
        (FLASH_3, "high", level("HIGH"), ()),
        (FLASH_3, "max", level("HIGH"), ("thinking.effort",)),
        (FLASH_3, "none", level("MINIMAL"), ("thinking.effort",)),
        (FLASH_3, "odd", None, ("thinking.effort",)),
        (PRO_31, "medium", level("MEDIUM"), ()),
        (PRO_31, "minimal", level("LOW"), ("thinking.effort",)),
        (PRO_3, "medium", level("HIGH"), ("thinking.effort",)),
        (FLASH_25, "none", budget(0), ()),
        (FLASH_25, "minimal", budget(1024), ()),
        (FLASH_25, "low", budget(1024), ()),
        (FLASH_25, "medium", budget(8192), ()),
        (FLASH_25, "high", budget(24576), ()),
        (FLASH_25, "xhigh", budget(24576), ()),
        (FLASH_25, "odd", None, ("thinking.effort",)),
        (PRO_25, "max", budget(32768), ()),
        (PRO_25, "none", budget(128), ("thinking.enabled",)),
        (FLASH_20, "high", None, ("thinking.effort",)),
        (FLASH_20, "none", None, ()),
    ],
)
def test_effort_is_a_level_or_a_budget(model: str, effort: str, config: Any, lost: tuple[str, ...]) -> None:
    assert told(model, effort=effort) == (config, lost)


@pytest.mark.parametrize(
    ("model", "tokens", "config", "lost"),
    [
        (FLASH_3, 1024, level("LOW"), ("thinking.budget",)),
        (FLASH_3, 8000, level("MEDIUM"), ("thinking.budget",)),
        (FLASH_3, 9000, level("HIGH"), ("thinking.budget",)),
        (FLASH_3, 0, level("MINIMAL"), ("thinking.budget",)),
        (FLASH_3, -1, None, ()),
        (FLASH_25, 2000, budget(2000), ()),
        (FLASH_25, -1, budget(-1), ()),
        (FLASH_25, 99_999, budget(24576), ("thinking.budget",)),
        (PRO_25, 1, budget(128), ("thinking.budget",)),
        (FLASH_20, 2000, None, ("thinking.budget",)),
    ],
)
def test_budget_is_kept_within_its_bounds_or_made_a_level(
    model: str, tokens: int, config: Any, lost: tuple[str, ...]
) -> None:
    assert told(model, budget=tokens) == (config, lost)


def test_thinking_is_switched_on_and_off_where_that_can_be() -> None:
    assert told(FLASH_25, enabled=True) == (budget(-1), ())
    assert told(FLASH_25, enabled=False) == (budget(0), ())
    assert told(FLASH_3, enabled=True) == (None, ())
    assert told(FLASH_3, enabled=False) == (level("MINIMAL"), ("thinking.enabled",))
    assert told(FLASH_20, enabled=True) == (None, ("thinking.enabled",))
    assert told(FLASH_20, enabled=False) == (None, ())


def test_effort_goes_before_a_budget_where_there_are_levels() -> None:
    assert told(FLASH_3, effort="low", budget=9000) == (level("LOW"), ("thinking.budget",))
    assert told(FLASH_25, effort="low", budget=9000) == (budget(9000), ())


def test_thoughts_are_shown_where_they_are_asked_for() -> None:
    assert told(FLASH_3, effort="low", shown=True) == ({**level("LOW"), "includeThoughts": True}, ())
    assert told(FLASH_25, shown=True, summary="auto") == ({"includeThoughts": True}, ())
    assert told(FLASH_25, shown=False) == (None, ())
    assert told(FLASH_25, shown=True, summary="detailed")[1] == ("thinking.summary",)
    assert told(FLASH_20, shown=True) == (None, ("thinking.shown",))
    assert told(FLASH_3, extras={"odd": 1}) == (None, ("thinking.odd",))


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("models/gemini-2.5-flash-lite", (0, 24_576)),
        ("google/gemini-2.5-pro-preview-06-05", (128, 32_768)),
        ("gemini-1.5-pro", None),
        ("gemini-4-pro", None),
        ("learnlm", None),
    ],
)
def test_generation_is_told_by_the_name(model: str, expected: tuple[int, int] | None) -> None:
    assert generation_of(model).budgets == expected


def test_names_of_any_length_are_told_and_not_kept() -> None:
    tracemalloc.start()
    found = [generation_of(f"{'x/' * 50_000}gemini-2.5-pro-{number}{'x' * 100_000}") for number in range(20)]
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert found == [generation_of("gemini-2.5-pro")] * 20
    assert kept < 100_000


def test_generations_to_come_are_taken_for_the_newest() -> None:
    assert generation_of("gemini-4-flash").levels == ("minimal", "low", "medium", "high")
    assert generation_of("gemini-4.5-pro").signed
    assert generation_of("gemini-pro-latest").levels == ("low", "medium", "high")
    assert generation_of("something-else") == Generation()
