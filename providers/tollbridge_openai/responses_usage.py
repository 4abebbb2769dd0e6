"""Usage of the Responses API (https://platform.openai.com/docs/api-reference/responses/object, read 2026-11).

`input_tokens` includes what was read from the cache and what was written to it (counted since gpt-5.6), and
`output_tokens` includes reasoning: recorded answers of seven hosts add up to `total_tokens` (2026-11).

Of the tools that run at the provider searches of the web are counted, and nothing else: a search of files costs another
price, and a price has one rate for both. How many are charged is told beside the usage (`tool_usage`, official SDK's
types, openai 3.57) or in it (xAI's `server_side_tool_usage_details`, as published answers have it; what it bills:
https://docs.x.ai/developers/tools/tool-usage-details, read 2026-11). An answer that does not tell it shows its
searches: to open a page and to look for something in it costs nothing (the SDK's types, and
https://platform.openai.com/docs/guides/tools-web-search, read 2026-11).
"""

import re
from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from tollbridge import Usage
from tollbridge.formats import JSON, UNREADABLE, Fields, items_of

_SEARCH = re.compile(b'"web_search_call"')


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
    server_side_tool_usage_details: JSON = None

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
    tool_usage: JSON = None
    output: msgspec.Raw = msgspec.Raw(b"[]")

    def read(self) -> Usage | None:
        """Give the disjoint buckets, and the searches."""
        return None if self.usage is None else _with_searches(self.usage, self.tool_usage, self.output)


def _with_searches(wire: WireUsage, tool_usage: JSON, output: JSON) -> Usage | None:
    """Read a usage, and the searches that are told to be charged or else those that the output shows."""
    usage = wire.read()
    if usage is None:
        return None
    count = Fields(wire.server_side_tool_usage_details, wrong=None).whole("web_search_calls")
    tool = Fields(tool_usage, wrong=None).inner("web_search")
    if count is None and tool is not None:
        count = tool.whole("num_requests")
    if count is None:
        count = sum(map(_is_search, _items(output)))
    return replace(usage, server_tool_calls=max(0, count)) if count else usage


def _items(output: JSON) -> Sequence[JSON]:
    """Give the items of an output; those of one that was not looked into only where a search is among them."""
    if not isinstance(output, msgspec.Raw):
        return items_of(output)
    try:
        return items_of(msgspec.json.decode(output)) if _SEARCH.search(output) else ()
    except UNREADABLE:
        return ()


def _is_search(item: JSON) -> bool:
    """Whether an item is a search of the web that was made; older ones do not say what was done."""
    if not isinstance(item, dict) or item.get("type") != "web_search_call":
        return False
    action = item.get("action")
    done = action.get("type") if isinstance(action, dict) else None
    return done in (None, "search") and item.get("status") in (None, "completed")


class Told(msgspec.Struct):
    """What metering must know of an event."""

    type: str = ""
    response: _Answer | None = None


decode_event = msgspec.json.Decoder(Told).decode
_decode_answer = msgspec.json.Decoder(_Answer).decode


def answer_usage(body: bytes) -> Usage | None:
    """Read the usage of a whole answer; raises msgspec's errors."""
    return _decode_answer(body).read()


def read_usage(answer: Mapping[str, JSON]) -> Usage | None:
    """Read the usage of an answer; None where it says nothing or makes no sense."""
    wire = answer.get("usage")
    try:
        told = msgspec.convert(wire, WireUsage) if isinstance(wire, dict) else None
    except (msgspec.ValidationError, ValueError):
        return None
    return None if told is None else _with_searches(told, answer.get("tool_usage"), answer.get("output"))


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


def write_tool_usage(usage: Usage | None) -> dict[str, JSON]:
    """Write the searches as a member of an answer, which has the other tools beside it with zeros."""
    if usage is None or not usage.server_tool_calls:
        return {}
    drawn = {"image_tokens": 0, "text_tokens": 0}
    images = {"input_tokens": 0, "input_tokens_details": drawn, "output_tokens": 0, "total_tokens": 0}
    return {"tool_usage": {"image_gen": images, "web_search": {"num_requests": usage.server_tool_calls}}}
