"""What Ollama counts: beside the last word of an answer (https://docs.ollama.com/api/usage, read 2026-11).

`prompt_eval_count` leaves out what was still in the server's memory from the call before, and is left out itself where
that was all (a recorded answer of 2024 shows it): zeros are never written.
"""

import msgspec

from tollbridge import Usage
from tollbridge.formats import JSON, Fields, present

_COUNTS = ("prompt_eval_count", "eval_count")
_BESIDE = ("created_at", "total_duration", "load_duration", "prompt_eval_duration", "eval_duration")
"""Goes with the counts to Ollama's own callers.  Durations are in nanoseconds."""


class WireUsage(msgspec.Struct):
    """The counts of an answer as they come."""

    prompt_eval_count: int | None = None
    eval_count: int | None = None

    def read(self) -> Usage | None:
        """Give the buckets; None where nothing was counted."""
        if self.prompt_eval_count is None and self.eval_count is None:
            return None
        return Usage(input=max(0, self.prompt_eval_count or 0), output=max(0, self.eval_count or 0))


_decode = msgspec.json.Decoder(WireUsage).decode


def body_usage(body: bytes) -> Usage | None:
    """Read the usage of a whole answer; raises msgspec's errors."""
    return _decode(body).read()


def take_counts(found: Fields) -> tuple[Usage | None, dict[str, JSON] | None]:
    """Take what an answer counts: as buckets, and word for word."""
    wire = {name: value for name in (*_BESIDE, *_COUNTS) if (value := found.take(name)) is not None}
    counts = Fields(wire, wrong=None)
    usage = WireUsage(counts.whole(_COUNTS[0]), counts.whole(_COUNTS[1])).read()
    return usage, wire or None


def write_counts(usage: Usage | None) -> dict[str, JSON]:
    """Write the counts of another dialect's answer; how long it took is not known."""
    if usage is None:
        return {}
    return present(prompt_eval_count=usage.input_total, eval_count=usage.output_total)
