"""What calls of services and applications add up to, as the API says it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from tollbridge.administering import BURN_WINDOWS, Standing, show_usd
from tollbridge.stores.analytics import Analysis, Failure, Figures, Share
from tollbridge.stores.reporting import Bucket
from tollbridge_admin.tokenshapes import Moment, Wish

Step = Literal["hour", "day"]


class RangeAsked(Wish, frozen=True):
    """Which range is summed up, and how it is cut: whole hours or days of UTC, of at most 92 days.

    Without `to` it ends now, without `from` it begins a day before its end.
    """

    since: Moment | UnsetType = msgspec.field(default=UNSET, name="from")
    until: Moment | UnsetType = msgspec.field(default=UNSET, name="to")
    step: Annotated[Step, Meta(description="How long each part of the series is.")] = "hour"
    top: Annotated[int, Meta(ge=1, le=100, description="How many callers and the like at most.")] = 10


class CallSumsShown(msgspec.Struct, frozen=True, kw_only=True):
    """What calls add up to.

    `failed` are those of 500 and more, or that were cut off; `client_errors` those of 400 to 499 that were let across;
    `refused` those the bridge refused. `toll_usd` is what the calls cost, `model_cost_usd` what was asked of models for
    them; `unpriced` are those without a known price.
    """

    calls: int
    failed: int
    client_errors: int
    refused: int
    toll_usd: str
    model_cost_usd: str
    model_calls: int
    unpriced: int
    input_tokens: int
    output_tokens: int
    bytes_in: int
    bytes_out: int
    latency_avg_ms: int | None
    latency_p50_ms: int | None
    latency_p95_ms: int | None
    latency_p99_ms: int | None


class ShareShown(msgspec.Struct, frozen=True, kw_only=True):
    """One part of calls, with what was asked of models for them in its cost."""

    calls: int
    failed: int
    client_errors: int
    refused: int
    cost_usd: str
    last_at: datetime


class CallerShown(ShareShown, frozen=True, kw_only=True):
    """Who called: an application, or a token of none; `name` only where it is yours to see.  Neither is nobody."""

    application: str | None
    token: str | None
    name: str | None


class ReleaseUseShown(ShareShown, frozen=True, kw_only=True):
    """A release that was called."""

    id: str
    number: int | None
    version: str | None
    state: str | None


class OperationUseShown(ShareShown, frozen=True, kw_only=True):
    """What was called of a service, by its scope: `service:SLUG:OPERATION`."""

    operation: str


class ServiceUseShown(ShareShown, frozen=True, kw_only=True):
    """A service that was called; `ai` are models."""

    service: str


class CallFailureShown(msgspec.Struct, frozen=True, kw_only=True):
    """How calls went wrong: the bridge's own code, null where it was not the bridge that said so, and the status."""

    code: str | None
    status: int
    calls: int


class StepShown(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a series; those without calls and cost are left out."""

    at: datetime
    calls: int
    failed: int
    cost_usd: str
    latency_p50_ms: int | None
    latency_p95_ms: int | None


class BurningShown(msgspec.Struct, frozen=True, kw_only=True):
    """The alarm that an objective is in: the window over which it burns too fast, and how fast."""

    window: str
    rate: str


class SloShown(msgspec.Struct, frozen=True, kw_only=True):
    """How an objective stands now, over its own window.

    `calls` are those that count, `failed` those that missed it, `attained` the share that did not, in percent.
    `budget_left` is 1 where nothing is used up of what may fail, 0 where all is, below that it is overspent.
    `burn_rates` say how many times faster than it may it burns over some time; null without calls.
    """

    name: str
    objective: float
    latency_ms: int | None
    window_days: int
    calls: int
    failed: int
    attained: float | None
    budget_left: float | None
    burn_rates: Mapping[str, float | None]
    burning: BurningShown | None


class ApplicationUsageShown(msgspec.Struct, frozen=True, kw_only=True):
    """What an application called in a range; the busiest services come first."""

    application: str
    since: datetime = msgspec.field(name="from")
    until: datetime = msgspec.field(name="to")
    step: str
    totals: CallSumsShown
    services: Sequence[ServiceUseShown]
    failures: Sequence[CallFailureShown]
    series: Sequence[StepShown]


class ServiceAnalyticsShown(msgspec.Struct, frozen=True, kw_only=True):
    """How a service fared in a range, and how its objectives stand now; the busiest come first."""

    service: str
    since: datetime = msgspec.field(name="from")
    until: datetime = msgspec.field(name="to")
    step: str
    totals: CallSumsShown
    callers: Sequence[CallerShown]
    releases: Sequence[ReleaseUseShown]
    operations: Sequence[OperationUseShown]
    failures: Sequence[CallFailureShown]
    series: Sequence[StepShown]
    slos: Sequence[SloShown]


def sums_shown(figures: Figures) -> CallSumsShown:
    """Give sums as they are shown."""
    same = {name: getattr(figures, name) for name in CallSumsShown.__struct_fields__ if not name.endswith("_usd")}
    return CallSumsShown(**same, toll_usd=show_usd(figures.toll), model_cost_usd=show_usd(figures.model_cost))


def share_shown(one: Share) -> dict[str, Any]:
    """Give the fields of a share that all kinds have."""
    same = {name: getattr(one, name) for name in ShareShown.__struct_fields__ if name != "cost_usd"}
    return {**same, "cost_usd": show_usd(one.cost)}


def failure_shown(one: Failure) -> CallFailureShown:
    """Give a failure as it is shown."""
    return CallFailureShown(code=one.code or None, status=one.status, calls=one.calls)


def services_shown(found: Analysis) -> Sequence[ServiceUseShown]:
    """Give the services that were called."""
    return [ServiceUseShown(service=one.key, **share_shown(one)) for one in found.services]


def step_shown(bucket: Bucket) -> StepShown:
    """Give a step of a series as it is shown."""
    return StepShown(
        at=bucket.start,
        calls=bucket.calls,
        failed=bucket.failed,
        cost_usd=show_usd(bucket.cost),
        latency_p50_ms=bucket.latency_p50_ms,
        latency_p95_ms=bucket.latency_p95_ms,
    )


def slo_shown(one: Standing, least: int) -> SloShown:
    """Give an objective as it is shown; `least` is how many calls an alarm needs."""
    slo, whole, burning = one.slo, one.whole, one.burning(least)
    return SloShown(
        name=slo.name,
        objective=slo.objective,
        latency_ms=slo.latency_ms,
        window_days=slo.window_days,
        calls=whole.calls if whole else 0,
        failed=whole.failed if whole else 0,
        attained=_rounded(one.attained),
        budget_left=_rounded(one.budget_left),
        burn_rates={window: _rounded(one.rate(window)) for window in BURN_WINDOWS},
        burning=None if burning is None else BurningShown(window=burning.window, rate=burning.rate),
    )


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 4)
