"""Calls as the API says them: what is recorded of each, and never what was said in it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tollbridge.administering import show_usd
from tollbridge.stores.usages import UsageRow, ending_of
from tollbridge_admin.csvtext import Csv
from tollbridge_admin.paging import Cursor, Limit
from tollbridge_admin.tokenshapes import Moment
from tollbridge_admin.usageshapes import CallFilters, Format, Texts

MOST_ROWS = 10_000
"""Calls that are answered as CSV at most."""
Statuses = Annotated[
    list[Annotated[int, Meta(ge=1, le=599)]],
    Meta(max_length=20, description="Any of these: a class of 1 to 5, or a whole code."),
]


class CallsListed(CallFilters, frozen=True):
    """Which calls are listed."""

    since: Moment | UnsetType = msgspec.field(default=UNSET, name="from")
    until: Moment | UnsetType = msgspec.field(default=UNSET, name="to")
    status: Statuses = msgspec.field(default_factory=list)
    error: Texts = msgspec.field(default_factory=list)
    id: Annotated[str, Meta(max_length=100, description="An id, or how it begins.")] = ""
    least_ms: Annotated[int, Meta(ge=0, le=2**40, description="Those that took so long.")] | UnsetType = UNSET
    inner: Annotated[bool, Meta(description="With those that were made for other calls.")] = True
    format: Format = "json"
    limit: Limit = 50
    after: Cursor = ""


class CallShown(msgspec.Struct, frozen=True, kw_only=True):
    """One call.

    `token_name` and `application_name` are null where they are not yours to see, `cost_usd` where no price is known.
    `parent` is the call that this one was made for.
    """

    id: str
    at: datetime
    ending: str
    status: int
    error: str
    outcome: str
    token: str
    token_name: str | None
    team: str
    application: str
    application_name: str | None
    service: str
    operation: str
    release: str
    dialect: str
    provider: str
    model: str
    model_used: str
    stream: bool
    input_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    output_tokens: int
    reasoning_tokens: int
    server_tool_calls: int
    usage_source: str
    cost_usd: str | None
    price_id: str
    duration_ms: int
    first_byte_ms: int | None
    bytes_in: int
    bytes_out: int
    parent: str


class CallsShown(msgspec.Struct, frozen=True):
    """A page of calls, newest first; `next` is the cursor of the page behind it.

    A page may hold few or none and have a `next`: so many calls are looked at for one page and no more.
    """

    items: Sequence[CallShown]
    next: str | None


class CallDetailed(msgspec.Struct, frozen=True):
    """One call, and those that were made for it, the oldest first."""

    call: CallShown
    children: Sequence[CallShown]


_SAME = (
    *("at", "status", "error", "outcome", "team", "application", "service", "operation", "release", "dialect"),
    *("provider", "model", "model_used", "stream", "price_id", "duration_ms", "first_byte_ms", "bytes_in", "bytes_out"),
    "parent",
)


def call_shown(row: UsageRow, names: Mapping[str, str]) -> CallShown:
    """Give a call as it is shown."""
    used = row.usage
    return CallShown(
        **{name: getattr(row, name) for name in _SAME},
        id=row.call_id,
        ending=ending_of(row),
        token=row.token_id,
        token_name=names.get(row.token_id),
        application_name=names.get(row.application),
        input_tokens=used.input_total,
        cache_read_tokens=used.cache_read,
        cache_write_tokens=used.cache_write + used.cache_write_1h,
        output_tokens=used.output_total,
        reasoning_tokens=used.reasoning,
        server_tool_calls=used.server_tool_calls,
        usage_source=row.usage_source.value,
        cost_usd=None if row.cost is None else show_usd(row.cost),
    )


def calls_csv(items: Sequence[CallShown]) -> Csv:
    """Give calls as a table."""
    return Csv("calls", CallShown.__struct_fields__, [msgspec.to_builtins(one) for one in items])
