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


_encode = msgspec.json.Encoder().encode


class AccessLog:
    """Writes the line of a call, event `request_served`.

    Where this process writes its own JSON lines (`logs.configure`) the line is written straight to them: the only texts
    in it that a caller can choose are cleaned one by one. Everywhere else it goes through structlog.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._stamp = Stamp(clock)
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
            served.target_model = clean(served.target_model)
        if served.operation is not None:
            served.operation = clean(served.operation)
        head = f'{{"timestamp":"{self._stamp.now()}","level":"info","logger":"{LOGGER}","event":"{EVENT}",'
        self._lines.write_soon(head.encode("ascii") + _encode(served)[1:])

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
            round((self._clock.monotonic() - call.started_s) * 1000, 1),
            None if first is None else round(first * 1000, 1),
            None if usage is None else usage.input_total,
            None if usage is None else usage.output_total,
            call.usage_source,
            None if call.cost is None else show_usd(call.cost),
            call.bytes_in,
            call.bytes_out,
        )


access_log: Callable[[Call], None] = AccessLog(SystemClock())
