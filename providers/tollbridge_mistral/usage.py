"""Reading usage out of Mistral's answers: it always comes, in a stream with the last piece.

`prompt_tokens` has the cached ones in it (`prompt_tokens_details.cached_tokens`, older `num_cached_tokens`), and tokens
of audio, whose number is not told; `completion_tokens` has the thinking (https://docs.mistral.ai/api and recorded
answers, read 2026-11).
"""

from decimal import Decimal
from typing import Any

import msgspec

from tollbridge import Usage
from tollbridge.formats import JSON, Fields


class _Answer(msgspec.Struct):
    usage: Any = None


_decode = msgspec.json.Decoder(_Answer, float_hook=Decimal).decode


def answer_usage(body: bytes) -> Usage | None:
    """Read the usage of a whole answer or of a piece of one; raises msgspec's errors."""
    return read_usage(_decode(body).usage)


def read_usage(wire: JSON) -> Usage | None:
    """Read `usage`; None where it says nothing."""
    found = Fields(wire, wrong=None)
    prompt, completion = found.whole("prompt_tokens"), found.whole("completion_tokens")
    if prompt is None and completion is None:
        return None
    asked, made = max(0, prompt or 0), max(0, completion or 0)
    made = max(made, (found.whole("total_tokens") or 0) - asked)
    cached = found.whole("num_cached_tokens") or 0
    for name in ("prompt_tokens_details", "prompt_token_details"):
        inner = found.inner(name)
        cached = max(cached, (inner.whole("cached_tokens") if inner is not None else 0) or 0)
    cached = min(asked, max(0, cached))
    details = found.inner("completion_tokens_details")
    thought = (details.whole("reasoning_tokens") if details is not None else 0) or 0
    return Usage(input=asked - cached, cache_read=cached, output=made, reasoning=min(made, max(0, thought)))


def write_usage(usage: Usage) -> dict[str, JSON]:
    """Write usage from its buckets."""
    return {
        "prompt_tokens": usage.input_total,
        "completion_tokens": usage.output_total,
        "total_tokens": usage.total,
        "prompt_tokens_details": {"cached_tokens": usage.cache_read},
        **({"completion_tokens_details": {"reasoning_tokens": usage.reasoning}} if usage.reasoning else {}),
    }
