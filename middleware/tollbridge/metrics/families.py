"""Every metric there is, as data, and the values behind them.

A series is bound once for its labels and then counted by one dictionary look-up. Costs are counted in whole
nano-dollars and become a float when they are shown.
"""

import platform
from bisect import bisect_left
from collections import Counter as Tallied
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from prometheus_client import Counter, Gauge, Histogram, Metric

from tollbridge import __version__
from tollbridge.metrics.multiprocess import collect_multiprocess
from tollbridge.money import NANO

# Doubling from 10 ms, as the OpenTelemetry conventions for generative AI have it, with two steps below for a wrapped
# app and three above for long answers.
_SECONDS = (0.0025, 0.005, *(round(0.01 * 2**step, 2) for step in range(17)))


@dataclass(frozen=True, slots=True)
class Family:
    """One metric: its kind is `counter`, `gauge` or `histogram`."""

    name: str
    kind: str
    labels: tuple[str, ...]
    help: str


FAMILIES: Mapping[str, Family] = {
    family.name.removeprefix("tollbridge_"): family
    for family in (
        Family(
            "tollbridge_requests_total",
            "counter",
            ("service", "operation", "outcome", "status_class"),
            "Requests that ended, by how they ended and by the status the caller saw.",
        ),
        Family(
            "tollbridge_request_duration_seconds",
            "histogram",
            ("service", "operation"),
            "From a request's arrival to the last byte of its answer.",
        ),
        Family(
            "tollbridge_time_to_first_byte_seconds",
            "histogram",
            ("provider", "model"),
            "From a request's arrival to the first byte of a model's answer.",
        ),
        Family(
            "tollbridge_tokens_total",
            "counter",
            ("provider", "model", "bucket", "source"),
            "Tokens used. The buckets do not overlap; the source says whether the provider reported them.",
        ),
        Family(
            "tollbridge_reasoning_tokens_total",
            "counter",
            ("provider", "model"),
            "Output tokens spent on reasoning, a part of the bucket output.",
        ),
        Family(
            "tollbridge_server_tool_calls_total",
            "counter",
            ("provider", "model"),
            "Calls of tools that providers run themselves and charge by the call, such as web searches.",
        ),
        Family(
            "tollbridge_cost_usd_total",
            "counter",
            ("service", "provider", "model"),
            "What calls cost, in US dollars.",
        ),
        Family(
            "tollbridge_unpriced_calls_total",
            "counter",
            ("provider", "model"),
            "Model calls whose cost is not known because the model has no price.",
        ),
        Family(
            "tollbridge_refused_total",
            "counter",
            ("code",),
            "Calls the gateway refused, by error code.",
        ),
        Family(
            "tollbridge_ratelimited_total",
            "counter",
            ("service", "operation"),
            "Calls refused because a rate or concurrency limit was reached.",
        ),
        Family(
            "tollbridge_upstream_errors_total",
            "counter",
            ("provider", "code"),
            "Calls that ended with an error of the provider, by error code or by its status.",
        ),
        Family(
            "tollbridge_policy_failures_total",
            "counter",
            ("policy",),
            "Failures of a policy after a call, when its answer was out already.",
        ),
        Family(
            "tollbridge_provider_key_refused_total",
            "counter",
            ("provider",),
            "Times a provider refused a version of its key that is kept in the database.",
        ),
        Family(
            "tollbridge_canary_token_uses_total",
            "counter",
            (),
            "Calls refused because they showed a token that is a canary: somebody found it.",
        ),
        Family(
            "tollbridge_bad_credentials_total",
            "counter",
            ("kind",),
            "Credentials that opened nothing: tokens, and passwords and secrets of accounts.",
        ),
        Family(
            "tollbridge_leaked_tokens_total",
            "counter",
            ("action",),
            "Tokens that were reported as found in the open, by what was done: disable, revoke, tell.",
        ),
        Family(
            "tollbridge_job_runs_total",
            "counter",
            ("job", "result"),
            "Runs of jobs that ended, by how: done, failed, or lost to another worker.",
        ),
        Family(
            "tollbridge_webhook_attempts_total",
            "counter",
            ("result",),
            "Attempts to send a message to a webhook: delivered, failed and tried again later, or given up.",
        ),
        Family(
            "tollbridge_inflight",
            "gauge",
            (),
            "Requests that are being served now.",
        ),
        Family(
            "tollbridge_slo_burn_rate",
            "gauge",
            ("service", "slo", "window"),
            "How many times faster the error budget of a service's objective burns than it may.",
        ),
        Family(
            "tollbridge_slo_budget_left_ratio",
            "gauge",
            ("service", "slo"),
            "The share of the error budget of a service's objective that is left; below 0 it is overspent.",
        ),
        Family(
            "tollbridge_build_info",
            "gauge",
            ("version", "python"),
            "Always 1; the labels say what is running.",
        ),
    )
}
NONE = "none"
"""The label of what does not apply or is not known."""
_COST = "tollbridge_cost_usd"
_NANO_COST = "tollbridge_cost_nanousd"

