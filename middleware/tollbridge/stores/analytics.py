"""The seam to what is known of the calls of one service, or of one application."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import msgspec

from tollbridge.audit import Act
from tollbridge.stores.reporting import Bucket


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """Whose calls are meant: those of a published service by its slug, of an application by its id, or of both.

    Calls of before `begun` are those of another that had the slug.
    """

    service: str = ""
    application: str = ""
    begun: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What calls add up to.

    `calls`, `failed` and `refused` are what they are in `Totals`; of a refusal with a status of 500 or more both are
    true. `client_errors` are those of 400 to 499 that the bridge let across. `toll` is what the calls themselves cost,
    `model_cost` what was asked of models for them, nano-dollars; tokens, `unpriced` and `model_calls` are of those too.
    Bytes are those of the callers. Latencies are in milliseconds, None without calls.
    """

    calls: int = 0
    failed: int = 0
    client_errors: int = 0
    refused: int = 0
    toll: int = 0
    model_cost: int = 0
    model_calls: int = 0
    unpriced: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    latency_avg_ms: int | None = None
    latency_p50_ms: int | None = None
    latency_p95_ms: int | None = None
    latency_p99_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One part of calls: `key` is a token's, application's or release's id, an operation, or a service's slug.

    `cost` is of all that was asked for them too.
    """

    key: str
    calls: int
    failed: int
    client_errors: int
    refused: int
    cost: int
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """How calls went wrong: the bridge's own code, empty where it was not the bridge that said so, and the status."""

    code: str
    status: int
    calls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """All that is known of calls, as of one moment.  The busiest come first, buckets by their time.

    Where one service is meant there are its callers, releases and operations, else the services. A caller is an
    application, or a token that is of none; an empty `key` is nobody, or not known.
    """

    figures: Figures
    failures: Sequence[Failure]
    series: Sequence[Bucket]
    callers: Sequence[Share] = ()
    releases: Sequence[Share] = ()
    operations: Sequence[Share] = ()
    services: Sequence[Share] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fared:
    """How calls fared since a time: how many count, and of them those that failed, for each latency that was asked."""

    calls: int
    failed: Sequence[int]


class Burning(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An objective whose budget burns too fast: at a `level`, over a `window` such as `1h`, at so many times `rate`.

    The higher the level, the faster somebody has to act; from 1 on.
    """

    level: int
    window: str
    rate: str


class BurnTold(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What was recorded of an objective: it burns, or where that is None not any more."""

    slo: str
    burning: Burning | None


class AnalyticsStore(Protocol):
    """Sums up calls.  Ranges are `since` <= time < `until`; raises `Unavailable` where it does not answer."""

    async def analyse(self, whose: Whose, since: datetime, until: datetime, *, steps: int, top: int = 10) -> Analysis:
        """Sum up a range, cut into so many equal buckets, with at most `top` of each kind of share.

        Raises `ValueError` for less than one of either.
        """
        ...

    async def fared(
        self, service: str, starts: Sequence[datetime], until: datetime, *, within_ms: Sequence[int | None] = (None,)
    ) -> Sequence[Fared]:
        """Say how the calls of a published service fared since each of some times, in their order.

        Those count that callers made and that were let across, or that the bridge itself could not serve, but for what
        is switched off on purpose (`service_paused`, `operation_disabled`); failed are those with a status of 500 or
        more, those cut off, and those that took longer than `within_ms`, where that is a number.
        """
        ...

    async def called(self, since: Mapping[str, datetime]) -> Mapping[str, int]:
        """Count the calls of published services, by their slugs, each since a time; none is left out."""
        ...

    async def tell_burning(self, service_id: str, burning: Mapping[str, Burning], act: Act) -> Sequence[BurnTold]:
        """Record which objectives of a service burn, by their names: each once as it begins, or gets to a higher level.

        Those that were recorded before and burn no more are recorded as recovered. Gives what was recorded now.
        """
        ...

    async def burning_services(self) -> Sequence[str]:
        """Give the ids of the services of which an objective is recorded to burn."""
        ...
