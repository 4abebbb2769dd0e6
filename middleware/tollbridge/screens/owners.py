"""Whose tokens are: an owner that is a person's id is shown as that person."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from tollbridge.people.model import Person
from tollbridge.tokens.model import Token

if TYPE_CHECKING:
    from tollbridge.gateway import Gateway


async def owners(gateway: "Gateway", tokens: Iterable[Token]) -> Mapping[str, Person]:
    """Find the people who own some tokens, by their ids; any other owner is a text of somebody's own."""
    return await gateway.people.get_people({token.owner for token in tokens if token.owner})
