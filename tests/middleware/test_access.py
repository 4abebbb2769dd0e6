"""The line of a finished call: written straight to our own lines, or through structlog; the same line."""

import asyncio
import io
import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
import structlog

from tollbridge import access, logs
from tollbridge.access import AccessLog
from tollbridge.call import Call, Outcome
from tollbridge.errors import Denied
from tollbridge.formats.dialect import Operation
from tollbridge.metering.usage import Usage, UsageSource
from tollbridge.providers import Provider, Target
from tollbridge.tokens.model import Principal
from tollbridge.tokens.scopes import scope_set

TOKEN = "tb_0123456789ABCDEFGHIJKLMNOPQRSTUV3fGh9K"
NOON = datetime(2026, 11, 1, 12, 0, 0, 250_000, tzinfo=UTC)


class StillClock:
    """Noon, and 100 s since anything."""

    def now(self) -> datetime:
        return NOON

    def time(self) -> float:
        return NOON.timestamp()

    def monotonic(self) -> float:
        return 100.0


class Output:
    """A stream that remembers what was flushed."""

    def __init__(self) -> None:
        self.raw = io.BytesIO()
        self.stream = io.TextIOWrapper(io.BufferedWriter(Kept(self.raw)))

    @property
    def lines(self) -> list[str]:
        return self.raw.getvalue().decode("utf-8").splitlines()

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines]


class Kept(io.RawIOBase):
    """Writes into a buffer that outlives it."""

    def __init__(self, into: io.BytesIO) -> None:
        self._into = into
        self.gone = False

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        if self.gone:
            raise BrokenPipeError
        return self._into.write(data)


