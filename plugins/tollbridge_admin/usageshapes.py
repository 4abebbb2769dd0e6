"""Reports of usage as the API says them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tollbridge.administering import show_usd
from tollbridge.stores.usages import Figures, Report
from tollbridge_admin.csvtext import Csv
from tollbridge_admin.tokenshapes import Moment, Wish
from tollbridge_admin.usageranges import Step

Dimension = Literal["model", "service", "team", "token", "provider", "ending", "operation", "application", "release"]
Order = Literal[
    "calls",
    "failed",
    "refused",
    "unpriced",
    "cost",
    "input_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "output_tokens",
    "reasoning_tokens",
]
Ending = Literal["ok", "client_error", "client_gone", "stopped", "refused", "unserved", "failed", "truncated"]
Endings = Annotated[list[Ending], Meta(max_length=8, description="How it ended: any of these.")]
Format = Annotated[Literal["json", "csv"], Meta(description="How it is answered; `Accept` says so too.")]
Texts = Annotated[list[Annotated[str, Meta(max_length=256)]], Meta(max_length=100, description="Any of these.")]


class CallFilters(Wish, frozen=True):
    """Which calls are meant: those with one of each of these; a name may come several times."""

    model: Texts = msgspec.field(default_factory=list)
    service: Texts = msgspec.field(default_factory=list)
    team: Texts = msgspec.field(default_factory=list)
    token: Texts = msgspec.field(default_factory=list)
    provider: Texts = msgspec.field(default_factory=list)
    ending: Endings = msgspec.field(default_factory=list)
    operation: Texts = msgspec.field(default_factory=list)
    application: Texts = msgspec.field(default_factory=list)
    release: Texts = msgspec.field(default_factory=list)

    def filters(self) -> dict[str, Sequence[str]]:
        """Give them by the names that the store has."""
        said = {name: getattr(self, name) for name in CallFilters.__struct_fields__}
        return {STORED.get(name, name): values for name, values in said.items() if values}


STORED = {"token": "token_id"}
"""What the store calls a dimension, where that is another word."""


class UsageAsked(CallFilters, frozen=True):
    """What is summed up: whole steps of a time zone, without `to` until now."""

    since: Moment | UnsetType = msgspec.field(default=UNSET, name="from")
    until: Moment | UnsetType = msgspec.field(default=UNSET, name="to")
    zone: Annotated[str, Meta(max_length=64, description="A time zone, such as Europe/Berlin.")] = "UTC"
    step: Annotated[Step, Meta(description="How long each part of the series is.")] = "day"
    by: Annotated[Dimension | UnsetType, Meta(description="What groups are made by.")] = UNSET
    top: Annotated[int, Meta(ge=1, le=100, description="How many groups at most; the rest is one.")] = 10
    stepped: Annotated[
        int, Meta(ge=0, le=100, description="Of how many groups, the biggest, each step is told; all by default.")
    ] = 100
    order: Annotated[Order, Meta(description="The groups with most of this come first.")] = "cost"
    format: Format = "json"


class FiguresShown(msgspec.Struct, frozen=True, kw_only=True):
    """What calls add up to.

    `failed` are those of 500 and more, or that were cut off, `refused` those the bridge refused, `unpriced` those
    without a known price. Tokens from and to caches are parts of `input_tokens`, those of reasoning of `output_tokens`.
    Latencies are at most 1.6 % beside the exact ones, null without calls or where they are not known.
    """

    calls: int
    failed: int
    refused: int
    unpriced: int
    cost_usd: str
    input_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    output_tokens: int
    reasoning_tokens: int
    latency_p50_ms: int | None
    latency_p95_ms: int | None
    first_byte_p50_ms: int | None


class GroupShown(msgspec.Struct, frozen=True, kw_only=True):
    """Calls of one key; `name` is that of a token or an application, null where it is not yours to see.

    `series` is empty where `stepped` leaves the group out.
    """

    key: str
    name: str | None
    totals: FiguresShown
    series: Sequence[FiguresShown]


class OthersShown(msgspec.Struct, frozen=True, kw_only=True):
    """The calls of all groups that are not told: how many groups, and what they add up to.

    `groups` is null where they are so many that nobody counted; `series` is empty where a group that is told has none.
    """

    groups: int | None
    totals: FiguresShown
    series: Sequence[FiguresShown]


class UsageShown(msgspec.Struct, frozen=True, kw_only=True):
    """A report: `starts` are when the steps begin; `others` is null where all groups are told."""

    since: datetime = msgspec.field(name="from")
    until: datetime = msgspec.field(name="to")
    zone: str
    step: str
    by: str | None
    starts: Sequence[datetime]
    totals: FiguresShown
    series: Sequence[FiguresShown]
    groups: Sequence[GroupShown]
    others: OthersShown | None


def figures_shown(figures: Figures) -> FiguresShown:
    """Give sums as they are shown."""
    same = {name: getattr(figures, name) for name in FiguresShown.__struct_fields__ if name != "cost_usd"}
    return FiguresShown(**same, cost_usd=show_usd(figures.cost))


def usage_shown(
    report: Report, query: UsageAsked, starts: Sequence[datetime], until: datetime, names: Mapping[str, str]
) -> UsageShown:
    """Give a report as it is shown."""
    others = report.others
    return UsageShown(
        since=starts[0],
        until=until,
        zone=query.zone,
        step=query.step,
        by=None if query.by is UNSET else query.by,
        starts=starts,
        totals=figures_shown(report.totals),
        series=list(map(figures_shown, report.series)),
        groups=[
            GroupShown(
                key=group.key,
                name=names.get(group.key),
                totals=figures_shown(group.totals),
                series=list(map(figures_shown, group.series)),
            )
            for group in report.groups
        ],
        others=None
        if others is None
        else OthersShown(
            groups=report.other_groups,
            totals=figures_shown(others.totals),
            series=list(map(figures_shown, others.series)),
        ),
    )


COLUMNS = ("from", "group", "name", *FiguresShown.__struct_fields__)


def usage_csv(shown: UsageShown) -> Csv:
    """Give a report as a table: a row for each step and group, in the order of the steps.

    Without groups `group` is empty; the others are the group `others`, with their number, where it is known, as
    its name.
    """
    parts: list[tuple[str, str | None, Sequence[FiguresShown]]] = [
        (group.key, group.name, group.series) for group in shown.groups
    ]
    if shown.by is None:
        parts = [("", None, shown.series)]
    elif shown.others is not None:
        number = shown.others.groups
        parts.append(("others", "others" if number is None else f"{number} others", shown.others.series))
    rows: list[dict[str, Any]] = [
        {"from": _said(start), "group": key, "name": name, **msgspec.to_builtins(series[number])}
        for number, start in enumerate(shown.starts)
        for key, name, series in parts
    ]
    return Csv("usage", COLUMNS, rows)


def _said(at: datetime) -> str:
    text: str = msgspec.to_builtins(at)
    return text
