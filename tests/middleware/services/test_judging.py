import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import pytest
from tests.support.answering import Answering, Answers

from tollbridge.errors import BadRequest
from tollbridge.services.judging import judged, problems_in
from tollbridge.services.kinds import Problem
from tollbridge.services.model import Access, Design, Named, Visibility

READY = Design(name="Weather", definition={"text": "rain", "models": ["small"]})


class Slow(Answering):
    """A kind that takes until somebody lets it go on."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.going = threading.Event(), threading.Event()

    def check(self, definition: Answers) -> Sequence[Problem]:
        self.begun.set()
        found = super().check(definition)
        return found if self.going.wait(10) else [*found, Problem("", "the event loop stood still")]


def no_problems(policies: Named) -> Sequence[tuple[str, str]]:
    return ()


class Handing(Answering):
    """A kind whose services hand calls on to the wrapped app."""

    def app_routes(self, definition: Any) -> Sequence[str]:
        return ["GET:/orders"]


@pytest.mark.parametrize("look", [problems_in, judged])
async def test_event_loop_goes_on_while_a_kind_looks_at_a_definition(look: Any) -> None:
    kind = Slow()
    looking = asyncio.create_task(look(kind, READY, no_problems))

    while not kind.begun.is_set():
        await asyncio.sleep(0)
    kind.going.set()

    found = await looking
    assert found.models == ("small",) if look is judged else not found


async def test_design_that_can_be_published_says_what_it_comes_to() -> None:
    plain, handing = await judged(Answering(), READY, no_problems), await judged(Handing(), READY, no_problems)

    assert (plain.definition.text, plain.models, plain.routes, plain.gated) == ("rain", ("small",), (), False)
    assert handing.routes == ("GET:/orders",)


@pytest.mark.parametrize(("access", "doubts"), [(Access.SCOPE, [("access", True)]), (Access.SUBSCRIPTION, [])])
async def test_that_a_service_of_its_team_alone_is_open_to_others_is_a_doubt(
    access: Access, doubts: list[tuple[str, bool]]
) -> None:
    design = Design(name="W", definition={"text": "x"}, visibility=Visibility.TEAM, access=access)

    found = await problems_in(Answering(), design, no_problems)

    assert [(one.field, one.warning) for one in found] == doubts


async def test_design_that_cannot_be_published_is_refused_with_its_problems_and_not_for_a_doubt() -> None:
    kind = Answering()
    doubtful = Design(name="W", definition={"text": "rain", "status": 500})

    assert [one.warning for one in await problems_in(kind, doubtful, no_problems)] == [True]
    assert (await judged(kind, doubtful, no_problems)).definition.status == 500
    with pytest.raises(BadRequest, match=r"name: give the service a name .*; text: say what is answered") as refused:
        await judged(kind, Design(), no_problems)
    assert (refused.value.status, refused.value.code, refused.value.param) == (422, "not_ready", "name")


async def test_of_many_problems_so_many_are_told() -> None:
    class Wrong(Answering):
        def check(self, definition: Answers) -> Sequence[Problem]:
            return [Problem(f"p{number}", "no") for number in range(21)]

    with pytest.raises(BadRequest) as refused:
        await judged(Wrong(), READY, no_problems)

    assert "p19: no" in refused.value.message
    assert "p20" not in refused.value.message
