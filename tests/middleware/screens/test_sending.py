"""A form that makes something is taken once."""

from collections.abc import Callable

from tests.support.visiting import Visitor

from tollbridge.screens import Sending, new_key
from tollbridge.testing import GatewayUnderTest


async def sendings(mock: Callable[..., GatewayUnderTest], *keys: str) -> list[Sending]:
    visitor = Visitor(mock())
    await visitor.under.client()
    return [Sending(visitor.under.gateway, "per_1", key) for key in keys]


async def test_form_that_comes_again_says_what_it_made(mock: Callable[..., GatewayUnderTest]) -> None:
    key = new_key()
    first, again, other = await sendings(mock, key, key, new_key())

    assert await first.begin() is None
    assert await again.begin() == ""
    await first.finish("tok_1")
    assert await again.begin() == "tok_1"
    assert await other.begin() is None


async def test_form_that_made_nothing_may_come_again(mock: Callable[..., GatewayUnderTest]) -> None:
    key = new_key()
    first, again = await sendings(mock, key, key)
    await first.begin()

    await first.give_up()

    assert await again.begin() is None


async def test_form_without_a_key_of_ours_is_not_known(mock: Callable[..., GatewayUnderTest]) -> None:
    first, again = await sendings(mock, "odd", "odd")

    assert await first.begin() is None
    await first.finish("tok_1")
    await first.give_up()
    assert await again.begin() is None
