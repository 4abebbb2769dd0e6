"""Reading usage out of OpenAI's answers.

`prompt_tokens` includes cached and audio tokens, `completion_tokens` includes reasoning and audio tokens
(https://platform.openai.com/docs/api-reference/chat/object, read 2026-11). xAI and Google leave reasoning out of
`completion_tokens` and count it in `total_tokens` (recorded answers, 2026-11), so what the total has more is output.
DeepSeek says what came from its cache in a field of its own (https://api-docs.deepseek.com/guides/kv_cache, 2026-11);
recorded answers have it beside `cached_tokens`, with the same number, as a part of `prompt_tokens`.

How often the web was searched is told by OpenRouter (`server_tool_use`, and `server_tool_use_details` in recorded
answers; https://openrouter.ai/docs/client-sdks/python/components/bodyservertooluse, read 2026-11) and by Perplexity,
which charges deep research by it (https://docs.perplexity.ai/getting-started/pricing, read 2026-11). OpenAI's search
models show their sources in chat and no count (recorded answers, 2026-11): what they cost more is a price's `request`.
"""

import msgspec

from tollbridge import Usage
from tollbridge.formats import JSON


class _InputDetails(msgspec.Struct):
    cached_tokens: int | None = None
    audio_tokens: int | None = None


class _OutputDetails(msgspec.Struct):
    reasoning_tokens: int | None = None
    audio_tokens: int | None = None


class WireUsage(msgspec.Struct):
    """`usage` as it comes; absent and null mean nothing was said."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    prompt_cache_hit_tokens: int | None = None
    prompt_tokens_details: _InputDetails | None = None
    completion_tokens_details: _OutputDetails | None = None
    server_tool_use: JSON = None
    server_tool_use_details: JSON = None
    num_search_queries: JSON = None

    def read(self) -> Usage | None:
        """Give the disjoint buckets; parts larger than their whole are cut down to it."""
        if self.prompt_tokens is None and self.completion_tokens is None:
            # Voyage, which embeds, tells the total alone.
            return None if self.total_tokens is None else Usage(input=max(0, self.total_tokens))
        prompt, completion = max(0, self.prompt_tokens or 0), max(0, self.completion_tokens or 0)
        completion = max(completion, (self.total_tokens or 0) - prompt)
        cached = min(prompt, max(0, self.prompt_cache_hit_tokens or 0))
        audio = spoken = reasoned = 0
        if self.prompt_tokens_details is not None:
            cached = min(prompt, max(cached, self.prompt_tokens_details.cached_tokens or 0))
            audio = min(prompt - cached, max(0, self.prompt_tokens_details.audio_tokens or 0))
        if self.completion_tokens_details is not None:
            spoken = min(completion, max(0, self.completion_tokens_details.audio_tokens or 0))
            reasoned = min(completion - spoken, max(0, self.completion_tokens_details.reasoning_tokens or 0))
        return Usage(
            input=prompt - cached - audio,
            cache_read=cached,
            audio_input=audio,
            output=completion - spoken,
            audio_output=spoken,
            reasoning=reasoned,
            server_tool_calls=self._searches(),
        )

    def _searches(self) -> int:
        told = self.server_tool_use_details or self.server_tool_use
        count = told.get("web_search_requests") if isinstance(told, dict) else self.num_search_queries
        return max(0, count) if isinstance(count, int) and not isinstance(count, bool) else 0


class _Answer(msgspec.Struct):
    usage: WireUsage | None = None


class _Chunk(msgspec.Struct):
    usage: WireUsage | None = None
    choices: list[msgspec.Raw] | None = None


decode_chunk = msgspec.json.Decoder(_Chunk).decode
_decode_answer = msgspec.json.Decoder(_Answer).decode


def answer_usage(body: bytes) -> Usage | None:
    """Read the usage of a whole answer; raises msgspec's errors."""
    wire = _decode_answer(body).usage
    return None if wire is None else wire.read()
