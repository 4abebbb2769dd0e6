"""Adding calls up before they are counted."""

import asyncio
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from tollbridge.call import Call, Outcome
from tollbridge.errors import Denied, RateLimited, UpstreamTimeout
from tollbridge.formats.dialect import Operation
from tollbridge.metering.usage import Usage, UsageSource
from tollbridge.metrics import Metrics
from tollbridge.providers import Provider, Target
from tollbridge.testing import FixedClock

TARGETS = (None, *(Target(Provider(name, base_url="https://h/v1"), "m") for name in ("a", "b")))
ERRORS = (None, RateLimited("fast"), Denied("no", code="mine"), UpstreamTimeout("late"))
USAGES = st.builds(Usage, *(st.integers(0, 3),) * 6, st.integers(3, 9), st.integers(0, 3), st.integers(0, 3))


def call_of(target, error, outcome, status, usage, source, cost, first) -> Call:
    call = Call("req_1", datetime(2026, 11, 1, tzinfo=UTC), 0.0, "http", "POST", "/v1/chat/completions", [])
    call.service, call.operation = "ai", Operation("ai:chat", "chat")
    call.target, call.error, call.outcome, call.status, call.reached = target, error, outcome, status, True
    call.usage, call.usage_source, call.cost, call.first_byte_s = usage, source, cost, first
    return call


CALLS = st.builds(
    call_of,
    st.sampled_from(TARGETS),
    st.sampled_from(ERRORS),
    st.sampled_from(Outcome),
    st.sampled_from((200, 429, 500)),
    st.none() | USAGES,
    st.none() | st.sampled_from(UsageSource),
    st.none() | st.integers(0, 10**6),
    st.none() | st.floats(0, 100),
)


def shown(metrics: Metrics) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    text = metrics.render("text/plain")[0].decode()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): round(sample.value, 6)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@given(st.lists(CALLS, max_size=12))
def test_calls_that_are_added_up_count_as_each_by_itself(calls: list[Call]) -> None:
    clock = FixedClock()
    clock.advance(1.5)
    together, alone = Metrics(clock=clock), Metrics(clock=clock)

    async def in_one_turn() -> None:
        for call in calls:
            together.entered()
            together.observe(call)
            together.left()

    for call in calls:
        alone.observe(call)  # no event loop: counted at once
    asyncio.run(in_one_turn())

    assert shown(together) == shown(alone)


async def test_calls_are_counted_in_the_next_turn_of_the_event_loop_by_themselves() -> None:
    metrics = Metrics(clock=FixedClock())
    metrics.entered()
    metrics.observe(call_of(*TARGETS[1:2], None, Outcome.COMPLETE, 200, Usage(1), UsageSource.PROVIDER, 5, 0.1))

    await asyncio.sleep(0)

    (counted,) = metrics._families.requests.values()
    assert counted.__self__._value.get() == 1
    assert metrics._families.inflight._value.get() == 1


def test_only_so_many_kinds_of_calls_are_remembered(monkeypatch) -> None:
    monkeypatch.setattr("tollbridge.metrics.counting._MOST_KINDS", 2)
    metrics = Metrics(clock=FixedClock())

    for status in range(200, 206):
        metrics.observe(call_of(None, None, Outcome.COMPLETE, status, None, None, 0, None))
        assert len(metrics._tallies) <= 2

    assert sum(value for (name, _), value in shown(metrics).items() if name == "tollbridge_requests_total") == 6
