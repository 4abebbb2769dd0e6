"""Reading usage out of Cohere's answers: what is billed is what counts.

`tokens` is what the model saw, with some 500 to 1,400 of Cohere's own prompt; `billed_units` is what Cohere charges for
(https://docs.cohere.com/docs/how-does-cohere-pricing-work, github.com/cohere-ai/cohere-developer-experience/pull/399,
read 2026-11; in 55 of 56 recorded answers the first is far above the second). A price belongs to what is charged, so
the buckets add up to `billed_units`, and to `tokens` only where nothing was billed.

`cached_tokens` counts Cohere's own prompt too, which stands first: only what goes beyond it was the caller's. Likewise
thinking that was not billed is no part of the output. `image_tokens` stand beside `tokens.input_tokens` and within the
billed ones (one recorded answer).
"""

from decimal import Decimal
from typing import Any

import msgspec

from tollbridge import Usage
from tollbridge.formats import JSON, Fields, present


class _Answer(msgspec.Struct):
    usage: Any = None
    meta: Any = None


_decode = msgspec.json.Decoder(_Answer, float_hook=Decimal).decode


def answer_usage(body: bytes) -> Usage | None:
    """Read the usage of a whole answer; raises msgspec's errors."""
    found = _decode(body)
    return read_usage(found.usage if found.usage is not None else found.meta)


def read_usage(wire: JSON) -> Usage | None:
    """Read `usage` of a chat, or `meta` of other answers; None where no tokens are told."""
    found = Fields(wire, wrong=None)
    billed, tokens = found.inner("billed_units"), found.inner("tokens") or Fields({}, wrong=None)
    cached, images = _count(found, "cached_tokens"), _count(tokens, "image_tokens")
    seen, made, thought = (_count(tokens, f"{name}_tokens") for name in ("input", "output", "reasoning"))
    if billed is None or not ("input_tokens" in billed or "output_tokens" in billed or "image_tokens" in billed):
        if seen is None and made is None:
            return None
        charged, written = (seen or 0) + (images or 0), made or 0
    else:
        beside = _count(billed, "image_tokens")
        images = beside if images is None else images
        charged = (_count(billed, "input_tokens") or 0) + (beside or 0)
        written = _count(billed, "output_tokens") or 0
    image = min(charged, images or 0)
    free_input = max(0, (seen or 0) + (images or 0) - charged)
    free_output = max(0, (made or 0) - written)
    cache = min(charged - image, max(0, (cached or 0) - free_input))
    return Usage(
        input=charged - image - cache,
        cache_read=cache,
        image_input=image,
        output=written,
        reasoning=min(written, max(0, (thought or 0) - free_output)),
    )


def _count(found: Fields, name: str) -> int | None:
    value = found.whole(name)
    return None if value is None else max(0, value)


def write_usage(usage: Usage) -> dict[str, JSON]:
    """Write usage from its buckets: all that was used is billed."""
    tokens = present(
        input_tokens=usage.input_total - usage.image_input,
        output_tokens=usage.output_total,
        image_tokens=usage.image_input or None,
        reasoning_tokens=usage.reasoning or None,
    )
    return {
        "billed_units": {"input_tokens": usage.input_total, "output_tokens": usage.output_total},
        "tokens": tokens,
        "cached_tokens": usage.cache_read,
    }
