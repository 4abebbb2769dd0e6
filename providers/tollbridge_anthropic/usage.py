"""Reading usage out of Messages answers.

`input_tokens` leaves cache reads and writes out; a stream tells the input in `message_start` and the output so far, in
total, in each `message_delta` (https://docs.anthropic.com/en/docs/build-with-claude/streaming, read 2026-11).
"""

import msgspec

from tollbridge import Usage


class _CacheWrites(msgspec.Struct):
    ephemeral_1h_input_tokens: int | None = None


class WireUsage(msgspec.Struct):
    """`usage` as it comes; absent and null mean nothing was said."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_creation: _CacheWrites | None = None

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
        return Usage(
            input=_count(self.input_tokens, before.input),
            cache_read=_count(self.cache_read_input_tokens, before.cache_read),
            cache_write=short,
            cache_write_1h=hour,
            output=_count(self.output_tokens, before.output),
        )


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
