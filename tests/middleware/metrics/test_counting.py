"""What is counted of a call, as a scraper reads it."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from tollbridge.call import Call, Outcome
from tollbridge.errors import (
    BadRequest,
    BudgetExceeded,
    Denied,
    GatewayError,
    RateLimited,
    UpstreamError,
    UpstreamTruncated,
)
from tollbridge.formats.dialect import Operation
from tollbridge.metering.usage import Usage, UsageSource
from tollbridge.metrics import FAMILIES, Metrics
from tollbridge.models import Model, Models
from tollbridge.providers import Provider, Target

OPENAI = Provider("openai", base_url="https://api.openai.example/v1", models=Models({"gpt-4o": Model("gpt-4o")}))


class StillClock:
    """A clock that stands where it was put."""

    def __init__(self, monotonic: float = 0.0) -> None:
        self.at = monotonic

    def now(self) -> datetime:
        return datetime(2026, 11, 1, tzinfo=UTC)

    def time(self) -> float:
        return self.now().timestamp()

    def monotonic(self) -> float:
        return self.at


@pytest.fixture(autouse=True)
def _one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)


@pytest.fixture
def clock() -> StillClock:
    return StillClock(100.0)


@pytest.fixture
def metrics(clock: StillClock) -> Metrics:
    return Metrics(clock=clock)


def finished(
    *,
    outcome: Outcome = Outcome.COMPLETE,
    status: int = 200,
    error: GatewayError | None = None,
    cost: int | None = 0,
    service: str = "ai",
    operation: Operation | None = None,
) -> Call:
    call = Call("req_1", datetime(2026, 11, 1, tzinfo=UTC), 99.0, "http", "POST", "/v1/chat/completions", [])
    call.service, call.operation = service, operation or Operation("ai:chat", "chat")
    call.outcome, call.status, call.error, call.cost = outcome, status, error, cost
    return call


def model_call(
    model: str = "gpt-4o",
    *,
    usage: Usage | None = None,
    source: UsageSource | None = None,
    status: int = 200,
    cost: int | None = 0,
    error: GatewayError | None = None,
    outcome: Outcome = Outcome.COMPLETE,
) -> Call:
    call = finished(status=status, cost=cost, error=error, outcome=outcome)
    call.target, call.usage, call.usage_source, call.reached = Target(OPENAI, model), usage, source, True
    return call


def answered(model: str = "gpt-4o", *, cost: int | None = 0) -> Call:
    return model_call(model, usage=Usage(input=1), source=UsageSource.PROVIDER, cost=cost)


def samples(metrics: Metrics) -> Iterator[tuple[str, dict[str, str], float]]:
    body, _ = metrics.render("text/plain")
    for family in read_text(body.decode()):
        for sample in family.samples:
            yield sample.name, dict(sample.labels), sample.value


def series(metrics: Metrics, name: str) -> dict[tuple[str, ...], float]:
    """Give the values of a metric by its labels, in the order of the labels' names."""
    return {
        tuple(value for _, value in sorted(labels.items())): value
        for found, labels, value in samples(metrics)
        if found == f"tollbridge_{name}"
    }


def test_request_is_counted_by_service_operation_outcome_and_status(metrics: Metrics) -> None:
    metrics.observe(finished(status=200))
    metrics.observe(finished(status=204))
    metrics.observe(finished(status=500, outcome=Outcome.UPSTREAM_FAILED))

    assert series(metrics, "requests_total") == {
        ("chat", "complete", "ai", "2xx"): 2,
        ("chat", "upstream_failed", "ai", "5xx"): 1,
    }


def test_call_cut_off_before_anything_was_known_of_it_is_counted_as_none(metrics: Metrics) -> None:
    call = finished(status=0, outcome=Outcome.CLIENT_GONE, service="")
    call.operation = None
    call.outcome = None

    metrics.observe(call)

    assert series(metrics, "requests_total") == {("none", "none", "none", "none"): 1}


def test_operation_without_a_label_is_counted_as_none(metrics: Metrics) -> None:
    metrics.observe(finished(operation=Operation("ai:odd", "")))

    assert series(metrics, "requests_total") == {("none", "complete", "ai", "2xx"): 1}


