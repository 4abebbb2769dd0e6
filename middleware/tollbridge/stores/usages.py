"""The seam to reports of usage: sums by whatever calls are told apart by, and the calls themselves.

Sums are read from those that are kept (`rollups`), and from rows at the edges of a range and where nothing is kept:
both give the same numbers. Percentiles are read off histograms, at most 1.6 % beside the exact ones.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from tollbridge.metering.ledger import UsageRow
from tollbridge.stores.counting import ENDINGS, ending_of

__all__ = [
    "DIMENSIONS",
    "ENDINGS",
    "MEASURES",
    "CallsAsked",
    "CallsFound",
    "Figures",
    "Filters",
    "Group",
    "Report",
    "ReportAsked",
    "UsageRow",
    "UsageStore",
    "ending_of",
]

DIMENSIONS = (
    *("model", "service", "team", "token_id", "provider", "ending"),
    *("operation", "application", "release"),
)
"""What calls can be grouped and filtered by.  How they end (`ending`) is one of the words of `ENDINGS`."""
MEASURES = (
    *("calls", "failed", "refused", "unpriced", "cost", "input_tokens", "cache_read_tokens"),
    *("cache_write_tokens", "output_tokens", "reasoning_tokens"),
)
"""What groups can be ordered by."""

Filters = Mapping[str, Sequence[str]]
"""Values of dimensions: a call is meant where it has one of each."""


class Figures(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What calls add up to: `cost` in nano-dollars, latencies in milliseconds.

    `calls`, `failed`, `refused` and `unpriced` are what they are in `Totals`: what was asked of a model for another
    call is in `unpriced`, `cost` and tokens alone. Tokens from and to caches are parts of `input_tokens`, those of
    reasoning of `output_tokens`. Latencies are None without calls, and where they are not known.
    """

    calls: int = 0
    failed: int = 0
    refused: int = 0
    unpriced: int = 0
    cost: int = 0
    input_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    latency_p50_ms: int | None = None
    latency_p95_ms: int | None = None
    first_byte_p50_ms: int | None = None


class ReportAsked(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be summed up: the calls of `starts[0]` <= time < `until`, UTC.

    `starts` are when the steps of the series begin, in their order, the first of them the range: days of a time zone
    are just instants. `by` is one of `DIMENSIONS`, empty for no groups; of those the `top` with most of `order` (one of
    `MEASURES`) are told, the others together. The first `stepped` of them have a series, all where it is None; where
    one has none, the others have none. `stepped_times`: the steps of groups have latencies too; unless `timed`
    nothing has.
    """

    starts: Sequence[datetime]
    until: datetime
    by: str = ""
    top: int = 10
    stepped: int | None = None
    order: str = "cost"
    filters: Filters = {}
    stepped_times: bool = False
    timed: bool = True


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """The calls of one key: what they add up to, in all and in each step."""

    key: str
    totals: Figures
    series: Sequence[Figures]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for, as of one moment.  The groups and `others` together are the `totals`, and so in each step.

    `groups` are the biggest first; `others` is None where there are none, and `other_groups` counts them: None where
    they are so many that nobody did.
    """

    totals: Figures
    series: Sequence[Figures]
    groups: Sequence[Group] = ()
    others: Group | None = None
    other_groups: int | None = 0


class CallsAsked(msgspec.Struct, frozen=True, kw_only=True):
    """Which calls are listed, the newest first: those of a range that have one of each of the `filters`.

    `before` is the time and id of the call that the page before ended with. `statuses` are classes of the answer, 1 to
    5, or whole codes. `errors` are the bridge's own codes. `call_id` is an id, or how one begins. `inner`: with those
    that were made for others.
    """

    since: datetime | None = None
    until: datetime | None = None
    before: tuple[datetime, str] | None = None
    filters: Filters = {}
    statuses: Sequence[int] = ()
    errors: Sequence[str] = ()
    call_id: str = ""
    least_ms: int | None = None
    inner: bool = True
    limit: int = 50


class CallsFound(msgspec.Struct, frozen=True, kw_only=True):
    """A page of calls; where there may be more, `following` is what the next one is asked with as `before`.

    A page may be short, or empty, with more behind it: so many calls are looked at for one page and no more, all of
    them not older than `following`.
    """

    rows: Sequence[UsageRow]
    following: tuple[datetime, str] | None = None


class UsageStore(Protocol):
    """Reads.  Raises `Unavailable` where it does not answer."""

    async def report(self, asked: ReportAsked) -> Report:
        """Sum up; raises `BadRequest` for what is not known, and for what would take too many rows.

        Sums are kept by service, provider, model and ending, with and without the team, and by token; what is asked by
        others is read from rows, which takes a token, an application or a published service as a filter, or a range of
        a day at most. Latencies are kept of all calls, by service, provider and model, and by team; others are read
        from rows where those are 10,000 at most, and are None else.
        """
        ...

    async def rows(self, asked: CallsAsked) -> CallsFound:
        """List calls, 10,000 looked at for a page at most; raises `ValueError` for a limit below 1."""
        ...

    async def children(self, call_id: str) -> Sequence[UsageRow]:
        """Give the calls that were made for another, the oldest first, 200 at most."""
        ...

    async def tokens_of(self, token_id: str) -> Sequence[str]:
        """Give the ids of the tokens that stand for the same person as one does (`askers`), that one among them."""
        ...

    async def names(self, ids: Sequence[str], *, team: str = "") -> Mapping[str, str]:
        """Give the names of tokens and applications by their ids, with a team those of it alone."""
        ...
