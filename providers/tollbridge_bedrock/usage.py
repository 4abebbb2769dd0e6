"""Reading and writing usage in Converse's words.

`inputTokens` leaves cache reads and writes out, and `totalTokens` is the sum of all four (recorded answers, 2026-11;
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html, read 2026-11).

Nova's searches of the web are charged by the call (`nova-grounding` in AWS's price list of Bedrock, in requests; quoted
by github.com/stdapi-ai/stdapi.ai, read 2026-11). They stand among the blocks: `usage.serverToolUsage` is empty in the
recorded answer that has one.
"""

import re

import msgspec

from tollbridge import Usage
from tollbridge.formats import JSON, UNREADABLE
from tollbridge_bedrock.words import GROUNDING, SERVER_USE

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

    def read(self, searches: int = 0) -> Usage | None:
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
            server_tool_calls=searches,
        )


class _Answer(msgspec.Struct):
    usage: WireUsage | None = None
    output: msgspec.Raw = msgspec.Raw(b"{}")


class _Message(msgspec.Struct):
    content: list[JSON] = []


class _Output(msgspec.Struct):
    message: _Message = msgspec.field(default_factory=_Message)


class _Start(msgspec.Struct):
    start: JSON = None


_decode_answer = msgspec.json.Decoder(_Answer).decode
_decode_output = msgspec.json.Decoder(_Output).decode
_decode_start = msgspec.json.Decoder(_Start).decode
_SEARCH = re.compile(b'"%b"' % GROUNDING.encode())


def answer_usage(body: bytes) -> Usage | None:
    """Read the usage of a whole answer; raises msgspec's errors."""
    found = _decode_answer(body)
    return None if found.usage is None else found.usage.read(_searches(found.output))


def event_usage(payload: bytes, searches: int) -> Usage | None:
    """Read the usage of a `metadata` event, behind so many searches; raises msgspec's errors."""
    wire = _decode_answer(payload).usage
    return None if wire is None else wire.read(searches)


def _searches(output: msgspec.Raw) -> int:
    """Count the searches of an answer that was not looked into; an output that makes no sense has none."""
    try:
        return sum(map(is_search, _decode_output(output).message.content)) if _SEARCH.search(output) else 0
    except UNREADABLE:
        return 0


def is_search(block: JSON) -> bool:
    """Whether a block, or what one begins with, is a search of the web that Nova makes."""
    use = block.get("toolUse") if isinstance(block, dict) else None
    return isinstance(use, dict) and use.get("type") == SERVER_USE and use.get("name") == GROUNDING


def begins_search(payload: bytes) -> bool:
    """Whether a `contentBlockStart` event begins a search; never raises."""
    try:
        return bool(_SEARCH.search(payload)) and is_search(_decode_start(payload).start)
    except UNREADABLE:
        return False


def read_usage(wire: JSON, searches: int = 0) -> Usage | None:
    """Read `usage`; None where it says nothing or makes no sense."""
    if not isinstance(wire, dict):
        return None
    try:
        return msgspec.convert(wire, WireUsage).read(searches)
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