def test_duration_runs_from_arrival_to_the_end(metrics: Metrics, clock: StillClock) -> None:
    clock.at = 102.5

    metrics.observe(finished())

    assert series(metrics, "request_duration_seconds_sum") == {("chat", "ai"): 3.5}  # 102.5 - 99.0
    buckets = series(metrics, "request_duration_seconds_bucket")
    assert buckets["2.56", "chat", "ai"] == 0
    assert buckets["5.12", "chat", "ai"] == 1


def test_clock_that_went_back_counts_as_no_time(metrics: Metrics, clock: StillClock) -> None:
    clock.at = 90.0

    metrics.observe(finished())

    assert series(metrics, "request_duration_seconds_sum") == {("chat", "ai"): 0}


def test_first_byte_is_timed_for_each_model(metrics: Metrics) -> None:
    call = answered()
    call.first_byte_s = 0.25

    metrics.observe(call)

    assert series(metrics, "time_to_first_byte_seconds_sum") == {("gpt-4o", "openai"): 0.25}


def test_token_buckets_add_up_to_the_usage(metrics: Metrics) -> None:
    usage = Usage(input=100, cache_read=30, output=50, reasoning=20)

    metrics.observe(model_call(usage=usage, source=UsageSource.PROVIDER))

    tokens = series(metrics, "tokens_total")
    assert tokens == {
        ("cache_read", "gpt-4o", "openai", "provider"): 30,
        ("input", "gpt-4o", "openai", "provider"): 100,
        ("output", "gpt-4o", "openai", "provider"): 50,
    }
    assert sum(tokens.values()) == usage.total  # 100 + 30 + 50; reasoning is a part of the output
    assert series(metrics, "reasoning_tokens_total") == {("gpt-4o", "openai"): 20}


def test_calls_of_the_providers_own_tools_are_counted_beside_the_tokens(metrics: Metrics) -> None:
    metrics.observe(model_call(usage=Usage(input=1, server_tool_calls=2), source=UsageSource.PROVIDER))
    metrics.observe(model_call(usage=Usage(input=1, server_tool_calls=3), source=UsageSource.PROVIDER))

    assert series(metrics, "server_tool_calls_total") == {("gpt-4o", "openai"): 5}
    assert series(metrics, "tokens_total") == {("input", "gpt-4o", "openai", "provider"): 2}


def test_estimated_tokens_are_kept_apart_from_reported_ones(metrics: Metrics) -> None:
    metrics.observe(model_call(usage=Usage(output=5), source=UsageSource.ESTIMATED))
    metrics.observe(model_call(usage=Usage(output=7)))

    assert series(metrics, "tokens_total") == {
        ("output", "gpt-4o", "openai", "estimated"): 5,
        ("output", "gpt-4o", "openai", "provider"): 7,  # nobody metered it: what was read is what the provider said
    }


def test_cost_of_many_small_calls_is_exact(metrics: Metrics) -> None:
    for _ in range(1_000):
        metrics.observe(answered(cost=100))

    # 1,000 x 100 nano-dollars; a sum of 1,000 floats of 1e-7 would be 0.00010000000000000159
    assert series(metrics, "cost_usd_total") == {("gpt-4o", "openai", "ai"): 0.0001}


def test_call_of_the_wrapped_app_costs_no_model(metrics: Metrics) -> None:
    metrics.observe(finished(service="shop", operation=Operation("service:shop:GET:/x", "app"), cost=2_000_000))

    assert series(metrics, "cost_usd_total") == {("none", "none", "shop"): 0.002}


def test_call_without_a_price_is_counted_as_unpriced(metrics: Metrics) -> None:
    metrics.observe(answered(cost=None))
    metrics.observe(answered(cost=0))

    assert series(metrics, "unpriced_calls_total") == {("gpt-4o", "openai"): 1}


def test_call_nobody_metered_is_not_unpriced(metrics: Metrics) -> None:
    metrics.observe(model_call(usage=Usage(input=1), source=None, cost=None))

    assert series(metrics, "unpriced_calls_total") == {}


