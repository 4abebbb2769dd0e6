"""Who gets to the pages: whoever has a session that opens."""

from collections.abc import Callable

import pytest
from tests.support.visiting import PREFIX, Visitor

from tollbridge.browsing import SESSION
from tollbridge.testing import GatewayUnderTest

Mock = Callable[..., GatewayUnderTest]


async def test_whoever_opens_a_page_is_led_to_sign_in_and_a_program_is_refused(mock: Mock) -> None:
    visitor = Visitor(mock())

    opened = await visitor.get("/depots?q=a")
    refused = [
        await visitor.get("/depots", authorization="Bearer tb_x"),
        await visitor.get("/depots", **{"sec-fetch-dest": "empty"}),
        await visitor.post("/depots"),
    ]

    assert opened.headers["location"] == f"{PREFIX}/sign-in?next=%2F_tollbridge%2Fdepots%3Fq%3Da"
    assert [reply.status_code for reply in refused] == [401, 401, 401]


@pytest.mark.parametrize("plugins", [["dashboard", "portal", "signin"]])
async def test_nobody_goes_in_circles(mock: Mock, plugins: list[str]) -> None:
    visitor = Visitor(mock(plugins={"disabled": plugins}))

    assert (await visitor.get("/sign-in")).status_code == 404


async def test_session_of_somebody_who_is_gone_opens_nothing(mock: Mock) -> None:
    visitor = Visitor(mock())
    person = await visitor.person()
    await visitor.sign_in_as(person)
    assert (await visitor.get("/depots/plain")).status_code == 200

    await visitor.under.gateway.people.remove_person(person.id)

    assert visitor.cookies[SESSION]
    assert (await visitor.get("/depots/plain")).status_code == 303


async def test_store_that_is_away_lets_nobody_in(visit: Visitor) -> None:
    await visit.under.gateway.store.close()

    assert (await visit.get("/depots/plain")).status_code == 503
