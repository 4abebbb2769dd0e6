"""The call that is made for another."""

from typing import ClassVar

import pytest
from starlette.types import Receive, Scope, Send
from tests.middleware.asking.conftest import to

from tollbridge.asking.canonical import ASK, DIALECT
from tollbridge.asking.model import Ask
from tollbridge.asking.opening import Opening, open_asked
from tollbridge.call import Call, open_call
from tollbridge.errors import BadRequest, Denied, InternalError
from tollbridge.formats import Request
from tollbridge.formats.dialect import Operation
from tollbridge.layers.context import MOST_OUTPUT
from tollbridge.providers import Provider, Target
from tollbridge.services.entrance import Entered
from tollbridge.services.subscribing import Subscribed
from tollbridge.testing import FixedClock
from tollbridge.tokens.model import Principal
from tollbridge.tokens.scopes import ScopeSet


async def nothing(scope: Scope, receive: Receive, send: Send) -> None: ...


def target(name: str, **limits: int) -> Target:
    return Target(
        Provider(name="p", base_url="https://p.example"), name, {"openai-chat": "https://p.example"}, **limits
    )


class Routes:
    """Two targets behind every name, of which one writes less."""

    hosts: ClassVar[dict[str, Provider]] = {}

    def resolve(self, model: str) -> tuple[Target, ...]:
        return () if model == "nothing" else (target("a", max_output=50), target("b", max_output=900))

    def keeping_files(self) -> tuple[Target, ...]:
        return ()


def outer(**more: object) -> Call:
    scope = {"type": "http", "path": "/x", "headers": [(b"prefer", b"handling=lenient"), (b"cookie", b"c")]}
    call = open_call(scope | {"client": ("192.0.2.7", 1)}, FixedClock())
    call.service, call.principal = "summaries", Principal(id="tok_1", name="t", scopes=ScopeSet(()))
    call.operation = Operation("service:summaries:call", "service", ai=False)
    for name, value in more.items():
        setattr(call, name, value)
    return call


def opened(ask: Ask, *, stream: bool = False) -> Call:
    call = open_asked(outer(), ask, FixedClock(), stream=stream)
    Opening(nothing, routes=Routes(), assume_output=4_096).head(call)
    return call


def test_inner_call_has_its_own_id_and_the_outer_ones_account() -> None:
    above = outer(public=True, release="rel_1")

    call = open_asked(above, to(), FixedClock(), stream=True)

    assert call.id != above.id == call.parent
    assert (call.principal, call.service, call.client, call.public) == (above.principal, "summaries", "192.0.2.7", True)
    assert call.release == "rel_1"
    assert (call.operation, call.dialect, call.model, call.stream, call.depth) == (ASK, DIALECT, "one", True, 1)
    assert call.headers == [(b"content-type", b"application/json"), (b"prefer", b"handling=lenient")]
    assert call.native["tollbridge"] is call.native["state"]["tollbridge"] is call
    assert (call.native["path"], call.native["client"]) == (call.path, ("192.0.2.7", 0))


def test_strict_question_says_so_whatever_the_outer_call_prefers() -> None:
    call = open_asked(outer(headers=[]), to(strict=True), FixedClock(), stream=False)
    other = open_asked(outer(), to(strict=True), FixedClock(), stream=False)

    assert call.header(b"prefer") == other.header(b"prefer") == b"handling=strict"
    assert open_asked(outer(headers=[], client=""), to(), FixedClock(), stream=False).native["client"] is None


def test_question_says_what_it_can_use_at_most() -> None:
    limited, free = opened(to(limit=7, answers=2)), opened(to(answers=2))

    assert limited.estimate is not None
    assert free.estimate is not None
    assert (limited.estimate.input, limited.estimate.output) == (len(limited.body or b""), 14)
    assert free.estimate.output == 2 * 900  # the more that one of the targets may write
    assert opened(to("nothing")).estimate.output == 4_096
    assert opened(to(limit=10**12)).estimate.output == MOST_OUTPUT
    assert limited.bytes_in == len(limited.body or b"")
    assert [each.model for each in free.targets] == ["a", "b"]


@pytest.mark.parametrize("stream", [True, False])
def test_request_says_whether_it_streams_only_by_how_it_is_asked(stream) -> None:
    request = Request(origin="x", model="other", messages=(), stream=not stream, stream_usage=True)

    call = opened(Ask(model="one", request=request), stream=stream)

    said = b'{"origin":"x","model":"one","messages":[]'
    assert call.body == said + (b',"stream":true}' if stream else b"}")
    assert call.envelope.stream is stream


def test_question_that_cannot_be_asked_is_refused() -> None:
    with pytest.raises(BadRequest, match="max_output"):
        opened(to(limit=0))


def subscribed(*models: str) -> Call:
    return outer(entered=Entered(terms=Subscribed("sub_1", models=models)))


@pytest.mark.parametrize(
    ("models", "lets"),
    [((), True), (("one",), True), (("o*",), True), (("*/one", "two"), False), (("One",), False), (("*",), True)],
)
def test_plan_says_to_which_models_calls_of_a_service_come(models: tuple[str, ...], lets: bool) -> None:
    opening, call = Opening(nothing, routes=Routes(), assume_output=1), subscribed(*models)
    inner = open_asked(call, to(), FixedClock(), stream=False)

    if lets:
        opening.head(inner)
        return
    with pytest.raises(Denied) as refused:
        opening.head(inner)
    assert refused.value.code == "model_not_in_plan"
    assert f"the models {', '.join(models)} alone, and this one comes to 'one'" in refused.value.message
    assert inner.targets == ()


def test_plan_holds_what_is_asked_for_a_question_too_and_none_holds_who_needs_no_subscription() -> None:
    opening = Opening(nothing, routes=Routes(), assume_output=1)
    asked = open_asked(subscribed("one"), to(), FixedClock(), stream=False)
    opening.head(asked)

    with pytest.raises(Denied):
        opening.head(open_asked(asked, to("two"), FixedClock(), stream=False))
    opening.head(open_asked(outer(entered=Entered()), to("two"), FixedClock(), stream=False))


def test_refusal_names_so_many_models_of_a_plan_and_no_more() -> None:
    call = subscribed(*(f"m{number}" for number in range(21)))

    with pytest.raises(Denied, match=r"m18, m19, \.\.\. alone"):
        Opening(nothing, routes=Routes(), assume_output=1).head(open_asked(call, to(), FixedClock(), stream=False))


def test_call_that_was_not_made_here_is_a_fault() -> None:
    with pytest.raises(InternalError, match="not made here"):
        Opening(nothing, routes=Routes(), assume_output=1).head(outer())


def test_calls_are_made_one_for_another_only_so_deep() -> None:
    call: Call = outer()
    opening = Opening(nothing, routes=Routes(), assume_output=1)
    for _ in range(8):
        call = open_asked(call, to(), FixedClock(), stream=False)
        opening.head(call)

    with pytest.raises(InternalError, match="something asks for itself"):
        opening.head(open_asked(call, to(), FixedClock(), stream=False))
