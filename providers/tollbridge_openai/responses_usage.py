"""Usage of the Responses API (https://platform.openai.com/docs/api-reference/responses/object, read 2026-11).

`input_tokens` includes what was read from the cache and what was written to it (counted since gpt-5.6), and
`output_tokens` includes reasoning: recorded answers of seven hosts add up to `total_tokens` (2026-11).
"""

import msgspec

from tollbridge import Usage
from tollbridge.formats import JSON


class _InputDetails(msgspec.Struct):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None


class _OutputDetails(msgspec.Struct):
    reasoning_tokens: int | None = None


class WireUsage(msgspec.Struct):
    """`usage` as it comes; absent and null mean nothing was said."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    total_tokens: int | None = None
    input_tokens_details: _InputDetails | None = None
    output_tokens_details: _OutputDetails | None = None

    def read(self) -> Usage | None:
        """Give the disjoint buckets; parts larger than their whole are cut down to it.

        What the total has more than both is output: some hosts leave reasoning out of it in chat.
        """
        if self.input_tokens is None and self.output_tokens is None:
            return None
        asked, given = max(0, self.input_tokens or 0), max(0, self.output_tokens or 0)
        given = max(given, (self.total_tokens or 0) - asked)
        read = written = reasoned = 0
        if self.input_tokens_details is not None:
            read = min(asked, max(0, self.input_tokens_details.cached_tokens or 0))
            written = min(asked - read, max(0, self.input_tokens_details.cache_write_tokens or 0))
        if self.output_tokens_details is not None:
            reasoned = min(given, max(0, self.output_tokens_details.reasoning_tokens or 0))
        return Usage(
            input=asked - read - written, cache_read=read, cache_write=written, output=given, reasoning=reasoned
        )


class _Answer(msgspec.Struct):
    usage: WireUsage | None = None


class Told(msgspec.Struct):
    """What metering must know of an event."""

    type: str = ""
    response: _Answer | None = None


decode_event = msgspec.json.Decoder(Told).decode
_decode_answer = msgspec.json.Decoder(_Answer).decode


def answer_usage(body: bytes) -> Usage | None:
    """Read the usage of a whole answer; raises msgspec's errors."""
    wire = _decode_answer(body).usage
    return None if wire is None else wire.read()


def read_usage(wire: JSON) -> Usage | None:
    """Read `usage`; None where it says nothing or makes no sense."""
    try:
        return msgspec.convert(wire, WireUsage).read() if isinstance(wire, dict) else None
    except (msgspec.ValidationError, ValueError):
        return None


def write_usage(usage: Usage) -> dict[str, JSON]:
    """Write usage from its buckets."""
    written = usage.cache_write + usage.cache_write_1h
    return {
        "input_tokens": usage.input_total,
        "input_tokens_details": {"cached_tokens": usage.cache_read, "cache_write_tokens": written},
        "output_tokens": usage.output_total,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.total,
    }