@pytest.fixture(autouse=True)
def _restored(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Leave the standard library's logging alone, and put structlog back as it was."""
    monkeypatch.setattr(logs, "_adopt_standard_logging", lambda *_: None)
    yield
    structlog.reset_defaults()


def configured(*, level: str = "info", format: str = "json") -> Output:
    output = Output()
    logs.configure(level=level, format=format, stream=output.stream, clock=StillClock())
    return output


def log_of(*, direct: bool) -> AccessLog:
    """Make one that writes straight to our lines, or one from before they were set up, which goes through structlog."""
    log = AccessLog(StillClock()) if direct else access.access_log
    assert isinstance(log, AccessLog)
    assert (log._lines is not None) == direct
    return log


BOTH = pytest.mark.parametrize("direct", [True, False])


def served_call() -> Call:
    call = Call("req_1", NOON, 98.5, "http", "POST", "/v1/chat/completions", [])
    call.operation, call.service, call.model = Operation("ai:chat", "chat"), "ai", "fast"
    call.principal = Principal("tok_1", "mine", scope_set("ai:chat"))
    call.target = Target(Provider("openai", base_url="https://api.openai.example/v1"), "gpt-4o-mini")
    call.usage, call.usage_source, call.cost = Usage(input=100, output=50), UsageSource.PROVIDER, 985_000
    call.status, call.outcome, call.first_byte_s, call.bytes_in, call.bytes_out = 200, Outcome.COMPLETE, 0.25, 300, 830
    call.dropped, call.parent, call.release = ("top_k",), "req_0", "rel_1"
    return call


def test_served_call_is_one_line_with_all_there_is_to_know() -> None:
    output = configured()

    log_of(direct=True)(served_call())

    assert output.events == [
        {
            "timestamp": "2026-11-01T12:00:00.250Z",
            "level": "info",
            "logger": "tollbridge.access",
            "event": "request_served",
            "call_id": "req_1",
            "token_id": "tok_1",
            "service": "ai",
            "operation": "ai:chat",
            "model": "fast",
            "target_model": "gpt-4o-mini",
            "provider": "openai",
            "status": 200,
            "outcome": "complete",
            "error": None,
            "ms": 1500.0,  # 100.0 - 98.5 seconds
            "first_byte_ms": 250.0,
            "input_tokens": 100,
            "output_tokens": 50,
            "usage_source": "provider",
            "cost_usd": "0.000985",
            "bytes_in": 300,
            "bytes_out": 830,
            "dropped": 1,
            "parent": "req_0",
            "release": "rel_1",
        }
    ]


def refused_call() -> Call:
    call = Call("req_2", NOON, 100.0, "http", "GET", "/x", [])
    call.status, call.outcome, call.error = 403, Outcome.REFUSED, Denied("no", code="curfew")
    return call


def test_both_ways_write_the_same_line() -> None:
    output = configured()
    for call in (served_call(), refused_call()):
        log_of(direct=True)(call)
        log_of(direct=False)(call)

    for direct, through in (output.events[:2], output.events[2:]):
        changing = {"ms"}  # structlog's one has the machine's clock
        assert list(direct) == list(through)
        assert {key: direct[key] for key in direct.keys() - changing} == {
            key: through[key] for key in through.keys() - changing
        }


@BOTH
def test_refused_call_is_one_line_of_the_same_shape(direct: bool) -> None:
    output = configured()
    log = log_of(direct=direct)

    log(served_call())
    log(refused_call())

    full, refused = output.events
    assert list(refused) == list(full)
    assert refused["error"] == "curfew"
    known = {"timestamp", "level", "logger", "event", "call_id", "service", "status", "outcome", "error", "ms"}
    assert {key for key in refused if refused[key] is None} == set(refused) - known - {"bytes_in", "bytes_out"}


@BOTH
def test_operation_without_a_scope_is_told_by_its_label(direct: bool) -> None:
    output = configured()
    call = served_call()
    call.operation = Operation("", "models")

    log_of(direct=direct)(call)

    assert output.events[0]["operation"] == "models"


@BOTH
@pytest.mark.parametrize("text", [TOKEN, "x\n{}", "gpt\x1b[31m"])
def test_text_a_caller_made_up_does_no_harm(direct: bool, text: str) -> None:
    output = configured()
    call = served_call()
    assert call.target is not None
    call.model, call.target = text, Target(call.target.provider, text)
    call.operation = Operation(f"service:app:{text}", "app")

    log_of(direct=direct)(call)

    (line,) = output.events
    for key in ("model", "target_model", "operation"):
        assert text not in line[key]


@pytest.mark.parametrize("how", [{"format": "console"}, {"level": "warning"}])
def test_own_lines_are_for_json_at_info_only(how: dict[str, str]) -> None:
    output = configured(**how)

    AccessLog(StillClock())(served_call())

    assert ("request_served" in "".join(output.lines)) == ("format" in how)
    assert logs.own_lines() is None


async def test_lines_of_one_turn_are_flushed_together_and_in_order_with_all_others() -> None:
    output = configured()
    log = log_of(direct=True)

    log(served_call())
    log(refused_call())
    assert output.lines == []
    structlog.get_logger("tollbridge").warning("between")
    log(served_call())
    await asyncio.sleep(0)

    assert [event["event"] for event in output.events] == ["request_served"] * 2 + ["between", "request_served"]
    log(refused_call())
    await asyncio.sleep(0)
    assert len(output.lines) == 5


def test_line_that_an_ended_loop_left_is_written_with_the_next() -> None:
    output = configured()
    log = log_of(direct=True)

    async def cut_off() -> None:
        log(served_call())
        asyncio.get_running_loop().stop()

    loop = asyncio.new_event_loop()
    task = loop.create_task(cut_off())
    loop.run_forever()
    assert task.done()
    loop.close()
    assert output.lines == []

    async def goes_on() -> None:
        log(refused_call())
        await asyncio.sleep(0)

    asyncio.run(goes_on())
    assert [event["call_id"] for event in output.events] == ["req_1", "req_2"]


@pytest.mark.parametrize("closed", [False, True])
async def test_stream_that_is_gone_loses_lines_and_stops_no_call(closed: bool) -> None:
    output = configured()
    log = log_of(direct=True)
    raw = output.stream.buffer.raw  # type: ignore[attr-defined]  # a buffered writer's
    if closed:
        output.stream.buffer.close()
    raw.gone = True

    for _ in range(3):
        log(served_call())
        await asyncio.sleep(0)

    assert output.lines == []
    with suppress(BrokenPipeError, ValueError):
        output.stream.detach()
