"""The eighth link: the caller's dialect and the provider's.

Where both are the same, bytes pass untouched: the model's name changes, usage is asked for in streams and read as it
passes.
"""

from typing import ClassVar

from starlette.types import ASGIApp

from tollbridge.call import Call, Outcome, ResponseHead
from tollbridge.clock import Clock
from tollbridge.errors import Untranslatable, UpstreamError, UpstreamTruncated
from tollbridge.formats.dialect import CostLine
from tollbridge.layers.context import offered
from tollbridge.layers.layer import Layer
from tollbridge.layers.refusal import refusal_event
from tollbridge.metering.usage import Usage, UsageSource
from tollbridge.money import show_usd
from tollbridge.providers import Target


class Translate(Layer):
    """Picks the targets that speak the call's dialect and reads their answers.

    `cost_in_stream` writes `usage.cost` (US dollars) beside the usage of a stream. `cap_output` sends the assumed
    output limit upstream where the caller set none, so that a reservation is a true upper bound.
    """

    name: ClassVar[str] = "translate"
    needs: ClassVar[tuple[str, ...]] = ("context",)

    def __init__(
        self, app: ASGIApp, *, cost_in_stream: bool = False, cap_output: bool = False, clock: Clock | None = None
    ) -> None:
        super().__init__(app, clock=clock)
        self._cost_in_stream = cost_in_stream
        self._cap_output = cap_output

    def body(self, call: Call) -> None:
        if call.envelope is None or call.dialect is None:
            return
        base = call.dialect.base
        speaking = tuple(target for target in offered(call) if base in target.base_urls)
        if not speaking:
            raise Untranslatable(
                f"the model {call.model!r} is served by a provider that does not speak {call.dialect.name}; "
                "call it in a dialect it speaks",
                param="model",
            )
        call.targets = speaking
        call.cap_output = self._cap_output

    def response_head(self, call: Call, head: ResponseHead) -> None:
        target = call.target
        if target is None or call.dialect is None or call.envelope is None:
            return
        head.headers += (
            (b"x-tollbridge-model", target.model.encode("latin-1", "replace")),
            (b"x-tollbridge-provider", target.provider.name.encode("ascii")),
        )
        streamed = (head.get(b"content-type") or b"").startswith(b"text/event-stream")
        if head.status == 200:
            call.reader = call.dialect.answer_reader(call.envelope, streamed=streamed, cost=self._cost_line(call))
        call.streamed = streamed

    def _cost_line(self, call: Call) -> CostLine | None:
        price = call.price
        if not self._cost_in_stream or price is None:
            return None

        def line(usage: Usage) -> str | None:
            return show_usd(price.cost(usage))

        return line

    def feed(self, call: Call, chunk: bytes) -> list[bytes]:
        reader = call.reader
        if reader is None:
            return [chunk] if chunk else []
        pieces = reader.feed(chunk)
        if reader.usage is not None:
            call.usage, call.usage_source = reader.usage, UsageSource.PROVIDER
        if chunk:
            return pieces
        if not reader.finished:
            call.truncated = True
            if not call.streamed:
                raise UpstreamError("the provider sent an empty answer")
            if not reader.failed:
                broken = UpstreamTruncated("the provider's answer ended before it was complete")
                call.error = broken
                pieces.append(refusal_event(call, broken))
        return pieces

    def wind_up(self, call: Call, outcome: Outcome) -> None:
        if call.truncated and call.error is None:
            call.error = UpstreamError("the provider ended its answer with an error")


def write_upstream(call: Call, target: Target) -> bytes:
    """Write the request body for one target."""
    if call.dialect is None or call.envelope is None or call.body is None:
        raise UpstreamError("there is nothing to send")
    limit = None
    if call.cap_output and call.envelope.max_output is None and call.estimate is not None:
        limit = call.estimate.output // call.envelope.answers
    return call.dialect.readdress(
        call.body, call.envelope, model=target.model, max_output=limit, quirks=target.provider.quirks
    )
