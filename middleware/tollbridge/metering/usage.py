"""What a call used, in buckets that never overlap."""

from enum import StrEnum

import msgspec
from msgspec.structs import astuple


class UsageSource(StrEnum):
    """Who says so.  An estimate is never mixed with a report."""

    PROVIDER = "provider"
    ESTIMATED = "estimated"
    RESERVED = "reserved"
    NONE = "none"


class Usage(msgspec.Struct, frozen=True, gc=False):
    """Tokens of one call, and the calls within it.

    The input buckets are disjoint: `input` is what was neither read from nor written to a prompt cache and is not
    audio or image. `reasoning` is a part of `output`, told for information and never added. `server_tool_calls` is how
    often the provider ran a tool of its own that it charges by the call, such as a web search: no tokens, in no total.
    Counts are at least 0.
    """

    input: int = 0
    cache_read: int = 0
    cache_write: int = 0
    cache_write_1h: int = 0
    audio_input: int = 0
    image_input: int = 0
    output: int = 0
    audio_output: int = 0
    reasoning: int = 0
    server_tool_calls: int = 0

    def __post_init__(self) -> None:
        if min(astuple(self)) < 0:
            negative = next(name for name in self.__struct_fields__ if getattr(self, name) < 0)
            raise ValueError(f"usage.{negative} is negative")

    @property
    def input_total(self) -> int:
        """All tokens that went in."""
        return (
            self.input + self.cache_read + self.cache_write + self.cache_write_1h + self.audio_input + self.image_input
        )

    @property
    def output_total(self) -> int:
        """All tokens that came out."""
        return self.output + self.audio_output

    @property
    def total(self) -> int:
        return self.input_total + self.output_total
