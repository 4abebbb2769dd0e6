"""Reading usage out of Messages answers.

`input_tokens` leaves cache reads and writes out; a stream tells the input in `message_start` and the output so far, in
total, in each `message_delta` (https://docs.anthropic.com/en/docs/build-with-claude/streaming, read 2026-11).
Of the tools that run at Anthropic a search of the web alone is charged by the call: pages are fetched for nothing, code
is charged by the time it runs (https://docs.anthropic.com/en/docs/about-claude/pricing, read 2026-11).
"""

from collections.abc import Mapping

import msgspec

from tollbridge import Usage
from tollbridge.formats import JSON, Fields, present
from tollbridge_anthropic.words import TIERS


class _CacheWrites(msgspec.Struct):
    ephemeral_1h_input_tokens: int | None = None


class _OutputDetails(msgspec.Struct):
    thinking_tokens: int | None = None


class WireUsage(msgspec.Struct):
    """`usage` as it comes; absent and null mean nothing was said."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_creation: _CacheWrites | None = None
    output_tokens_details: _OutputDetails | None = None
    server_tool_use: JSON = None

    def read(self, before: Usage | None = None) -> Usage | None:
        """Give the buckets; what this report leaves out is taken from the one `before`."""
        if self.input_tokens is None and self.output_tokens is None:
            return before
        before = before or Usage()
        written = self.cache_creation_input_tokens
        if written is None:
            short, hour = before.cache_write, before.cache_write_1h
        else:
            hour = 0
            if self.cache_creation is not None:
                hour = min(max(0, written), max(0, self.cache_creation.ephemeral_1h_input_tokens or 0))
            elif before.cache_write + before.cache_write_1h == written:
                hour = before.cache_write_1h
            short = max(0, written) - hour
        output = _count(self.output_tokens, before.output)
        thought = self.output_tokens_details.thinking_tokens if self.output_tokens_details is not None else None
        return Usage(
            input=_count(self.input_tokens, before.input),
            cache_read=_count(self.cache_read_input_tokens, before.cache_read),
            cache_write=short,
            cache_write_1h=hour,
            output=output,
            reasoning=min(_count(thought, before.reasoning), output),
            server_tool_calls=_count(self._searches(), before.server_tool_calls),
        )

    def _searches(self) -> int | None:
        return Fields(self.server_tool_use, wrong=None).whole("web_search_requests") if self.server_tool_use else None


def _count(said: int | None, before: int) -> int:
    return before if said is None else max(0, said)


class _Message(msgspec.Struct):
    usage: WireUsage | None = None


class _Event(msgspec.Struct):
    message: _Message | None = None
    usage: WireUsage | None = None


decode_event = msgspec.json.Decoder(_Event).decode
_decode_message = msgspec.json.Decoder(_Message).decode


def message_usage(body: bytes) -> Usage | None:
    """Read the usage of a whole message; raises msgspec's errors."""
    wire = _decode_message(body).usage
    return None if wire is None else wire.read()


def read_usage(wire: JSON) -> Usage | None:
    """Read a usage that stands in an answer; None where it tells no count, or none that can be read."""
    try:
        return msgspec.convert(wire, WireUsage).read()
    except msgspec.ValidationError:
        return None


def merged_usage(before: Mapping[str, JSON], more: Mapping[str, JSON]) -> dict[str, JSON]:
    """Put a later report over an earlier one: what it leaves out, or calls null, holds as it was."""
    merged = {**before, **{name: value for name, value in more.items() if value is not None or name not in before}}
    written = "cache_creation_input_tokens"
    if "cache_creation" not in more and merged.get(written) != before.get(written, merged.get(written)):
        merged.pop("cache_creation", None)
    return merged


def write_usage(usage: Usage | None, wire: JSON, tier: str | None) -> dict[str, JSON]:
    """Write a usage, word for word where it is Anthropic's own; a message always has both counts."""
    if isinstance(wire, dict):
        return {"input_tokens": 0, "output_tokens": 0, **wire}
    usage = usage or Usage()
    written = usage.cache_write + usage.cache_write_1h
    hours = {"ephemeral_5m_input_tokens": usage.cache_write, "ephemeral_1h_input_tokens": usage.cache_write_1h}
    searched = {"web_fetch_requests": 0, "web_search_requests": usage.server_tool_calls}
    return present(
        input_tokens=usage.input + usage.audio_input + usage.image_input,
        cache_creation_input_tokens=written,
        cache_read_input_tokens=usage.cache_read,
        cache_creation=hours if usage.cache_write_1h else None,
        output_tokens=usage.output_total,
        output_tokens_details={"thinking_tokens": usage.reasoning} if usage.reasoning else None,
        server_tool_use=searched if usage.server_tool_calls else None,
        service_tier=TIERS.get(tier or ""),
    )