def test_refusals_are_counted_by_code(metrics: Metrics) -> None:
    for error in (BadRequest("no"), BudgetExceeded("spent"), Denied("closed", code="curfew")):
        metrics.observe(finished(outcome=Outcome.REFUSED, status=error.status, error=error))

    assert series(metrics, "refused_total") == {("invalid_request",): 1, ("insufficient_quota",): 1, ("other",): 1}


def test_rate_limited_call_is_counted_as_such(metrics: Metrics) -> None:
    metrics.observe(finished(outcome=Outcome.REFUSED, status=429, error=RateLimited("slow down", retry_after_s=1)))

    assert series(metrics, "ratelimited_total") == {("chat", "ai"): 1}
    assert series(metrics, "refused_total") == {("rate_limit_exceeded",): 1}


def test_failing_provider_is_counted_by_code(metrics: Metrics) -> None:
    failed = {"status": 502, "outcome": Outcome.UPSTREAM_FAILED}
    metrics.observe(model_call(error=UpstreamTruncated("cut"), **failed))  # type: ignore[arg-type]  # a plain table
    metrics.observe(model_call(error=UpstreamError("key", code="upstream_credential"), **failed))  # type: ignore[arg-type]  # a plain table

    assert series(metrics, "upstream_errors_total") == {
        ("upstream_truncated", "openai"): 1,
        ("upstream_credential", "openai"): 1,
    }
    assert series(metrics, "refused_total") == {}


def test_error_of_the_provider_that_was_passed_on_is_counted_by_its_status(metrics: Metrics) -> None:
    for status in (429, 418, 599):
        metrics.observe(model_call(status=status))

    assert series(metrics, "upstream_errors_total") == {
        ("http_429", "openai"): 1,
        ("http_4xx", "openai"): 1,
        ("http_5xx", "openai"): 1,
    }


def test_refusal_before_the_provider_was_reached_is_no_error_of_it(metrics: Metrics) -> None:
    call = model_call(status=400, error=BadRequest("no"), outcome=Outcome.REFUSED)
    call.reached = False

    metrics.observe(call)

    assert series(metrics, "upstream_errors_total") == {}


def test_model_a_caller_made_up_has_no_label_of_its_own(metrics: Metrics) -> None:
    metrics.observe(model_call("sk-live-abc/../../etc", status=404))
    metrics.observe(model_call("gpt-4o", usage=Usage(input=1), source=UsageSource.ESTIMATED))
    metrics.observe(model_call("gpt-9", usage=Usage(input=1), source=UsageSource.ESTIMATED))
    metrics.observe(answered("gpt-5"))

    models = {labels["model"] for _, labels, _ in samples(metrics) if "model" in labels}
    assert models == {"gpt-4o", "other", "gpt-5"}  # listed by the provider; made up; counted by the provider


@pytest.mark.parametrize("name", ["x" * 101, "gpt\n4", "gpt-\u202eo"])
def test_model_with_an_odd_name_is_other_even_if_it_answered(metrics: Metrics, name: str) -> None:
    metrics.observe(answered(name))

    assert {labels["model"] for _, labels, _ in samples(metrics) if "model" in labels} == {"other"}


def test_number_of_model_labels_is_capped(clock: StillClock) -> None:
    metrics = Metrics(model_label_cap=3, clock=clock)
    metrics.know([("openai", "ours")])

    for number in range(50):
        metrics.observe(answered(f"gpt-{number}"))
    metrics.observe(answered("ours"))

    tokens = series(metrics, "tokens_total")
    assert {key[1]: value for key, value in tokens.items()} == {"ours": 1, "gpt-0": 1, "gpt-1": 1, "other": 48}


def test_models_known_beyond_the_cap_have_no_label(clock: StillClock) -> None:
    metrics = Metrics(model_label_cap=1, clock=clock)

    metrics.know([("openai", "a"), ("openai", "b")])
    metrics.observe(answered("b"))

    assert {key[1] for key in series(metrics, "tokens_total")} == {"other"}


