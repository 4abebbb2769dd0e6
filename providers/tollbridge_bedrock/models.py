"""What families of models take, told by their names: Converse passes on what it has no word for.

An application's inference profile (an ARN) does not tell its model: it is asked as one that takes nothing special.
Claude: https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-adaptive-thinking.html; Nova:
https://docs.aws.amazon.com/nova/latest/nova2-userguide/core-inference.html; read 2026-11. What is the same wherever a
Claude runs is from Anthropic's "Thinking" and migration guides of the models of 5 and 5.5 (platform.claude.com/docs,
read 2026-11).
"""

import re

_NEW = re.compile(r"claude-(?:opus|sonnet|haiku|mythos|fable)-(\d{1,2})(?:-(\d{1,2}))?(?!\d)")
_OLD = re.compile(r"claude-(\d)(?:-(\d))?-(?:opus|sonnet|haiku)")
_LATEST = re.compile(r"claude-(?:mythos|fable)")
_LAST = (99, 0)
_SHORT = frozenset(("", "5m"))
EVERY_TTL = _SHORT | {"1h"}
"""How long a cache point may keep what it marks; empty for the model's own time."""


def claude_version(model: str) -> tuple[int, int]:
    """Give the version of a Claude, (0, 0) for another model."""
    found = _NEW.search(model) or _OLD.search(model)
    if found is None:
        return _LAST if _LATEST.search(model) else (0, 0)
    return int(found[1]), int(found[2] or 0)


def is_claude(model: str) -> bool:
    return "anthropic." in model or "claude" in model


def is_nova(model: str) -> bool:
    return "amazon.nova" in model


def is_nova_2(model: str) -> bool:
    return "amazon.nova-2" in model


def is_gpt(model: str) -> bool:
    """Whether a model is one of OpenAI's open ones."""
    return "openai.gpt-oss" in model


def cached_for(model: str) -> frozenset[str]:
    """Give the lifetimes a cache point may have; none for a model that takes no cache points.

    An hour came with Claude 4.5 (github.com/NousResearch/hermes-agent/issues/11970, read 2026-11).
    """
    if claude_version(model) >= (4, 5):
        return EVERY_TTL
    return _SHORT if is_claude(model) or is_nova(model) else frozenset()


def tools_cached_for(model: str) -> frozenset[str]:
    """Give those of one among the tools, or behind what one of them gave: Nova refuses it there.

    github.com/LibreChat-AI/agents/pull/253 and github.com/aws-samples/bedrock-engineer/pull/71, read 2026-11.
    """
    return cached_for(model) if is_claude(model) else frozenset()


def thinks_by_budget(model: str) -> bool:
    """Whether a Claude thinks as many tokens as it is told."""
    return (3, 7) <= claude_version(model) < (4, 6)


def thinks_adaptively(model: str) -> bool:
    """Whether a Claude decides itself how long it thinks: from 4.6 on, and from 4.7 on in no other way."""
    return claude_version(model) >= (4, 6)


def word_for_no_thinking(model: str) -> str | None:
    """Give the `type` by which a Claude that thinks unless told is told not to; empty where nothing does.

    None for one that does not think unless told.
    """
    version = claude_version(model)
    if version < (5, 0):
        return None
    if _LATEST.search(model) or ("opus" in model and version >= (5, 5)):
        return ""
    return "between_tools" if "sonnet" in model and version >= (5, 5) else "disabled"


def can_be_forced(model: str) -> bool:
    """Whether a model takes a choice that forces it to use a tool."""
    since = (5, 1) if _LATEST.search(model) else (5, 5)
    return "haiku" in model or claude_version(model) < since


def enforces(model: str) -> bool:
    """Whether a Claude keeps to the schema of a strict tool; others are not known to take the word."""
    return claude_version(model) >= (4, 5)


def takes_one_chance(model: str) -> bool:
    """Whether a Claude refuses `temperature` beside `topP` (github.com/aws-samples/bedrock-access-gateway, 2026-11)."""
    return claude_version(model) >= (4, 1)


def takes_no_chance(model: str) -> bool:
    """Whether a Claude refuses `temperature`, `topP` and `top_k` alike, as all do from 4.7 on."""
    return claude_version(model) >= (4, 7)
