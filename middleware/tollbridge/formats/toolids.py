"""Ids of tool calls that fit where they go."""

import re
from collections.abc import Callable
from hashlib import sha256

PLAIN = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""What Anthropic and Bedrock take (their API references, read 2026-11)."""


def fit_id(id_: str, pattern: re.Pattern[str] = PLAIN, made: Callable[[str], str] | None = None) -> str:
    """Give the id if the target takes it, else one made from it: always the same, so call and result still match."""
    if pattern.fullmatch(id_):
        return id_
    digest = sha256(id_.encode("utf-8", "surrogatepass")).hexdigest()
    return made(digest) if made is not None else f"call_{digest[:24]}"


def new_call_id(call_id: str, index: int) -> str:
    """Make an id for a tool call that came without one, unique in the conversation: `call_id` is the bridge's."""
    return f"call_{sha256(call_id.encode()).hexdigest()[:20]}_{index}"
