"""What is told from a model's name."""

import pytest

from tollbridge_bedrock.models import (
    claude_version,
    is_claude,
    is_gpt,
    is_nova,
    is_nova_2,
    takes_no_chance,
    takes_one_chance,
    thinks_adaptively,
    thinks_by_budget,
)


@pytest.mark.parametrize(
    ("model", "version"),
    [
        ("anthropic.claude-3-haiku-20240307-v1:0", (3, 0)),
        ("us.anthropic.claude-3-5-sonnet-20240620-v1:0", (3, 5)),
        ("us.anthropic.claude-3-7-sonnet-20250219-v1:0", (3, 7)),
        ("us.anthropic.claude-sonnet-4-20250514-v1:0", (4, 0)),
        ("us.anthropic.claude-opus-4-1-20250805-v1:0", (4, 1)),
        ("global.anthropic.claude-haiku-4-5-20251001-v1:0", (4, 5)),
        ("anthropic.claude-opus-4-6-v1", (4, 6)),
        ("anthropic.claude-sonnet-5", (5, 0)),
        ("anthropic.claude-sonnet-5-5", (5, 5)),
        ("anthropic.claude-mythos-preview", (99, 0)),
        ("anthropic.claude-fable-5", (5, 0)),
        ("us.anthropic.claude-mythos-5-1", (5, 1)),
        ("anthropic.claude-v2", (0, 0)),
        ("amazon.nova-lite-v1:0", (0, 0)),
        ("arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2", (0, 0)),
    ],
)
def test_version_of_a_claude_is_read(model: str, version: tuple[int, int]) -> None:
    assert claude_version(model) == version


@pytest.mark.parametrize(
    ("version", "by_budget", "adaptively", "one", "none"),
    [
        ("3-5-sonnet", False, False, False, False),
        ("3-7-sonnet", True, False, False, False),
        ("sonnet-4", True, False, False, False),
        ("sonnet-4-5", True, False, True, False),
        ("sonnet-4-6", False, True, True, False),
        ("opus-4-7", False, True, True, True),
        ("sonnet-5", False, True, True, True),
    ],
)
def test_each_claude_takes_what_its_version_does(
    version: str, by_budget: bool, adaptively: bool, one: bool, none: bool
) -> None:
    model = f"anthropic.claude-{version}"

    assert is_claude(model)
    assert (thinks_by_budget(model), thinks_adaptively(model)) == (by_budget, adaptively)
    assert (takes_one_chance(model), takes_no_chance(model)) == (one, none)


def test_families_are_told_apart() -> None:
    assert is_nova("us.amazon.nova-lite-v1:0")
    assert is_nova_2("us.amazon.nova-2-lite-v1:0")
    assert not is_nova_2("us.amazon.nova-lite-v1:0")
    assert is_gpt("openai.gpt-oss-120b-1:0")
    assert not is_claude("meta.llama3-70b-v1:0")
