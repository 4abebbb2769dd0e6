"""What the model behind a route is asked."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import asdict, replace
from tests.plugins.routes.model.conftest import define

from tollbridge import BadRequest
from tollbridge.formats import Message, Request, Role, Text, Thinking, Tool
from tollbridge_routes.model.shaping import asked_for

USER = Message(role=Role.USER, parts=(Text(text="hi"),))
TOOL = Tool(name="look")


def asked(*messages: Message, **members: Any) -> Request:
    return Request(origin="openai-chat", model="api/fast", messages=messages or (USER,), **members)


def words(request: Request) -> list[tuple[str, str]]:
    return [
        (one.role.value, "|".join(part.text for part in one.parts if isinstance(part, Text)))
        for one in request.messages
    ]


def test_all_but_the_model_goes_along_as_it_came() -> None:
    request = asked(tools=(TOOL,), temperature=Decimal("0.5"), extras={"a": 1}, spelling=("max_tokens",), store=True)

    assert asked_for(define(), request) == replace(request, model="small")


def test_defaults_hold_where_a_caller_says_nothing_and_what_is_fixed_always() -> None:
    definition = define(
        defaults={"temperature": 0.25, "top_p": 1, "stop": ["X"], "thinking": {"effort": "low"}},
        fixed={"seed": 7, "max_output": 30},
    )

    silent = asked_for(definition, asked())
    loud = asked_for(definition, asked(temperature=1, seed=1, max_output=99, thinking=Thinking(enabled=False)))

    assert (silent.temperature, silent.top_p, silent.stop, silent.seed) == (Decimal("0.25"), 1, ("X",), 7)
    assert silent.thinking == Thinking(effort="low")
    assert (loud.temperature, loud.seed, loud.max_output, loud.thinking) == (1, 7, 30, Thinking(enabled=False))


def test_null_of_a_caller_does_not_come_beside_what_is_said_here() -> None:
    request = asked_for(define(fixed={"temperature": 0}), asked(extras={"temperature": None, "service": "x"}))

    assert request.extras == {"service": "x"}


@pytest.mark.parametrize(("given_", "sent"), [(None, 50), (80, 50), (20, 20)])
def test_answer_is_no_longer_than_it_may_be(given_: int | None, sent: int) -> None:
    assert asked_for(define(most={"output": 50}), asked(max_output=given_)).max_output == sent


@pytest.mark.parametrize(
    ("given_", "sent"),
    [
        (None, None),
        (Thinking(effort="high"), Thinking(effort="high")),
        (Thinking(budget=-1), Thinking(budget=100)),
        (Thinking(budget=500), Thinking(budget=100)),
        (Thinking(budget=60, shown=True), Thinking(budget=60, shown=True)),
    ],
)
def test_thought_is_no_longer_than_it_may_be(given_: Thinking | None, sent: Thinking | None) -> None:
    assert asked_for(define(most={"thinking": 100}), asked(thinking=given_)).thinking == sent


@pytest.mark.parametrize(
    ("most", "members", "message"),
    [
        ({"answers": 2}, {"answers": 3}, "at most 2 answers to a call, not 3"),
        ({"tools": 0}, {"tools": (TOOL,)}, "this model takes no tools; 1 were sent"),
        ({"tools": 1}, {"tools": (TOOL, TOOL)}, "this model takes at most 1 tools; 2 were sent"),
    ],
)
def test_more_answers_or_tools_than_there_may_be_are_refused(most: Any, members: dict[str, Any], message: str) -> None:
    with pytest.raises(BadRequest) as caught:
        asked_for(define(most=most), asked(**members))

    assert message in caught.value.message
    assert caught.value.param == next(iter(members))
    assert asked_for(define(most=most), asked()).model == "small"


def test_words_of_the_route_come_before_those_of_the_caller() -> None:
    definition = define(system="Be brief.")
    system = Message(role=Role.SYSTEM, parts=(Text(text="Be kind."),))
    apart = replace(system, apart=True)
    two = replace(apart, parts=(Text(text="a"), Text(text="b")))

    assert words(asked_for(definition, asked())) == [("system", "Be brief."), ("user", "hi")]
    assert words(asked_for(definition, asked(system, USER)))[:2] == [("system", "Be brief."), ("system", "Be kind.")]
    assert words(asked_for(definition, asked(replace(system, role=Role.DEVELOPER), USER)))[0] == (
        "developer",
        "Be brief.",
    )
    assert words(asked_for(definition, asked(apart, USER))) == [("system", "Be brief.\n\nBe kind."), ("user", "hi")]
    assert words(asked_for(definition, asked(USER, two)))[1] == ("system", "Be brief.|a|b")


@given(
    st.fixed_dictionaries({}, optional={"output": st.integers(1, 99), "thinking": st.integers(1, 99)}),
    st.fixed_dictionaries({}, optional={"max_output": st.integers(1, 99), "temperature": st.integers(0, 2)}),
    st.fixed_dictionaries({}, optional={"max_output": st.integers(1, 99), "temperature": st.integers(0, 2)}),
    st.one_of(st.none(), st.integers(1, 200)),
    st.one_of(st.none(), st.integers(-1, 200)),
)
def test_bounds_hold_whatever_is_said(most: Any, defaults: Any, fixed: Any, output: Any, budget: Any) -> None:
    definition = define(most=most, defaults=defaults, fixed=fixed)

    request = asked_for(definition, asked(max_output=output, thinking=Thinking(budget=budget)))

    bounds = asdict(definition.most)
    assert bounds["output"] is None or (request.max_output is not None and request.max_output <= bounds["output"])
    assert request.thinking is not None
    assert bounds["thinking"] is None or budget is None or 0 <= (request.thinking.budget or 0) <= bounds["thinking"]
    assert "temperature" not in fixed or request.temperature == fixed["temperature"]
