"""What an answer is made of: a head, and steps one after the other.  All of it is known before the first is taken."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tollbridge_echo.refusals import Refusal
from tollbridge_echo.script import Script

Step = bytes | float
"""Bytes to be sent, or seconds to wait."""


@dataclass(frozen=True, slots=True)
class Plan:
    """An answer.  `length` is announced, None for a stream; `cut`: the connection breaks behind the last step."""

    status: int
    kind: str
    steps: Sequence[Step]
    length: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    cut: bool = False

    @property
    def body(self) -> bytes:
        """All that is sent, joined."""
        return b"".join(step for step in self.steps if isinstance(step, bytes))

    @property
    def waits_s(self) -> float:
        """How long it takes, in seconds."""
        return sum(step for step in self.steps if not isinstance(step, bytes))


def encoded(value: object) -> bytes:
    """Write JSON, always the same."""
    return json.dumps(value, separators=(",", ":")).encode("ascii")


def whole_plan(value: object, script: Script, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Plan:
    """Answer with one body; half of it, where it is to be cut."""
    body = encoded(value)
    cut = script.truncate_after is not None and status == 200
    sent = body[: len(body) // 2] if cut else body
    waits = (script.latency_ms / 1000,) if script.latency_ms else ()
    return Plan(status, "application/json", (*waits, sent), len(body), headers, cut)


def refusal_plan(refusal: Refusal, script: Script | None = None) -> Plan:
    """Answer with an error."""
    wait = refusal.retry_after_s
    headers = (("retry-after", str(wait)),) if wait is not None else ()
    return whole_plan(refusal.body(), script or Script(), refusal.status, headers)


def stream_plan(pieces: Sequence[Any], rest: Sequence[Any], script: Script, head: Sequence[Any] = ()) -> Plan:
    """Answer with a stream: `head`, the `pieces` that are counted and paced, the `rest`, and the end."""
    steps: list[Step] = [script.latency_ms / 1000] if script.latency_ms else []
    steps += [_event(piece) for piece in head]
    stops = [stop for stop in (script.truncate_after, script.error_after) if stop is not None]
    most = min([len(pieces), *stops])
    for place, piece in enumerate(pieces[:most]):
        if script.chunk_ms and place:
            steps.append(script.chunk_ms / 1000)
        steps.append(_event(piece))
    cut, failed = script.truncate_after, script.error_after
    if cut is not None and (failed is None or cut <= failed):
        return Plan(200, "text/event-stream", steps, cut=True)
    if failed is not None:
        error = Refusal("the script ends this answer with an error", status=500, code="scripted_error").body()
        return Plan(200, "text/event-stream", [*steps, _event(error)])
    return Plan(200, "text/event-stream", [*steps, *(_event(piece) for piece in rest), b"data: [DONE]\n\n"])


def _event(value: object) -> bytes:
    return b"data: %b\n\n" % encoded(value)
