"""Reading and writing usage in Converse's words.

`inputTokens` leaves cache reads and writes out, and `totalTokens` is the sum of all four (recorded answers, 2026-11;
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html, read 2026-11).
"""

import msgspec

from tollbridge import Usage
from tollbridge.formats import JSON

HOUR = "1h"


class _CacheDetail(msgspec.Struct, rename="camel"):
    ttl: str | None = None
    input_tokens: int | None = None


class WireUsage(msgspec.Struct, rename="camel"):
    """`usage` as it comes; absent and null mean nothing was said."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_write_input_tokens: int | None = None
    cache_details: list[_CacheDetail] | None = None

    def read(self) -> Usage | None:
        """Give the disjoint buckets."""
        if self.input_tokens is None and self.output_tokens is None:
            return None
        written = max(0, self.cache_write_input_tokens or 0)
        details = self.cache_details or ()
        hour = min(written, sum(max(0, each.input_tokens or 0) for each in details if each.ttl == HOUR))
        return Usage(
            input=max(0, self.input_tokens or 0),
            cache_read=max(0, self.cache_read_input_tokens or 0),
            cache_write=written - hour,
            cache_write_1h=hour,
            output=max(0, self.output_tokens or 0),
        )


class _Answer(msgspec.Struct):
    usage: WireUsage | None = None


_decode_answer = msgspec.json.Decoder(_Answer).decode


def answer_usage(body: bytes) -> Usage | None:
    """Read the usage of a whole answer, or of a `metadata` event; raises msgspec's errors."""
    wire = _decode_answer(body).usage
    return None if wire is None else wire.read()


def read_usage(wire: JSON) -> Usage | None:
    """Read `usage`; None where it says nothing or makes no sense."""
    if not isinstance(wire, dict):
        return None
    try:
        return msgspec.convert(wire, WireUsage).read()
    except msgspec.ValidationError:
        return None


def write_usage(usage: Usage) -> dict[str, JSON]:
    """Write usage from its buckets."""
    written = usage.cache_write + usage.cache_write_1h
    members: dict[str, JSON] = {
        "inputTokens": usage.input + usage.audio_input + usage.image_input,
        "outputTokens": usage.output_total,
        "totalTokens": usage.total,
        "cacheReadInputTokens": usage.cache_read,
        "cacheWriteInputTokens": written,
    }
    if usage.cache_write_1h:
        short = [{"ttl": "5m", "inputTokens": usage.cache_write}] if usage.cache_write else []
        members["cacheDetails"] = [*short, {"ttl": HOUR, "inputTokens": usage.cache_write_1h}]
    return members
