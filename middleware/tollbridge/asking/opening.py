"""The link that stands for `context` where a model is asked from inside: what is asked, by a call that is made here."""

from typing import Any, ClassVar

from msgspec.structs import replace
from starlette.types import ASGIApp

from tollbridge.asking.canonical import ASK, DIALECT, envelope_of, write_question
from tollbridge.asking.model import Ask
from tollbridge.call import Call, Estimate, Headers
from tollbridge.clock import Clock
from tollbridge.errors import Denied, InternalError
from tollbridge.ids import new_id
from tollbridge.layers.context import MOST_OUTPUT, Routes
from tollbridge.layers.layer import Layer
from tollbridge.services.subscribing import Subscribed

DEEPEST = 8
"""Calls that may be made one for another: a policy that asks a model is asked of that call too."""
_MOST_NAMED = 20
_JSON = (b"content-type", b"application/json")
_STRICT = (b"prefer", b"handling=strict")


class AskedCall(Call, kw_only=True, eq=False):
    """A call that is made for another; `depth` is how many stand above it.

    `terms` are those of the subscription under which the first of them calls a service, if it does.
    """

    ask: Ask
    depth: int
    terms: Subscribed | None = None


class Opening(Layer):
    """Writes the question, and says which targets there are and what it can use at most.

    Refuses a model that the caller's plan does not let calls come to, by the name it is asked by.
    `assume_output` stands for the output limit, in tokens, where neither the question nor the model sets one.
    """

    name: ClassVar[str] = "opening"

    def __init__(self, app: ASGIApp, *, routes: Routes, assume_output: int, clock: Clock | None = None) -> None:
        super().__init__(app, clock=clock)
        self._routes = routes
        self._assume_output = assume_output

    def head(self, call: Call) -> None:
        if not isinstance(call, AskedCall):
            raise InternalError("a call that was not made here")
        if call.depth > DEEPEST:
            raise InternalError(
                f"models were asked one for another more than {DEEPEST} calls deep: something asks for itself",
                code="asked_too_deep",
            )
        ask = call.ask
        if call.terms is not None and not call.terms.lets(ask.model):
            raise _beyond(call.terms, ask.model)
        limit = ask.request.max_output if ask.max_output is None else ask.max_output
        request = replace(ask.request, model=ask.model, stream=call.stream or None, stream_usage=None, max_output=limit)
        call.body = write_question(request)
        call.bytes_in = len(call.body)
        call.envelope = envelope = envelope_of(request, call.body)
        call.targets = self._routes.resolve(ask.model)
        output = envelope.max_output
        if output is None:
            assumed = [target.assumed_output(self._assume_output) for target in call.targets]
            output = max(assumed, default=self._assume_output) * envelope.answers
        call.estimate = Estimate(envelope.input_bound, min(output, MOST_OUTPUT))


def open_asked(outer: Call, ask: Ask, clock: Clock, *, stream: bool) -> AskedCall:
    """Begin the record of a call that is made for `outer`, on the account of who made that."""
    headers = _headers(outer, ask)
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": ASK.method,
        "path": ASK.path,
        "raw_path": ASK.path.encode("ascii"),
        "root_path": "",
        "query_string": b"",
        "headers": headers,
        "client": (outer.client, 0) if outer.client else None,
        "state": {},
    }
    call = AskedCall(
        new_id("req", clock),
        clock.now(),
        clock.monotonic(),
        "http",
        ASK.method,
        ASK.path,
        headers,
        scope["raw_path"],
        client=outer.client,
        native=scope,
        parent=outer.id,
        operation=ASK,
        service=outer.service,
        release=outer.release,
        dialect=DIALECT,
        principal=outer.principal,
        public=outer.public,
        model=ask.model,
        stream=stream,
        ask=ask,
        depth=outer.depth + 1 if isinstance(outer, AskedCall) else 1,
        terms=_terms_of(outer),
    )
    scope["tollbridge"] = scope["state"]["tollbridge"] = call
    return call


def _terms_of(outer: Call) -> Subscribed | None:
    if isinstance(outer, AskedCall):
        return outer.terms
    return None if outer.entered is None else outer.entered.terms


def _beyond(terms: Subscribed, model: str) -> Denied:
    named = ", ".join(terms.models[:_MOST_NAMED]) + (", ..." if len(terms.models) > _MOST_NAMED else "")
    return Denied(
        f"the plan of this subscription lets calls come to the models {named} alone, and this one comes to {model!r}; "
        "ask for a plan that has it",
        code="model_not_in_plan",
    )


def _headers(outer: Call, ask: Ask) -> Headers:
    """Give the headers of a question: nothing of the outer call's goes on but how strictly it wants to be handled."""
    preferred = outer.header(b"prefer")
    if ask.strict:
        return [_JSON, _STRICT]
    return [_JSON] if preferred is None else [_JSON, (b"prefer", preferred)]
