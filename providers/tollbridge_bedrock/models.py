"""What families of models take, told by their names: Converse passes on what it has no word for.

An application's inference profile (an ARN) does not tell its model: it is asked as one that takes nothing special.
Claude: https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-adaptive-thinking.html; Nova:
https://docs.aws.amazon.com/nova/latest/nova2-userguide/core-inference.html; read 2026-11.
"""

import re

_NEW = re.compile(r"claude-(?:opus|sonnet|haiku)-(\d{1,2})(?:-(\d{1,2}))?(?!\d)")
_OLD = re.compile(r"claude-(\d)(?:-(\d))?-(?:opus|sonnet|haiku)")
_LATEST = re.compile(r"claude-(?:mythos|fable)")
_LAST = (99, 0)


def claude_version(model: str) -> tuple[int, int]:
    """Give the version of a Claude, (0, 0) for another model."""
    if _LATEST.search(model):
        return _LAST
    found = _NEW.search(model) or _OLD.search(model)
    return (0, 0) if found is None else (int(found[1]), int(found[2] or 0))


def is_claude(model: str) -> bool:
    return "anthropic." in model or "claude" in model


def is_nova(model: str) -> bool:
    return "amazon.nova" in model


def is_nova_2(model: str) -> bool:
    return "amazon.nova-2" in model


def is_gpt(model: str) -> bool:
    """Whether a model is one of OpenAI's open ones."""
    return "openai.gpt-oss" in model


def caches(model: str) -> bool:
    """Whether a model takes cache points; others refuse them."""
    return is_claude(model) or is_nova(model)


def thinks_by_budget(model: str) -> bool:
    """Whether a Claude thinks as many tokens as it is told."""
    return (3, 7) <= claude_version(model) < (4, 6)


def thinks_adaptively(model: str) -> bool:
    """Whether a Claude decides itself how long it thinks: from 4.6 on, and from 4.7 on in no other way."""
    return claude_version(model) >= (4, 6)


def enforces(model: str) -> bool:
    """Whether a Claude keeps to the schema of a strict tool; others are not known to take the word."""
    return claude_version(model) >= (4, 5)


def takes_one_chance(model: str) -> bool:
    """Whether a Claude refuses `temperature` beside `topP` (github.com/aws-samples/bedrock-access-gateway, 2026-11)."""
    return claude_version(model) >= (4, 1)


def takes_no_chance(model: str) -> bool:
    """Whether a Claude refuses `temperature`, `topP` and `top_k` alike, as all do from 4.7 on."""
    return claude_version(model) >= (4, 7)
