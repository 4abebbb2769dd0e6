"""Usage of pictures, speech and transcripts, as the official SDK's types have it (openai 3.57, read 2026-11).

The parts of `input_tokens` stand in `input_tokens_details` for pictures and in `input_token_details` for sound. A
`usage` of the type `duration` counts seconds and no tokens, and xAI's for pictures holds money alone (recorded answers,
2026-11): both are no usage here. The usage of drawing as SVG, `svg_usage`, is that of another model, whose tokens are
added as text.
"""

import msgspec

from tollbridge import Usage
from tollbridge.formats import UNREADABLE


class _Details(msgspec.Struct):
    image_tokens: int | None = None
    audio_tokens: int | None = None
    cached_tokens: int | None = None


class WireUsage(msgspec.Struct):
    """`usage` as it comes; absent and null mean nothing was said."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    total_tokens: int | None = None
    input_tokens_details: _Details | None = None
    input_token_details: _Details | None = None

    def read(self, *, spoken: bool = False) -> Usage | None:
        """Give the disjoint buckets; parts larger than their whole are cut down to it.

        `spoken`: what comes out is sound.
        """
        if self.input_tokens is None and self.output_tokens is None:
            return None
        asked, given = max(0, self.input_tokens or 0), max(0, self.output_tokens or 0)
        given = max(given, (self.total_tokens or 0) - asked)
        details = self.input_tokens_details or self.input_token_details or _Details()
        cached = min(asked, max(0, details.cached_tokens or 0))
        audio = min(asked - cached, max(0, details.audio_tokens or 0))
        image = min(asked - cached - audio, max(0, details.image_tokens or 0))
        return Usage(
            input=asked - cached - audio - image,
            cache_read=cached,
            audio_input=audio,
            image_input=image,
            output=0 if spoken else given,
            audio_output=given if spoken else 0,
        )


class _Answer(msgspec.Struct):
    usage: WireUsage | None = None
    svg_usage: WireUsage | None = None


class Told(msgspec.Struct):
    """What metering must know of an event."""

    type: str = ""
    usage: msgspec.Raw = msgspec.Raw(b"null")

    def read(self, *, spoken: bool) -> Usage | None:
        """Read the usage; one that makes no sense is none."""
        try:
            wire = _decode_usage(self.usage)
        except UNREADABLE:
            return None
        return None if wire is None else wire.read(spoken=spoken)


decode_event = msgspec.json.Decoder(Told).decode
_decode_usage = msgspec.json.Decoder(WireUsage | None).decode
_decode_answer = msgspec.json.Decoder(_Answer).decode


def answer_usage(body: bytes) -> Usage | None:
    """Read the usage of a whole answer; raises msgspec's errors."""
    found = _decode_answer(body)
    usage = None if found.usage is None else found.usage.read()
    drawn = None if found.svg_usage is None else found.svg_usage.read()
    return added(usage, drawn)


def added(first: Usage | None, second: Usage | None) -> Usage | None:
    """Add up two usages, bucket by bucket."""
    if first is None or second is None:
        return first or second
    both = zip(msgspec.structs.astuple(first), msgspec.structs.astuple(second), strict=True)
    return Usage(*(one + other for one, other in both))
