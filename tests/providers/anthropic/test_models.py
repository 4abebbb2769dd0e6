"""Which Claude takes which way of thinking, whatever a host calls it."""

from collections.abc import Callable
from itertools import count

import pytest
from tests.support.growth import assert_linear

from tollbridge_anthropic.models import EVERY_EFFORT, Traits, effort_of, nearest_effort, traits_of

MANUAL = (True, False, "disabled", True)
EITHER = (True, True, "disabled", True)
ADAPTIVE = (False, True, "disabled", True)
BETWEEN = (False, True, "between_tools", False)
ALWAYS = (False, True, "", True)
ALWAYS_FREE = (False, True, "", False)
NEVER = (False, False, "", True)


def way(traits: Traits) -> tuple[bool, bool, str, bool]:
    return traits.manual, traits.adaptive, traits.off, traits.forced


@pytest.mark.parametrize(
    ("model", "found"),
    [
        ("claude-3-5-sonnet-20240620", NEVER),
        ("claude-3-haiku-20240307", NEVER),
        ("claude-2.1", NEVER),
        ("claude-3-7-sonnet-20250219", MANUAL),
        ("claude-sonnet-4-0", MANUAL),
        ("claude-sonnet-4-20250514", MANUAL),
        ("claude-opus-4@20250514", MANUAL),
        ("claude-opus-4-1-20250805", MANUAL),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", MANUAL),
        ("claude-haiku-4-5", MANUAL),
        ("claude-opus-4-5-20251101", MANUAL),
        ("anthropic.claude-opus-4-6-v1", EITHER),
        ("anthropic/claude-4.6-sonnet", EITHER),
        ("anthropic/claude-sonnet-4.6", EITHER),
        ("claude-opus-4-7", ADAPTIVE),
        ("claude-opus-4-8", ADAPTIVE),
        ("claude-opus-5", ADAPTIVE),
        ("claude-sonnet-5", ADAPTIVE),
        ("claude-haiku-5-5", ADAPTIVE),
        ("claude-sonnet-5-5", BETWEEN),
        ("claude-opus-5-5", ALWAYS_FREE),
        ("claude-fable-5", ALWAYS),
        ("claude-mythos-preview", ALWAYS_FREE),
        ("claude-fable-5-1", ALWAYS_FREE),
        ("claude-opus-latest", ALWAYS_FREE),
        ("claude-sonnet-7", BETWEEN),
        ("deepseek-chat", MANUAL),
        ("claude-something", NEVER),
    ],
)
def test_model_is_known_by_its_name(model: str, found: tuple[bool, bool, str, bool]) -> None:
    assert way(traits_of(model)) == found


def test_name_of_any_length_is_looked_up_at_once() -> None:
    runs = count()

    def looking(words: int) -> Callable[[], object]:
        name = "claude" * words + str(next(runs))  # never asked before
        return lambda: traits_of(name)

    assert_linear(looking, 500)
    assert way(traits_of("claude" * 8_000 + "-opus-4-7")) == NEVER


def test_sampling_ends_with_opus_4_7() -> None:
    assert traits_of("claude-opus-4-6").sampling
    assert not traits_of("claude-opus-4-7").sampling
    assert traits_of("claude-3-5-haiku").both
    assert not traits_of("claude-sonnet-4-5").both


@pytest.mark.parametrize(
    ("budget", "effort"),
    [(1, "low"), (2048, "low"), (8192, "medium"), (16000, "medium"), (16384, "high"), (10**6, "xhigh")],
)
def test_budget_becomes_the_effort_below_it(budget: int, effort: str) -> None:
    assert effort_of(budget) == effort


@pytest.mark.parametrize(
    ("effort", "efforts", "found"),
    [
        ("high", EVERY_EFFORT, "high"),
        ("xhigh", ("low", "high", "max"), "high"),
        ("minimal", ("low", "high"), "low"),
        ("unheard", ("low", "high"), "high"),
    ],
)
def test_effort_a_model_lacks_becomes_the_next_lower(effort: str, efforts: tuple[str, ...], found: str) -> None:
    assert nearest_effort(effort, efforts) == found