Count = Callable[[float], None]
Observe = Callable[[Sequence[float]], None]

C = TypeVar("C")


class Series(dict[tuple[str, ...], C]):
    """The series of one family, each bound when it is first counted."""

    def __init__(self, bind: Callable[[tuple[str, ...]], C]) -> None:
        super().__init__()
        self._bind = bind

    def __missing__(self, labels: tuple[str, ...]) -> C:
        count = self[labels] = self._bind(labels)
        return count


class Durations(Histogram):
    """A histogram that takes many values at once."""

    def observe_all(self, seconds: Sequence[float]) -> None:
        """Count each value in its bucket."""
        self._sum.inc(sum(seconds))
        bounds = self._upper_bounds
        for place, count in Tallied(bisect_left(bounds, value) for value in seconds).items():
            self._buckets[place].inc(count)


class Families:
    """Every family of one set of values."""

    def __init__(self) -> None:
        self.all: list[Counter | Gauge | Histogram] = []
        self.requests = self._counter("requests_total")
        self.durations = self._histogram("request_duration_seconds")
        self.first_bytes = self._histogram("time_to_first_byte_seconds")
        self.tokens = self._counter("tokens_total")
        self.reasoning = self._counter("reasoning_tokens_total")
        self.server_tool_calls = self._counter("server_tool_calls_total")
        self.costs = self._counter("cost_usd_total")
        self.unpriced = self._counter("unpriced_calls_total")
        self.refused = self._counter("refused_total")
        self.limited = self._counter("ratelimited_total")
        self.upstream_errors = self._counter("upstream_errors_total")
        self.policy_failures = self._counter("policy_failures_total")
        self.refused_keys = self._counter("provider_key_refused_total")
        self.canary_uses = self._counter("canary_token_uses_total")
        self.bad_credentials = self._counter("bad_credentials_total")
        self.leaked_tokens = self._counter("leaked_tokens_total")
        self.job_runs = self._counter("job_runs_total")
        self.webhook_attempts = self._counter("webhook_attempts_total")
        self.inflight = self._gauge("inflight", "livesum")
        self.burn_rates = self._shown("slo_burn_rate")
        self.budgets_left = self._shown("slo_budget_left_ratio")
        self._gauge("build_info", "livemax").labels(__version__, platform.python_version()).set(1)

    def _counter(self, key: str) -> Series[Count]:
        family = FAMILIES[key]
        name = family.name.removesuffix("_total")
        counter = Counter(_NANO_COST if name == _COST else name, family.help, family.labels, registry=None)
        self.all.append(counter)
        return Series(lambda labels: (counter.labels(*labels) if labels else counter).inc)

    def _histogram(self, key: str) -> Series[Observe]:
        family = FAMILIES[key]
        histogram = Durations(family.name, family.help, family.labels, registry=None, buckets=_SECONDS)
        self.all.append(histogram)
        return Series(lambda labels: histogram.labels(*labels).observe_all)

    def _shown(self, key: str) -> Series[Count]:
        """Make a gauge with labels that whichever worker looked last sets."""
        gauge = self._gauge(key, "livemostrecent")
        return Series(lambda labels: gauge.labels(*labels).set)

    def _gauge(self, key: str, mode: Literal["livesum", "livemax", "livemostrecent"]) -> Gauge:
        family = FAMILIES[key]
        gauge = Gauge(family.name, family.help, family.labels, registry=None, multiprocess_mode=mode)
        self.all.append(gauge)
        return gauge


class Exposition:
    """Shows what was counted: by this process, or by all that share a folder."""

    def __init__(self, families: Families, folder: Path | None) -> None:
        self._families = families
        self._folder = folder

    def describe(self) -> Iterable[Metric]:
        """Name the families, so that a registry refuses them twice."""
        for family in FAMILIES.values():
            yield Metric(family.name.removesuffix("_total"), family.help, family.kind)

    def collect(self) -> Iterable[Metric]:
        """Give every family with its samples."""
        if self._folder is not None:
            return [_in_dollars(metric) for metric in collect_multiprocess(self._folder)]
        return [_in_dollars(_undated(metric)) for family in self._families.all for metric in family.collect()]


class Added:
    """Shows a counter of a plugin."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    def describe(self) -> Iterable[Metric]:
        """Name it, so that a registry refuses it twice."""
        return self._counter.describe()

    def collect(self) -> Iterable[Metric]:
        """Give it with its samples."""
        return map(_undated, self._counter.collect())


def _undated(metric: Metric) -> Metric:
    """Leave out when each series began: it doubles their number, and value files do not hold it."""
    metric.samples = [sample for sample in metric.samples if sample.name != f"{metric.name}_created"]
    return metric


def _in_dollars(metric: Metric) -> Metric:
    if metric.name != _NANO_COST:
        return metric
    shown = Metric(_COST, metric.documentation, metric.type)
    shown.samples = [sample._replace(name=f"{_COST}_total", value=sample.value / NANO) for sample in metric.samples]
    return shown
