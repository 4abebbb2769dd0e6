"""A token and all above it, read one after the other."""

from typing import Protocol

from tollbridge.tokens.model import Token

_MOST = 64
"""Tokens looked at; at most eight stand above one, and of a grant those above its client too."""


class Finding(Protocol):
    """What finds tokens."""

    async def get_token(self, token_id: str) -> Token | None: ...


async def lineage(store: Finding, token_id: str) -> tuple[Token, ...]:
    """Give a token, then all above it by who minted them and what is beside them, nearest first, each once.

    Empty where there is no such token.
    """
    found: dict[str, Token] = {}
    waiting = [token_id]
    while waiting and len(found) < _MOST:
        id = waiting.pop(0)
        token = None if not id or id in found else await store.get_token(id)
        if token is not None:
            found[id] = token
            waiting += [token.parent, token.beside]
    return tuple(found.values())
