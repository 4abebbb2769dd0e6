"""Reading and writing usage in Gemini's words.

`promptTokenCount` includes what came from a cache; what Google's own tools brought in, thoughts and answers are beside
it, and `totalTokenCount` is the sum of the four (https://ai.google.dev/api/generate-content, read 2026-11; all 230
recorded answers agree). The details say how many tokens were sound or pictures.
"""

from collections.abc import Sequence

import msgspec

from tollbridge import Usage
from tollbridge.formats import JSON
from tollbridge_gemini.searches import Searches, groundings

_AUDIO = ("AUDIO", 4)
_IMAGE = ("IMAGE", 2)
"""Names of modalities, and their numbers for callers that ask for those."""


class _Modality(msgspec.Struct, rename="camel"):
    modality: str | int | None = None
    token_count: int | None = None


_Details = list[_Modality] | None


class WireUsage(msgspec.Struct, rename="camel"):
    """`usageMetadata` as it comes; absent means nothing was said, or 0."""

    prompt_token_count: int | None = None
    candidates_token_count: int | None = None
    thoughts_token_count: int | None = None
    tool_use_prompt_token_count: int | None = None
    cached_content_token_count: int | None = None
    total_token_count: int | None = None
    prompt_tokens_details: _Details = None
    prompt_token_details: _Details = None
    cache_tokens_details: _Details = None
    candidates_tokens_details: _Details = None
    tool_use_prompt_tokens_details: _Details = None

    def read(self, searches: int = 0) -> Usage | None:
        """Give the disjoint buckets; parts larger than their whole are cut down to it."""
        if self.prompt_token_count is None and self.candidates_token_count is None and self.total_token_count is None:
            return None
        prompt, brought = _count(self.prompt_token_count), _count(self.tool_use_prompt_token_count)
        answer, thoughts = _count(self.candidates_token_count), _count(self.thoughts_token_count)
        cached = min(prompt, _count(self.cached_content_token_count))
        room = prompt - cached + brought
        audio = min(room, self._heard(_AUDIO))
        image = min(room - audio, self._heard(_IMAGE))
        more = max(0, _count(self.total_token_count) - prompt - brought - answer - thoughts)
        spoken = min(answer, _of(self.candidates_tokens_details, _AUDIO))
        return Usage(
            input=room - audio - image,
            cache_read=cached,
            audio_input=audio,
            image_input=image,
            output=answer + thoughts + more - spoken,
            audio_output=spoken,
            reasoning=thoughts,
            server_tool_calls=searches,
        )

    def _heard(self, kind: Sequence[str | int]) -> int:
        """Count the input of one kind that did not come from a cache."""
        told = _of(self.prompt_tokens_details or self.prompt_token_details, kind)
        return max(0, told - _of(self.cache_tokens_details, kind)) + _of(self.tool_use_prompt_tokens_details, kind)


def _count(said: int | None) -> int:
    return max(0, said or 0)


def _of(details: _Details, kind: Sequence[str | int]) -> int:
    return sum([_count(item.token_count) for item in details if item.modality in kind]) if details else 0


class Chunk(msgspec.Struct, rename="camel"):
    """What a meter must know of an answer, or of a piece of one."""

    usage_metadata: WireUsage | None = None
    model_version: JSON = None
    candidates: msgspec.Raw = msgspec.Raw(b"[]")

    def read(self, searches: Searches) -> Usage | None:
        """Give the usage that is told with it, where one is, with the searches up to it."""
        searches.add(self.model_version, groundings(self.candidates))
        return None if self.usage_metadata is None else self.usage_metadata.read(searches.count)


decode_chunk = msgspec.json.Decoder(Chunk).decode


def answer_usage(body: bytes) -> Usage | None:
    """Read the usage of a whole answer; raises msgspec's errors."""
    return decode_chunk(body).read(Searches())


def read_usage(wire: JSON, searches: int = 0) -> Usage | None:
    """Read `usageMetadata`; None where it says nothing or makes no sense."""
    if not isinstance(wire, dict):
        return None
    try:
        return msgspec.convert(wire, WireUsage).read(searches)
    except msgspec.ValidationError:
        return None


def write_usage(usage: Usage) -> dict[str, JSON]:
    """Write usage from its buckets."""
    written: dict[str, JSON] = {
        "promptTokenCount": usage.input_total,
        "candidatesTokenCount": usage.output_total - min(usage.reasoning, usage.output),
        "totalTokenCount": usage.total,
    }
    if usage.cache_read:
        written["cachedContentTokenCount"] = usage.cache_read
    if usage.reasoning:
        written["thoughtsTokenCount"] = min(usage.reasoning, usage.output)
    heard = usage.audio_input + usage.image_input
    if heard:
        words = usage.input_total - heard
        written["promptTokensDetails"] = _details(TEXT=words, AUDIO=usage.audio_input, IMAGE=usage.image_input)
    if usage.audio_output:
        words = written["candidatesTokenCount"] - usage.audio_output
        written["candidatesTokensDetails"] = _details(TEXT=words, AUDIO=usage.audio_output)
    return written


def _details(**counts: int) -> list[JSON]:
    return [{"modality": kind, "tokenCount": count} for kind, count in counts.items() if count]