def test_number_of_operation_labels_is_capped(metrics: Metrics) -> None:
    for number in range(250):
        metrics.observe(finished(operation=Operation("ai:x", f"op-{number}")))
    metrics.observe(finished(operation=Operation("ai:x", "op-0")))

    counted = series(metrics, "requests_total")
    assert len(counted) == 201
    assert counted["other", "complete", "other", "2xx"] == 50
    assert counted["op-0", "complete", "ai", "2xx"] == 2


def test_inflight_goes_up_and_down(metrics: Metrics) -> None:
    metrics.entered()
    metrics.entered()
    metrics.left()

    assert series(metrics, "inflight") == {(): 1}


def test_openmetrics_is_given_to_who_asks_for_it(metrics: Metrics) -> None:
    metrics.observe(answered(cost=5))

    body, content_type = metrics.render("application/openmetrics-text; version=1.0.0, text/plain;q=0.5")

    assert content_type.startswith("application/openmetrics-text; version=1.0.0; charset=utf-8")
    assert body.endswith(b"# EOF\n")
    assert "tollbridge_cost_usd" in {family.name for family in read_openmetrics(body.decode())}
    assert metrics.render("")[1].startswith("text/plain; version=0.0.4")


def test_every_family_is_shown_with_just_the_labels_it_declares(metrics: Metrics) -> None:
    call = answered(cost=None)
    call.first_byte_s, call.usage = 0.1, Usage(input=1, output=2, reasoning=1, server_tool_calls=1)
    metrics.observe(call)
    metrics.observe(answered(cost=7))
    metrics.observe(model_call(status=500))
    metrics.observe(finished(outcome=Outcome.REFUSED, status=429, error=RateLimited("slow down")))
    metrics.policy_failed("curfew")
    metrics.provider_key_refused("openai")
    metrics.job_ended("sweep", "done")
    metrics.webhook_attempted("delivered")
    metrics.bad_credential("token")
    metrics.token_leaked("disable")
    metrics.show_burn_rates({("weather", "sure", "1h"): 2.0})
    metrics.show_budgets_left({("weather", "sure"): 0.5})

    shown: dict[str, set[str]] = {}
    for name, labels, _ in samples(metrics):
        family = next(family for family in FAMILIES.values() if name.startswith(family.name))
        shown.setdefault(family.name, set()).update(labels)

    assert {name: labels - {"le"} for name, labels in shown.items()} == {
        family.name: set(family.labels) for family in FAMILIES.values()
    }


def test_gauge_of_objectives_shows_the_newest_of_a_bounded_number(metrics: Metrics) -> None:
    metrics.show_burn_rates({("old", "sure", "1h"): 1.0})
    metrics.show_burn_rates({(f"s{number}", "sure", "1h"): float(number) for number in range(1_500)})

    found = series(metrics, "slo_burn_rate")
    assert len(found) == 1_000
    assert found["s7", "sure", "1h"] == 7.0
    assert math.isnan(found["old", "sure", "1h"])


def test_two_gateways_in_one_process_count_apart(clock: StillClock) -> None:
    one, other = Metrics(clock=clock), Metrics(clock=clock)

    one.observe(finished())

    assert series(one, "requests_total") != series(other, "requests_total") == {}


def test_registry_of_the_host_shows_our_metrics_and_takes_them_once(clock: StillClock) -> None:
    registry = CollectorRegistry()
    Metrics(registry=registry, clock=clock)

    with pytest.raises(ValueError, match="Duplicated timeseries"):
        Metrics(registry=registry, clock=clock)

    assert registry.get_sample_value("tollbridge_inflight") == 0


def test_metrics_need_no_clock_of_their_own() -> None:
    metrics = Metrics()

    metrics.observe(finished())

    assert len(series(metrics, "requests_total")) == 1


def test_counter_is_read_by_its_labels_with_what_was_not_flushed_yet(metrics: Metrics) -> None:
    metrics.policy_failed("curfew")
    metrics.policy_failed("curfew")
    metrics.observe(finished())

    assert metrics.counted("policy_failures_total") == {("curfew",): 2.0}
    assert sum(metrics.counted("requests_total").values()) == 1.0
    assert not metrics.shared
