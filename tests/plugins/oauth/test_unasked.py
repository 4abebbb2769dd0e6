"""Who is not asked, and whose browser is nobody's address but their own."""

from collections.abc import Callable

from tests.support.programs import Program, program
from tests.support.visiting import Visitor

from tollbridge.testing import GatewayUnderTest
from tollbridge.tokens.conditions import Conditions

Makes = Callable[..., GatewayUnderTest]


async def test_whoever_could_lend_in_two_teams_says_in_which_even_to_a_trusted_client(server: Makes) -> None:
    visitor = Visitor(server())
    await visitor.sign_in_as(await visitor.person(blue="consumer", red="consumer"))
    trusted = await program(visitor, trusted=True)

    page = await trusted.send()

    assert page.status_code == 200
    assert 'value="blue"' in page.text
    assert 'value="red"' in page.text


async def test_where_a_client_may_be_used_from_binds_the_program_and_not_the_browser(visitor: Visitor) -> None:
    notes: Program = await program(visitor, conditions=Conditions(("10.0.0.0/8",)))

    page = await notes.send()
    refused = await notes.own()

    assert page.status_code == 200
    assert (refused.status_code, refused.json()["error"]) == (400, "unauthorized_client")
