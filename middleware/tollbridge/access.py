"""The access log: one line for each finished call."""

from collections.abc import Callable

import msgspec
import structlog

from tollbridge.call import Call
from tollbridge.clock import Clock, SystemClock
from tollbridge.logs import Stamp, clean, own_lines
from tollbridge.money import show_usd

LOGGER = "tollbridge.access"
EVENT = "request_served"


class _Served(msgspec.Struct, gc=False):
    """What the line says, in its order."""

    call_id: str
    token_id: str | None
    service: str
    operation: str | None
    model: str | None
    target_model: str | None
    provider: str | None
    status: int
    outcome: str | None
    error: str | None
    ms: float
    first_byte_ms: float | None
    input_tokens: int | None
    output_tokens: int | None
    usage_source: str | None
    cost_usd: str | None
    bytes_in: int
    bytes_out: int
    dropped: int | None
    parent: str | None
    release: str | None


_encode = msgspec.json.Encoder().encode


def _ms(seconds: float) -> float:
    """Give milliseconds to a tenth; `round` takes as long as the rest of a line."""
    return int(seconds * 10_000 + 0.5) / 10


class AccessLog:
    """Writes the line of a call, event `request_served`.

    Where this process writes its own JSON lines (`logs.configure`) the line is written straight to them: the only texts
    in it that a caller can choose are cleaned one by one. Everywhere else it goes through structlog.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._stamp = Stamp(clock)
        self._at = ""
        self._head = b""
        self._lines = own_lines()
        self._log = structlog.get_logger(LOGGER)

    def __call__(self, call: Call) -> None:
        served = self._served(call)
        if self._lines is None:
            self._log.info(EVENT, **msgspec.structs.asdict(served))
            return
        if served.model is not None:
            served.model = clean(served.model)
        if served.target_model is not None:
            same = served.target_model == call.model
            served.target_model = served.model if same else clean(served.target_model)
        if served.operation is not None:
            served.operation = clean(served.operation)
        at = self._stamp.now()
        if at is not self._at:
            head = f'{{"timestamp":"{at}","level":"info","logger":"{LOGGER}","event":"{EVENT}",'
            self._at, self._head = at, head.encode("ascii")
        self._lines.write_soon(self._head + _encode(served)[1:])

    def _served(self, call: Call) -> _Served:
        operation, target, usage, first, principal = (
            call.operation,
            call.target,
            call.usage,
            call.first_byte_s,
            call.principal,
        )
        return _Served(
            call.id,
            None if principal is None else principal.id,
            call.service,
            None if operation is None else operation.scope or operation.label,
            call.model,
            None if target is None else target.model,
            None if target is None else target.provider.name,
            call.status,
            call.outcome,
            None if call.error is None else call.error.code,
            _ms(self._clock.monotonic() - call.started_s),
            None if first is None else _ms(first),
            None if usage is None else usage.input_total,
            None if usage is None else usage.output_total,
            call.usage_source,
            None if call.cost is None else show_usd(call.cost),
            call.bytes_in,
            call.bytes_out,
            len(call.dropped) or None,
            call.parent or call.asked_by or None,
            call.release or None,
        )


access_log: Callable[[Call], None] = AccessLog(SystemClock())
