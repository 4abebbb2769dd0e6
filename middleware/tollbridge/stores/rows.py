"""Between our values and a database's columns, without any driver.

Times are whole microseconds since the epoch, UTC: they compare and index as integers on every database, and no time
zone can slip in. Money is whole nano-dollars.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import astuple

from tollbridge.metering.ledger import UsageRow
from tollbridge.metering.usage import Usage, UsageSource

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

USAGE_COLUMNS = (
    "call_id",
    "at",
    "token_id",
    "team",
    "service",
    "operation",
    "dialect",
    "provider",
    "model",
    "model_used",
    "outcome",
    "status",
    "error",
    "stream",
    "input_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "cache_write_1h_tokens",
    "audio_input_tokens",
    "image_input_tokens",
    "output_tokens",
    "audio_output_tokens",
    "reasoning_tokens",
    "server_tool_calls",
    "usage_source",
    "cost",
    "price_id",
    "duration_ms",
    "first_byte_ms",
    "bytes_in",
    "bytes_out",
    "parent",
    "application",
    "release",
)
"""The columns of the usage table, in the order of `usage_values`."""

Value = str | int | None

_TEXTS = slice(USAGE_COLUMNS.index("operation"), USAGE_COLUMNS.index("status"))
_USAGE = USAGE_COLUMNS.index("input_tokens")


def micros(at: datetime) -> int:
    """Give microseconds since the epoch, exactly; a time without a zone raises `TypeError`."""
    return (at - _EPOCH) // _MICROSECOND


def seconds_to_micros(seconds: float) -> int:
    return round(seconds * 1_000_000)


def moment(us: int) -> datetime:
    """Give the UTC time of microseconds since the epoch."""
    return _EPOCH + timedelta(microseconds=us)


def storable(text: str) -> str:
    """Replace what JSON can carry and not every database takes as text, lone surrogates and NUL, by question marks."""
    whole = text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
    return whole.replace("\0", "?")


def usage_values(row: UsageRow) -> tuple[Value, ...]:
    """Give the values of a usage row in the order of `USAGE_COLUMNS`."""
    values = astuple(row)
    text = "".join((*values[_TEXTS], row.error))
    if not text.isascii() or "\0" in text:
        values = tuple([storable(value) if isinstance(value, str) else value for value in values])
    return (
        row.call_id,
        micros(row.at),
        *values[2:_USAGE],
        *astuple(row.usage),
        row.usage_source._value_,
        *values[_USAGE + 2 :],
    )


def usage_row(found: Mapping[str, Any]) -> UsageRow:
    """Read a usage row from its columns, by name."""
    return UsageRow(
        call_id=found["call_id"],
        at=moment(found["at"]),
        token_id=found["token_id"],
        team=found["team"],
        service=found["service"],
        operation=found["operation"],
        dialect=found["dialect"],
        provider=found["provider"],
        model=found["model"],
        model_used=found["model_used"],
        outcome=found["outcome"],
        status=found["status"],
        error=found["error"],
        stream=bool(found["stream"]),
        usage=Usage(
            input=found["input_tokens"],
            cache_read=found["cache_read_tokens"],
            cache_write=found["cache_write_tokens"],
            cache_write_1h=found["cache_write_1h_tokens"],
            audio_input=found["audio_input_tokens"],
            image_input=found["image_input_tokens"],
            output=found["output_tokens"],
            audio_output=found["audio_output_tokens"],
            reasoning=found["reasoning_tokens"],
            server_tool_calls=found["server_tool_calls"],
        ),
        usage_source=UsageSource(found["usage_source"]),
        cost=found["cost"],
        price_id=found["price_id"],
        duration_ms=found["duration_ms"],
        first_byte_ms=found["first_byte_ms"],
        bytes_in=found["bytes_in"],
        bytes_out=found["bytes_out"],
        parent=found["parent"],
        application=found["application"],
        release=found["release"],
    )
